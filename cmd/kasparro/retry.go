package main

import (
	"context"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/source"
)

// retryRejections tries again what waits in quarantine of the source, oldest first, as a run of its own.
func retryRejections(ctx context.Context, runner *ingest.Runner, store *postgres.Store, src source.Source) (market.Run, error) {
	waiting := func(ctx context.Context, after int64) ([]market.Rejection, error) {
		return store.WaitingRejections(ctx, src.Name(), after)
	}
	return runner.Run(ctx, ingest.Quarantined(src, waiting), ingest.Request{Stream: market.StreamQuarantine, Trigger: market.TriggerManual})
}
