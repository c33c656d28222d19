//go:build planted

package main

import (
	"context"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// asStore is what ingestion stores into, here with a bug: never for use.
func asStore(s *postgres.Store) ingest.Store { return planted{s} }

// planted commits the cursor before the data. Who is killed in between loses a page.
type planted struct{ *postgres.Store }

// CommitBatch is the bug.
func (p planted) CommitBatch(ctx context.Context, runID int64, b market.Batch) (market.Counters, error) {
	ahead := market.Batch{Source: b.Source, FetchedAt: b.FetchedAt, Next: b.Next}
	if _, err := p.Store.CommitBatch(ctx, runID, ahead); err != nil {
		return market.Counters{}, err
	}
	b.Next = ""
	return p.Store.CommitBatch(ctx, runID, b)
}
