package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/telemetry"
)

const (
	// runTimeout bounds how long a shutdown waits for the pages in hand.
	runTimeout = 11 * time.Second
	// readyRetry is the pause between two tries at a database that does not answer.
	readyRetry = time.Second
	// tellEvery is the time between two lines of the log about the same wait.
	tellEvery = 10 * time.Second
)

// untilReady repeats an attempt while the database is away, until ctx ends, and tells the log of it
// now and then.
func untilReady(ctx context.Context, log *slog.Logger, attempt func() error) error {
	for told := (time.Time{}); ; {
		err := attempt()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, market.ErrUnavailable) {
			return err
		}
		if time.Since(told) >= tellEvery {
			log.Warn("waiting for the database", "error", err)
			told = time.Now()
		}
		if !pause(ctx, readyRetry) {
			return nil
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// jobs runs sources when the schedule says so.
type jobs struct {
	runner  *ingest.Runner
	reader  market.Reader
	sources map[string]source.Source
	watch   *telemetry.Telemetry
	log     *slog.Logger
}

func newJobs(store *postgres.Store, all []source.Source, t *telemetry.Telemetry, log *slog.Logger) *jobs {
	j := &jobs{
		runner: &ingest.Runner{Store: asStore(store), Log: log, Beat: postgres.Beat, Hooks: hooks(t)}, reader: store,
		sources: make(map[string]source.Source, len(all)), watch: t, log: log,
	}
	for _, s := range all {
		j.sources[s.Name()] = s
	}
	return j
}

// run runs a source for a slot. While the database is away the slot waits: the next one may be a day
// off, and those that come meanwhile are one with it.
func (j *jobs) run(ctx context.Context, name string, slot time.Time, startup bool) {
	ctx, done := j.watch.Slot(ctx, name, slot)
	var err error // of the last attempt, which untilReady forgets at the end of ctx
	_ = untilReady(ctx, j.log.With("source", name, "slot", slot), func() error {
		if startup {
			err = j.start(ctx, j.sources[name], slot)
		} else {
			_, err = j.runner.Run(ctx, j.sources[name], ingest.Request{Trigger: market.TriggerSchedule, ScheduledAt: &slot})
		}
		return err
	})
	switch {
	case err == nil:
		done(telemetry.SlotTaken, nil)
	case errors.Is(err, market.ErrSlotTaken), errors.Is(err, market.ErrRunning):
		j.log.InfoContext(ctx, "slot left to another run", "source", name, "slot", slot, "reason", err)
		done(telemetry.SlotLeft, nil)
	case ctx.Err() != nil:
		done(telemetry.SlotMissed, nil)
	default:
		j.log.ErrorContext(ctx, "run failed", "source", name, "slot", slot, "error", err)
		done(telemetry.SlotFailed, err)
	}
}

// start runs a source at startup. A run that a dead process has left open is waited for until it
// is given up, and one that did not get to its end is made good for without a slot, since its slot
// is spent: what comes after it may be a day away. A run that came to an end will do.
func (j *jobs) start(ctx context.Context, src source.Source, slot time.Time) error {
	req := ingest.Request{Trigger: market.TriggerStartup, ScheduledAt: &slot}
	for deadline := time.Now().Add(5 * postgres.Beat); ; {
		_, err := j.runner.Run(ctx, src, req)
		taken := errors.Is(err, market.ErrRunning) || errors.Is(err, market.ErrSlotTaken)
		if !taken || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		last, lastErr := j.reader.Runs(ctx, market.RunFilter{Sources: []string{src.Name()}}, market.Window[int64]{Size: 1})
		if lastErr != nil || len(last.Items) == 0 {
			return errors.Join(err, lastErr)
		}
		switch last.Items[0].Status {
		case market.RunAbandoned, market.RunInterrupted:
			req.ScheduledAt = nil
		case market.RunRunning:
			pause(ctx, postgres.Beat/5)
		default:
			return err
		}
	}
}
