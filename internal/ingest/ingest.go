// Package ingest brings a source up to date: it extracts page by page, judges each page and commits
// it together with the cursor behind it.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
	// CommitBatch stores a page whole or not at all and returns what it added to the counters.
	CommitBatch(ctx context.Context, runID int64, b market.Batch) (market.Counters, error)
	// RunsByID returns the runs as they stand; those that do not exist are left out.
	RunsByID(ctx context.Context, ids []int64) ([]market.Run, error)
	// FinishRun closes the run and returns it as it ended.
	FinishRun(ctx context.Context, runID int64, end market.RunEnd) (market.Run, error)
}

const (
	// commitTimeout bounds a page's transaction, also when the service is asked to stop: the page
	// in hand is finished.
	commitTimeout = 10 * time.Second
	// finishTimeout bounds the closing of a run.
	finishTimeout = 3 * time.Second
)

// Runner runs sources.
type Runner struct {
	Store Store
	Log   *slog.Logger
	Beat  time.Duration // between two heartbeats
	// OnPage, where set, is told after each page what the run has done so far.
	OnPage func(source string, so market.Counters)
}

// Request says why a source is run.
type Request struct {
	Trigger     market.Trigger
	ScheduledAt *time.Time // the slot; nil for a run started by hand
}

// Run runs the source once and returns the run as it ended. A run that failed is no error: its
// Status and Error say so. An error means that there is no run to speak of: it could not be
// opened (market.ErrSlotTaken, market.ErrRunning, market.ErrUnavailable) or was closed by someone
// else (market.ErrFenced). When ctx ends, the page in hand is finished and the run is interrupted.
func (r *Runner) Run(ctx context.Context, src source.Source, req Request) (market.Run, error) {
	run, err := r.Store.StartRun(ctx, market.RunRequest{
		Source: src.Name(), Kind: src.Kind(), Trigger: req.Trigger, ScheduledAt: req.ScheduledAt,
	})
	if err != nil {
		return market.Run{}, err
	}
	r.Log.Debug("run started", "run", market.GlobalID(market.IDRun, run.ID), "source", run.Source, "cursor", string(run.CursorBefore))
	extractCtx, stop := r.beat(ctx, run.ID)
	done, incomplete, err := r.pages(extractCtx, src, run)
	stop()
	if errors.Is(err, market.ErrFenced) || errors.Is(context.Cause(extractCtx), market.ErrFenced) {
		return run, fmt.Errorf("run %d of %s: %w", run.ID, run.Source, market.ErrFenced)
	}
	end := ending(ctx, done, incomplete, err)
	finishCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	ended, err := r.Store.FinishRun(finishCtx, run.ID, end)
	if err != nil {
		return run, err
	}
	r.logEnd(ended)
	return ended, nil
}

// beat keeps the run alive until stop is called. The context that it returns ends when the run is
// closed by someone else: then nothing more can be committed.
func (r *Runner) beat(ctx context.Context, runID int64) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(r.Beat)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := r.Store.Heartbeat(ctx, runID); errors.Is(err, market.ErrFenced) {
				cancel(market.ErrFenced)
			} else if err != nil && ctx.Err() == nil {
				r.Log.Warn("heartbeat failed", "run", market.GlobalID(market.IDRun, runID), "error", err)
			}
		}
	}()
	return ctx, func() { cancel(nil); <-finished }
}

// pages extracts and commits until the source has no more, an error, or the end of ctx.
func (r *Runner) pages(ctx context.Context, src source.Source, run market.Run) (done market.Counters, incomplete []string, err error) {
	for page, err := range src.Extract(ctx, run.CursorAfter) {
		if err != nil {
			return done, incomplete, err
		}
		batch := Normalise(run.Source, page)
		if err := tooManyRejected(batch); err != nil {
			return done, incomplete, err
		}
		if done, err = r.commit(ctx, run.ID, done, batch); err != nil {
			return done, incomplete, err
		}
		if page.Incomplete != "" {
			incomplete = append(incomplete, page.Incomplete)
		}
		if r.OnPage != nil {
			r.OnPage(run.Source, done)
		}
		if ctx.Err() != nil {
			return done, incomplete, ctx.Err()
		}
	}
	return done, incomplete, nil
}

// ending judges how a run ended.
func ending(ctx context.Context, done market.Counters, incomplete []string, err error) market.RunEnd {
	end := market.RunEnd{Status: market.RunSucceeded}
	switch {
	case err != nil && ctx.Err() != nil:
		end.Status = market.RunInterrupted
	case err != nil && done.Pages > 0:
		end.Status, end.Error = market.RunPartial, oneLine(err)
	case err != nil:
		end.Status, end.Error = market.RunFailed, oneLine(err)
	case len(incomplete) > 0:
		end.Status, end.Error = market.RunPartial, strings.Join(incomplete, "; ")
	}
	var counted interface{ Retries() int64 }
	if errors.As(err, &counted) {
		end.Retries = counted.Retries()
	}
	return end
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func (r *Runner) logEnd(run market.Run) {
	level := slog.LevelInfo
	if run.Error != "" {
		level = slog.LevelError
	}
	attrs := []any{
		"run", market.GlobalID(market.IDRun, run.ID), "source", run.Source, "status", strings.ToLower(string(run.Status)),
		"trigger", strings.ToLower(string(run.Trigger)), "extracted", run.Extracted, "inserted", run.Inserted,
		"updated", run.Updated, "unchanged", run.Unchanged, "rejected", run.Rejected, "retries", run.Retries,
		"bytes_fetched", run.BytesFetched, "duration_ms", run.Duration(time.Now()).Milliseconds(),
	}
	if run.Error != "" {
		attrs = append(attrs, "error", run.Error)
	}
	r.Log.Log(context.Background(), level, "run ended", attrs...)
}
