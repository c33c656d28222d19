package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// The seeded market: each of four sources lists 20 of 25 assets, and there is a record a minute
// for each listing. Five symbols belong to two assets. Some 27 listings share each instant.
const (
	seedAssets  = 25
	seedRecords = 100_000
	seedMinutes = seedRecords/(4*20) - 1 // the first record of a listing comes with its page
)

var (
	seedSources = []string{"alpha", "beta", "delta", "gamma"}
	seedStart   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func minute(n int) *time.Time {
	at := seedStart.Add(time.Duration(n) * time.Minute)
	return &at
}

func seedSlug(i int) string   { return fmt.Sprintf("coin-%02d", i) }
func seedSymbol(i int) string { return fmt.Sprintf("S%02d", i%20) }

// seeded is a store over the seeded market, with a run open for each source.
type seeded struct {
	*postgres.Store
	db   *bun.DB
	runs []market.Run
}

// seedObservation is of asset i at an instant, under the external id "coin-07".
func seedObservation(i int, at time.Time) market.Observation {
	o := observe(seedSlug(i), at, "1")
	o.Symbol, o.Name = seedSymbol(i), fmt.Sprintf("Coin %02d", i)
	return o
}

func seed(t testing.TB) seeded {
	t.Helper()
	db := postgrestest.New(t)
	s := seeded{Store: postgres.New(db, identity.Resolve), db: db}
	for n, source := range seedSources {
		run := start(t, s.Store, source)
		var page []market.Observation
		for i := range seedAssets {
			if i%5 != n {
				page = append(page, seedObservation(i, seedStart))
			}
		}
		commit(t, s.Store, run, page...)
		s.runs = append(s.runs, run)
	}
	s.exec(t, `INSERT INTO records (listing_id, observed_at, source_id, price_usd, payload_hash, raw_id, run_id)
		SELECT l.id, ?::timestamptz + n * interval '1 minute' + l.id % 3 * interval '1 microsecond', l.source_id, n, '', 0, 0
		FROM generate_series(1, ?) n, listings l ORDER BY n, l.id`, seedStart, seedMinutes)
	s.exec(t, "UPDATE source_totals SET record_count = ?", seedRecords/len(seedSources))
	s.exec(t, "DELETE FROM source_days")
	s.exec(t, `INSERT INTO source_days SELECT source_id, (observed_at AT TIME ZONE 'UTC')::date AS day, count(*)
		FROM records GROUP BY source_id, day`)
	s.exec(t, "ANALYZE")
	return s
}

func (s seeded) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	_, err := s.db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

// seedRecord is a record with all that a filter may ask of it, read without the store.
type seedRecord struct {
	ListingID    int64
	ObservedAt   time.Time
	Source       string
	Slug, Symbol string
	Asset        int64
}

func (r seedRecord) key() market.RecordKey {
	return market.RecordKey{ListingID: r.ListingID, ObservedAt: r.ObservedAt.UTC()}
}

func (s seeded) all(t testing.TB) []seedRecord {
	t.Helper()
	var all []seedRecord
	require.NoError(t, s.db.NewRaw(`SELECT r.listing_id, r.observed_at, s.name AS source, a.slug, a.symbol, a.id AS asset
		FROM records r, listings l, assets a, sources s
		WHERE l.id = r.listing_id AND a.id = l.asset_id AND s.id = l.source_id`).Scan(t.Context(), &all))
	return all
}
