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
)

const (
	// runTimeout bounds how long a shutdown waits for the pages in hand.
	runTimeout = 12 * time.Second
	// readyRetry is the pause between two tries at a database that does not answer.
	readyRetry = time.Second
)

// untilReady repeats an attempt while the database is away, until ctx ends.
func untilReady(ctx context.Context, log *slog.Logger, attempt func() error) error {
	for {
		err := attempt()
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, market.ErrUnavailable) {
			return err
		}
		log.Warn("waiting for the database", "error", err)
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
	sources map[string]source.Source
	log     *slog.Logger
}

func newJobs(store *postgres.Store, all []source.Source, log *slog.Logger) *jobs {
	j := &jobs{
		runner:  &ingest.Runner{Store: store, Log: log, Beat: postgres.Beat},
		sources: make(map[string]source.Source, len(all)), log: log,
	}
	for _, s := range all {
		j.sources[s.Name()] = s
	}
	return j
}

// run runs a source for a slot. At startup it waits for a run that a dead process has left behind
// to be given up; later the next slot will do.
func (j *jobs) run(ctx context.Context, name string, slot time.Time, startup bool) {
	req := ingest.Request{Trigger: market.TriggerSchedule, ScheduledAt: &slot}
	if startup {
		req.Trigger = market.TriggerStartup
	}
	_, err := j.runner.Run(ctx, j.sources[name], req)
	for deadline := time.Now().Add(4 * postgres.Beat); startup && errors.Is(err, market.ErrRunning) && time.Now().Before(deadline); {
		if !pause(ctx, postgres.Beat/5) {
			return
		}
		_, err = j.runner.Run(ctx, j.sources[name], req)
	}
	switch {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, market.ErrSlotTaken), errors.Is(err, market.ErrRunning):
		j.log.Info("slot left to another run", "source", name, "slot", slot, "reason", err)
	default:
		j.log.Error("run failed", "source", name, "slot", slot, "error", err)
	}
}
