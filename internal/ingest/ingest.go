// Package ingest brings a source up to date: it extracts page by page, judges each page and commits
// it together with the cursor behind it.
package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// Store is what ingestion needs of a database; package postgres is one.
type Store interface {
	// StartRun opens a run, or returns market.ErrSlotTaken or market.ErrRunning.
	StartRun(ctx context.Context, r market.RunRequest) (market.Run, error)
	// Heartbeat tells that the run lives, or returns market.ErrFenced.
	Heartbeat(ctx context.Context, runID int64) error
	// Baseline returns what is known of the source, for a run of the stream to be judged by.
	Baseline(ctx context.Context, source, stream string) (market.Baseline, error)
	// CommitBatch stores a page whole or not at all and returns what it added to the counters. An
	// error that wraps market.ErrConflict says that nothing was stored.
	CommitBatch(ctx context.Context, runID int64, b market.Batch) (market.Counters, error)
	// RunsByID returns the runs as they stand; those that do not exist are left out.
	RunsByID(ctx context.Context, ids []int64) ([]market.Run, error)
	// FinishRun closes the run and returns it as it ended.
	FinishRun(ctx context.Context, runID int64, end market.RunEnd) (market.Run, error)
}

// Runner runs sources.
type Runner struct {
	Store Store
	Log   *slog.Logger
	Beat  time.Duration // between two heartbeats; every second one is told to the log as well
	// OnStart, where set, is told of the run as soon as it is open.
	OnStart func(market.Run)
	// OnPage, where set, is told after each page how far the run has come.
	OnPage func(source string, p Progress)
	Hooks
}

// Hooks are told what goes on, where they are set.
type Hooks struct {
	// Part is told of a run, and of each page and each commit of it, as it begins, by the words "run", "page" and "commit". It returns the
	// context to go on in, and what is to be told of the end, with what went wrong.
	Part func(ctx context.Context, part string, run market.Run) (context.Context, func(error))
	// OnCommit is told what each page has added to the counters of its run.
	OnCommit func(run market.Run, added market.Counters)
	// OnEnd is told how a run has ended.
	OnEnd func(run market.Run, end market.RunEnd)
}

// part tells the hook of it.
func (h Hooks) part(ctx context.Context, part string, run market.Run) (context.Context, func(error)) {
	if h.Part == nil {
		return ctx, func(error) {}
	}
	return h.Part(ctx, part, run)
}

// Request says why a source is run, and along what.
type Request struct {
	Stream      string // see market.Run.Stream
	Trigger     market.Trigger
	ScheduledAt *time.Time // the slot; nil for a run started by hand
}

// Run runs the source once and returns the run as it ended. A run that failed is no error: its
// Status and Error say so. An error means that there is no run to speak of: it could not be
// opened (market.ErrSlotTaken, market.ErrRunning, market.ErrUnavailable) or was closed by someone
// else (market.ErrFenced). When ctx ends, the page in hand is finished and the run is interrupted.
func (r *Runner) Run(ctx context.Context, src source.Source, req Request) (_ market.Run, err error) {
	run, err := r.open(ctx, market.RunRequest{
		Source: src.Name(), Kind: src.Kind(), Stream: req.Stream, Trigger: req.Trigger, ScheduledAt: req.ScheduledAt,
	})
	if err != nil {
		return market.Run{}, err
	}
	if r.OnStart != nil {
		r.OnStart(run)
	}
	ctx, done := r.part(market.WithRunID(ctx, run.ID), "run", run)
	var cause error // of a run that ended badly, which is no error of ours
	defer func() { done(cmp.Or(err, cause)) }()
	r.Log.DebugContext(ctx, "run started", "run_id", market.GlobalID(market.IDRun, run.ID), "source", run.Source, "cursor", string(run.CursorBefore))
	a := &attempt{Runner: r, src: src, run: run, watch: newWatch(src.Kind(), run)}
	extractCtx, stop := a.beat(ctx)
	defer stop() // also where the source panics: its run is then given up
	cause = a.pages(extractCtx)
	if errors.Is(cause, market.ErrFenced) || errors.Is(context.Cause(extractCtx), market.ErrFenced) {
		return run, fmt.Errorf("run %d of %s: %w", run.ID, run.Source, market.ErrFenced)
	}
	end := a.ending(ctx, cause)
	a.watch.warn(ctx, r.Log, end)
	ended, err := a.finish(ctx, end)
	if err != nil {
		run.Counters = a.done // as far as it came
		return run, err
	}
	if r.OnEnd != nil {
		r.OnEnd(ended, end)
	}
	r.logEnd(ctx, ended)
	return ended, nil
}

// open opens the run. A database that is away is left to the caller, who may have something better to do.
func (r *Runner) open(ctx context.Context, req market.RunRequest) (market.Run, error) {
	for try := 1; ; try++ {
		run, err := r.Store.StartRun(ctx, req)
		if !errors.Is(err, market.ErrConflict) || try == commitTries || !rest(ctx) {
			return run, err
		}
	}
}

// attempt is one run on its way.
type attempt struct {
	*Runner

	src        source.Source
	run        market.Run // as it was opened
	watch      *watch
	done       market.Counters // by the pages that are stored
	unstored   market.Effort   // of a page that is not
	incomplete []string
}

// pages extracts and commits until the source has no more, an error, or the end of ctx.
func (a *attempt) pages(ctx context.Context) error {
	known, err := a.baseline(ctx)
	if err != nil {
		return err
	}
	a.watch.known = known
	pageCtx, done := a.part(ctx, "page", a.run) // of the last there is no end, for there is no page
	for page, err := range a.src.Extract(ctx, a.run.CursorAfter) {
		if err != nil {
			done(err)
			return err
		}
		batch := Normalise(a.run.Source, page)
		batch.Stream = a.run.Stream
		a.watch.page(page, batch)
		err := a.store(pageCtx, batch)
		done(err)
		if err != nil {
			a.unstored = batch.Effort
			a.unstored.Wasted += batch.BytesFetched
			return err
		}
		if page.Incomplete != "" {
			a.incomplete = append(a.incomplete, page.Incomplete)
		}
		so := a.watch.advance(a.done, page.Share)
		if a.OnPage != nil {
			a.OnPage(a.run.Source, so)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pageCtx, done = a.part(ctx, "page", a.run)
	}
	return nil
}

// store commits a page, unless so much of it is rejected that reading on would be wrong.
func (a *attempt) store(ctx context.Context, b market.Batch) error {
	if err := tooManyRejected(b); err != nil && a.run.Stream != market.StreamQuarantine {
		return err
	}
	return a.commit(ctx, b)
}

// baseline reads what the run will be judged by, as soon as the database lets it.
func (a *attempt) baseline(ctx context.Context) (b market.Baseline, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = insist(ctx, func() error {
		b, err = a.Store.Baseline(ctx, a.run.Source, a.run.Stream)
		return err
	})
	return b, err
}
