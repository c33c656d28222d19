package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// beatsToExpire is how many beats pass between two looks for payloads whose time is up: an hour.
const beatsToExpire = int(time.Hour / postgres.Beat)

// upkeep closes the runs of dead processes every beat, and drops the payloads whose time is up every
// hour, until ctx ends. Every process that serves does: one of them is always quick enough.
func upkeep(ctx context.Context, cfg config.Config, store *postgres.Store, log *slog.Logger) error {
	for n := 0; pause(ctx, postgres.Beat); n++ {
		closed, err := store.AbandonSilent(ctx)
		for _, id := range closed {
			log.Warn("a run was abandoned: its process went away without a word", "run", market.GlobalID(market.IDRun, id))
		}
		if err == nil && n%beatsToExpire == 0 && cfg.RawRetentionDays > 0 {
			err = expire(ctx, cfg, store, log)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("upkeep failed, trying again", "error", err, "in", postgres.Beat.String())
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
