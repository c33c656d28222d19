package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/telemetry"
)

const (
	// lookEvery is the time between two looks for runs of dead processes.
	lookEvery = time.Second
	// looksToExpire is how many of them pass between two looks for payloads whose time is up: an hour.
	looksToExpire = int(time.Hour / lookEvery)
	// looksToForget is the same for commits that nobody can follow from any more: a minute.
	looksToForget = int(time.Minute / lookEvery)
)

// upkeep closes the runs of dead processes as soon as they have been silent for too long, and drops the payloads whose time is up every
// hour, until ctx ends. Every process that serves does: one of them is always quick enough.
func upkeep(ctx context.Context, cfg config.Config, store *postgres.Store, t *telemetry.Telemetry, log *slog.Logger) error {
	var told time.Time
	for n := 0; pause(ctx, lookEvery); n++ {
		closed, err := store.AbandonSilent(ctx)
		t.Abandoned(len(closed))
		for _, id := range closed {
			log.Warn("a run was abandoned: its process went away without a word", "run_id", market.GlobalID(market.IDRun, id))
		}
		if err == nil && n%looksToForget == 0 {
			err = store.ForgetCommits(ctx)
		}
		if err == nil && n%looksToExpire == 0 && cfg.RawRetentionDays > 0 {
			err = expire(ctx, cfg, store, log)
		}
		if err != nil && ctx.Err() == nil {
			if time.Since(told) >= tellEvery {
				log.Warn("upkeep failed, trying again", "error", err)
				told = time.Now()
			}
		}
	}
	return nil
}

func expire(ctx context.Context, cfg config.Config, store *postgres.Store, log *slog.Logger) error {
	dropped, err := store.DropExpired(ctx, time.Now().AddDate(0, 0, -cfg.RawRetentionDays))
	for _, partition := range dropped {
		log.Info("payloads dropped at the end of their retention", "partition", partition)
	}
	return err
}
