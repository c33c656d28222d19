package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func partitions(t *testing.T, db *bun.DB) []string {
	t.Helper()
	var names []string
	require.NoError(t, db.NewRaw(`SELECT inhrelid::regclass::text FROM pg_inherits
		WHERE inhparent = 'raw_records'::regclass ORDER BY 1`).Scan(t.Context(), &names))
	return names
}

func TestPartitionsFollowTheMonths(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	stores := replicas(t, url, 4)
	ensure := func(now time.Time) {
		t.Helper()
		for _, err := range race(12, func(i int) error { return postgres.EnsurePartitions(stores[i%4], t.Context(), now) }) {
			require.NoError(t, err)
		}
	}
	ensure(time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC))
	require.Equal(t, []string{"raw_records_2026_01", "raw_records_2026_02"}, partitions(t, db))
	// Still January where the clock hangs, February in UTC.
	ensure(time.Date(2026, 1, 31, 23, 30, 0, 0, time.FixedZone("west", -3600)))
	require.Equal(t, []string{"raw_records_2026_01", "raw_records_2026_02", "raw_records_2026_03"}, partitions(t, db))
	ensure(time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC))
	require.Equal(t, []string{"raw_records_2026_12", "raw_records_2027_01"}, partitions(t, db)[3:])
}

// Months meet without a gap, and a page goes where its time of fetching says.
func TestPayloadsAtTheTurnOfAMonth(t *testing.T) {
	db := postgrestest.New(t)
	s := postgres.New(db, func([]market.Evidence) market.Resolution { panic("there are no new listings") })
	named := newStoreOn(db)
	run := start(t, named, "coingecko")
	commit(t, named, run, observe("bitcoin", noon, "1"))
	turn := time.Date(2031, 2, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(t, postgres.EnsurePartitions(s, t.Context(), turn.Add(-time.Hour)))
	for i, at := range []time.Time{turn.Add(-time.Microsecond), turn, turn.Add(time.Hour).In(time.FixedZone("west", -7200))} {
		_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
			Source: "coingecko", FetchedAt: at, Next: `{}`, Observations: []market.Observation{observe("bitcoin", *minute(i), "2")},
		})
		require.NoError(t, err)
	}
	for table, want := range map[string]int{"raw_records_2031_01": 1, "raw_records_2031_02": 2} {
		n, err := db.NewSelect().Table(table).Count(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, want, n, table)
	}
	records := newest(t, s, market.RecordFilter{})
	payloads, err := s.Payloads(t.Context(), records)
	require.NoError(t, err)
	require.Len(t, payloads, len(records))
}
