package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// everyQuestion asks a store, one after the other, everything that it can be asked.
func everyQuestion(s *postgres.Store) map[string]func(ctx context.Context) error {
	one := []int64{1}
	window, record := market.Window[int64]{Size: 1}, market.Window[market.RecordKey]{Size: 1}
	drop := func(_ any, err error) error { return err }
	return map[string]func(ctx context.Context) error{
		"Ping":         s.Ping,
		"SourceStates": func(ctx context.Context) error { return drop(s.SourceStates(ctx)) },
		"Assets": func(ctx context.Context) error {
			return drop(s.Assets(ctx, market.AssetFilter{}, market.AssetsByRank, market.Window[market.AssetKey]{Size: 1}))
		},
		"CountAssets": func(ctx context.Context) error {
			return drop(s.CountAssets(ctx, market.AssetFilter{Sources: []string{"x"}}))
		},
		"AssetsByID":  func(ctx context.Context) error { return drop(s.AssetsByID(ctx, one)) },
		"AssetBySlug": func(ctx context.Context) error { return drop(s.AssetBySlug(ctx, "bitcoin")) },
		"ListingsOf":  func(ctx context.Context) error { return drop(s.ListingsOf(ctx, one)) },
		"Records": func(ctx context.Context) error {
			return drop(s.Records(ctx, market.RecordFilter{}, market.RecordsNewestFirst, record))
		},
		"Records of a source": func(ctx context.Context) error {
			return drop(s.Records(ctx, market.RecordFilter{Sources: []string{"x"}}, market.RecordsNewestFirst, record))
		},
		"Records of an asset": func(ctx context.Context) error {
			return drop(s.Records(ctx, market.RecordFilter{Assets: []string{"x"}}, market.RecordsNewestFirst, record))
		},
		"CountRecords":   func(ctx context.Context) error { return drop(s.CountRecords(ctx, market.RecordFilter{})) },
		"RecordsOf":      func(ctx context.Context) error { return drop(s.RecordsOf(ctx, one, market.RecordFilter{}, record)) },
		"CountRecordsOf": func(ctx context.Context) error { return drop(s.CountRecordsOf(ctx, one, market.RecordFilter{})) },
		"RecordsByKey": func(ctx context.Context) error {
			return drop(s.RecordsByKey(ctx, []market.RecordKey{{ListingID: 1, ObservedAt: noon}}))
		},
		"Latest":             func(ctx context.Context) error { return drop(s.Latest(ctx, one, "")) },
		"Latest of a source": func(ctx context.Context) error { return drop(s.Latest(ctx, one, "x")) },
		"Payloads": func(ctx context.Context) error {
			return drop(s.Payloads(ctx, []market.Record{{ExternalID: "x", RawID: 1}}))
		},
		"Runs":            func(ctx context.Context) error { return drop(s.Runs(ctx, market.RunFilter{}, window)) },
		"CountRuns":       func(ctx context.Context) error { return drop(s.CountRuns(ctx, market.RunFilter{})) },
		"RunsByID":        func(ctx context.Context) error { return drop(s.RunsByID(ctx, one)) },
		"Rejections":      func(ctx context.Context) error { return drop(s.Rejections(ctx, market.RejectionFilter{}, window)) },
		"CountRejections": func(ctx context.Context) error { return drop(s.CountRejections(ctx, market.RejectionFilter{})) },
		"Drifts":          func(ctx context.Context) error { return drop(s.Drifts(ctx, market.DriftFilter{}, window)) },
		"CountDrifts":     func(ctx context.Context) error { return drop(s.CountDrifts(ctx, market.DriftFilter{})) },
		"DriftsOf":        func(ctx context.Context) error { return drop(s.DriftsOf(ctx, one, 1)) },
		"StartRun":        func(ctx context.Context) error { return drop(s.StartRun(ctx, slotOf("coingecko", noon))) },
		"Heartbeat":       func(ctx context.Context) error { return s.Heartbeat(ctx, 1) },
		"FinishRun": func(ctx context.Context) error {
			return drop(s.FinishRun(ctx, 1, market.RunEnd{Status: market.RunFailed}))
		},
		"CommitBatch": func(ctx context.Context) error {
			return drop(s.CommitBatch(ctx, 1, market.Batch{Source: "coingecko", FetchedAt: time.Now(), Next: `{}`}))
		},
		"RegisterSources": func(ctx context.Context) error {
			return s.RegisterSources(ctx, market.Source{Name: "new", Kind: market.KindAPI})
		},
	}
}

func requireAway(t *testing.T, s *postgres.Store) {
	t.Helper()
	for name, ask := range everyQuestion(s) {
		require.ErrorIs(t, ask(t.Context()), market.ErrUnavailable, name)
	}
}

func TestADatabaseThatCannotBeReached(t *testing.T) {
	line := newLine(t, postgrestest.URL(t))
	db := postgrestest.Open(t, line.url)
	line.cut()
	requireAway(t, newStoreOn(db))
	_, err := postgres.MigrateUp(t.Context(), db)
	require.ErrorIs(t, err, market.ErrUnavailable)
	_, err = postgres.MigrateDown(t.Context(), db)
	require.ErrorIs(t, err, market.ErrUnavailable)
	_, err = postgres.Migrations(t.Context(), db)
	require.ErrorIs(t, err, market.ErrUnavailable)
}

// The server goes away under a store that has worked with it, and comes back.
func TestADatabaseThatGoesAwayAndReturns(t *testing.T) {
	line := newLine(t, postgrestest.URL(t))
	s := newStoreOn(postgrestest.Open(t, line.url))
	run := start(t, s, "coingecko")
	commit(t, s, run, observe("bitcoin", noon, "1"))
	line.cut()
	requireAway(t, s)
	line.mend(t)
	require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, time.Minute, 5*time.Millisecond)
	commit(t, s, run, observe("bitcoin", noon.Add(time.Second), "1"))
	finish(t, s, run)
}

// The connection is lost at each step of a page: nothing of the page is stored, and it can be sent again.
func TestAPageWhoseConnectionIsLost(t *testing.T) {
	url := postgrestest.URL(t)
	line := newLine(t, url)
	direct := newStoreOn(postgrestest.Open(t, url))
	s := newStoreOn(postgrestest.Open(t, line.url))
	run := start(t, s, "coingecko")
	for i, step := range []string{
		"UPDATE etl_runs SET heartbeat", "TEMP TABLE stage", "copy \"stage\"", "pg_advisory_xact_lock", `INSERT INTO "listings"`,
		"TEMP TABLE judged", "INSERT INTO raw_records", "INSERT INTO records", "INSERT INTO latest_records",
		"INSERT INTO checkpoints", "commit",
	} {
		t.Run(step, func(t *testing.T) {
			batch := market.Batch{
				Source: "coingecko", FetchedAt: time.Now(), Next: `{"page": 1}`,
				Observations: []market.Observation{seedObservation(i, *minute(i))},
			}
			line.cutAt(step)
			_, err := s.CommitBatch(t.Context(), run.ID, batch)
			require.ErrorIs(t, err, market.ErrUnavailable)
			require.Len(t, newest(t, direct, market.RecordFilter{}), i)
			require.EqualValues(t, i, runByID(t, direct, run.ID).Pages)
			line.mend(t)
			done, err := s.CommitBatch(t.Context(), run.ID, batch)
			require.NoError(t, err)
			require.EqualValues(t, 1, done.Inserted)
		})
	}
}

// Bad input is no outage.
func TestOtherErrorsAreNoOutage(t *testing.T) {
	s := newStore(t)
	_, err := s.CommitBatch(t.Context(), 1, market.Batch{Source: "nobody"})
	require.ErrorIs(t, err, market.ErrNotFound)
	require.NotErrorIs(t, err, market.ErrUnavailable)
	_, err = s.AssetBySlug(t.Context(), "no\x00thing")
	require.ErrorIs(t, err, market.ErrNotFound)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = s.SourceStates(ended)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, market.ErrUnavailable)
	_, err = postgres.Open("postgres://localhost:port/x", postgres.Pool{})
	require.ErrorContains(t, err, "database URL")
}
