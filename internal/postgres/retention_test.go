package postgres_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// month is the first moment of a month of 2020.
func month(m time.Month) time.Time { return time.Date(2020, m, 1, 0, 0, 0, 0, time.UTC) }

// fetch commits a page that was fetched at an instant.
func fetch(t *testing.T, s *postgres.Store, run market.Run, at time.Time, observations ...market.Observation) {
	t.Helper()
	_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{Source: run.Source, FetchedAt: at, Observations: observations, Next: `{}`})
	require.NoError(t, err)
}

// expired is a store with payloads of January, February and March 2020. The newest record of the bitcoin
// was read in February, that of the ether in January; the run is still open.
func expired(t *testing.T) (*bun.DB, *postgres.Store, market.Run) {
	t.Helper()
	db := postgrestest.New(t)
	s := newStoreOn(db)
	run := start(t, s, "coingecko")
	fetch(t, s, run, month(1).Add(time.Hour), observe("bitcoin", month(1), "1"), observe("ethereum", month(1), "10"))
	fetch(t, s, run, month(2).Add(-time.Microsecond), observe("bitcoin", month(1).Add(time.Hour), "2"))
	fetch(t, s, run, month(2), observe("bitcoin", month(2), "3"), observe("solana", month(2), "4"))
	fetch(t, s, run, month(3).Add(time.Hour), observe("solana", month(3), "5"))
	return db, s, run
}

func drop(t *testing.T, s *postgres.Store, olderThan time.Time) []string {
	t.Helper()
	dropped, err := s.DropExpired(t.Context(), olderThan)
	require.NoError(t, err)
	return dropped
}

// served is the prices of the records whose payload is there, newest first.
func served(t *testing.T, s *postgres.Store) (with, without []string) {
	t.Helper()
	records := newest(t, s, market.RecordFilter{})
	payloads, err := s.Payloads(t.Context(), records)
	require.NoError(t, err)
	for _, r := range records {
		payload, ok := payloads[r.RawID]
		if !ok {
			without = append(without, r.PriceUSD.String())
			continue
		}
		var says struct{ Price json.Number }
		require.NoError(t, json.Unmarshal(payload, &says))
		require.Equal(t, r.PriceUSD.String(), says.Price.String())
		with = append(with, r.PriceUSD.String())
	}
	return with, without
}

func kept(t *testing.T, db *bun.DB) []string {
	t.Helper()
	var rows []string
	require.NoError(t, db.NewRaw("SELECT to_jsonb(k)::text FROM raw_kept k ORDER BY external_id").Scan(t.Context(), &rows))
	return rows
}

func TestOnlyWholeMonthsAreDropped(t *testing.T) {
	db, s, _ := expired(t)
	require.Empty(t, drop(t, s, month(2).Add(-time.Microsecond)))
	require.Equal(t, []string{"raw_records_2020_01"}, drop(t, s, month(2)))
	require.Equal(t, []string{"raw_records_2020_02"}, drop(t, s, month(3).AddDate(0, 0, 30)))
	require.Empty(t, drop(t, s, month(3).AddDate(0, 0, 30)))
	require.Equal(t, []string{"raw_records_2020_03", "raw_records_2020_04"}, partitions(t, db))
}

func TestTheNewestRecordsKeepTheirPayloads(t *testing.T) {
	db, s, run := expired(t)
	var was []string
	require.NoError(t, db.NewRaw(`SELECT to_jsonb(w)::text FROM raw_records w WHERE external_id = 'ethereum'
		OR payload ->> 'price' = '3' ORDER BY external_id`).Scan(t.Context(), &was))
	records := newest(t, s, market.RecordFilter{})
	drop(t, s, month(3))
	require.Equal(t, was, kept(t, db), "column for column")
	require.Equal(t, records, newest(t, s, market.RecordFilter{}), "no record goes")
	with, without := served(t, s)
	require.ElementsMatch(t, []string{"5", "3", "10"}, with)
	require.ElementsMatch(t, []string{"4", "2", "1"}, without)

	// A newer record takes the place of what was kept, and the next month that goes takes it along.
	fetch(t, s, run, month(5), observe("ethereum", month(5), "11"))
	require.Len(t, kept(t, db), 2)
	drop(t, s, month(4))
	require.Len(t, kept(t, db), 2)
	with, _ = served(t, s)
	require.ElementsMatch(t, []string{"5", "3", "11"}, with)
}

// A mishap with the newest records must not cost their payloads.
func TestWhatIsKeptOutlivesTheTableOfTheNewest(t *testing.T) {
	db, s, _ := expired(t)
	drop(t, s, month(2))
	_, err := db.ExecContext(t.Context(), "TRUNCATE latest_records")
	require.NoError(t, err)
	drop(t, s, month(3))
	require.Len(t, kept(t, db), 1)
}

// While records are derived again, nothing goes; a rebuild that nobody goes on with holds up nothing.
func TestARebuildKeepsThePayloads(t *testing.T) {
	db, s, _ := expired(t)
	_, err := s.StartRebuild(t.Context(), "coingecko")
	require.NoError(t, err)
	require.Empty(t, drop(t, s, month(4)))
	_, err = db.ExecContext(t.Context(), "UPDATE rebuilds SET updated_at = now() - interval '25 hours'")
	require.NoError(t, err)
	require.Len(t, drop(t, s, month(4)), 3)
}

func TestAMonthInUseIsLeftForTheNextTime(t *testing.T) {
	db, s, _ := expired(t)
	for name, hold := range map[string]string{
		"read":              "SELECT FROM raw_records",
		"written":           "UPDATE raw_records SET observed_at = observed_at",
		"dropped elsewhere": "SELECT pg_advisory_xact_lock(1919251557)",
	} {
		other, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = other.ExecContext(t.Context(), hold)
		require.NoError(t, err)
		require.Empty(t, drop(t, s, month(3)), name)
		require.NoError(t, other.Rollback())
		require.Empty(t, kept(t, db), "all or nothing")
	}
	require.Len(t, drop(t, s, month(3)), 2)
}

// Payloads are found at every moment, in the one table or in the other, while months go and are made again.
func TestPayloadsAreFoundWhileMonthsGo(t *testing.T) {
	url := postgrestest.URL(t)
	stores := replicas(t, url, 3)
	run := start(t, stores[0], "coingecko")
	fetch(t, stores[0], run, month(1), observe("bitcoin", month(1), "1"))
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for _, s := range stores[1:] {
		records := newest(t, s, market.RecordFilter{})
		readers.Go(func() {
			for ctx.Err() == nil {
				payloads, err := s.Payloads(t.Context(), records)
				if err != nil || len(payloads) != 1 {
					t.Errorf("%d payloads, %v", len(payloads), err)
					return
				}
			}
		})
	}
	for m := range time.Month(12) {
		at := month(m + 1)
		fetch(t, stores[0], run, at, observe("ethereum", at, "1"))
		require.Eventually(t, func() bool {
			left, err := stores[m%3].DropExpired(t.Context(), at.AddDate(0, 2, 0))
			require.NoError(t, err)
			return len(left) > 0
		}, time.Minute, time.Millisecond)
	}
	stop()
	readers.Wait()
}

// An item of a month that was dropped, by this process or another, can still be stored.
func TestAMonthThatWasDroppedIsMadeAgain(t *testing.T) {
	url := postgrestest.URL(t)
	stores := replicas(t, url, 2)
	run := start(t, stores[0], "coingecko")
	for i := range 3 {
		fetch(t, stores[0], run, month(1), observe("bitcoin", *minute(i), "1"))
		drop(t, stores[i%2], month(4))
		_, without := served(t, stores[0])
		require.Len(t, without, i, "all but the newest are gone")
	}
}
