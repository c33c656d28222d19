package postgres_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func newStore(t testing.TB) *postgres.Store { return newStoreOn(postgrestest.New(t)) }

func newStoreOn(db *bun.DB) *postgres.Store { return postgres.New(db, identity.Resolve) }

// observe makes an observation whose payload says all that it holds.
func observe(id string, at time.Time, price string) market.Observation {
	payload := fmt.Appendf(nil, `{"id":%q,"at":%q,"price":%s}`, id, at.Format(time.RFC3339Nano), price)
	sum := sha256.Sum256(payload)
	return market.Observation{
		ExternalID: id, Symbol: id[:min(3, len(id))], Name: id, ObservedAt: at,
		Figures: market.Figures{PriceUSD: decimal.RequireFromString(price)},
		Payload: payload, PayloadHash: [16]byte(sum[:16]),
	}
}

func start(t testing.TB, s *postgres.Store, source string) market.Run {
	t.Helper()
	run, err := s.StartRun(t.Context(), market.RunRequest{Source: source, Kind: market.KindAPI, Trigger: market.TriggerManual})
	require.NoError(t, err)
	return run
}

func commit(t testing.TB, s *postgres.Store, run market.Run, observations ...market.Observation) market.Counters {
	t.Helper()
	done, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
		Source: run.Source, FetchedAt: time.Now(), Observations: observations, Next: `{"page":2}`,
	})
	require.NoError(t, err)
	return done
}

func finish(t testing.TB, s *postgres.Store, run market.Run) market.Run {
	t.Helper()
	ended, err := s.FinishRun(t.Context(), run.ID, market.RunEnd{Status: market.RunSucceeded})
	require.NoError(t, err)
	return ended
}

func newest(t testing.TB, s *postgres.Store, f market.RecordFilter) []market.Record {
	t.Helper()
	page, err := s.Records(t.Context(), f, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 100})
	require.NoError(t, err)
	return page.Items
}
