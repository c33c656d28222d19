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

// rederive gives each payload the observation that it was made of, at another price.
func rederive(t *testing.T, s *postgres.Store, r market.Rebuild, price string) []market.Rederived {
	t.Helper()
	raws, err := s.RawBatch(t.Context(), r, 100)
	require.NoError(t, err)
	batch := make([]market.Rederived, len(raws))
	for i, raw := range raws {
		o := observe(raw.ExternalID, *raw.ObservedAt, price)
		o.PayloadHash = raw.PayloadHash
		batch[i] = market.Rederived{Raw: raw, Observation: &o}
	}
	return batch
}

// A page is just storing a later payload of an instant, whether a rebuild wants to mend the record or finds it
// right: the rebuild waits, and the page's word stands.
func TestABatchGivesWayToAPageOnItsWay(t *testing.T) {
	for name, price := range map[string]string{"to mend": "2", "right": "1"} {
		t.Run(name, func(t *testing.T) {
			db := postgrestest.New(t)
			s := newStoreOn(db)
			commit(t, s, start(t, s, "coingecko"), observe("bitcoin", noon, "1"), observe("ethereum", noon, "1"))
			r, err := s.StartRebuild(t.Context(), "coingecko")
			require.NoError(t, err)
			batch := rederive(t, s, r, price)
			page, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			for _, table := range []string{"records", "latest_records"} {
				_, err = page.ExecContext(t.Context(), `UPDATE ? r SET price_usd = 9, raw_id = raw_id + 1000 FROM listings l
					WHERE l.id = r.listing_id AND external_id = 'bitcoin'`, bun.Ident(table))
				require.NoError(t, err)
			}
			done := make(chan error, 1)
			go func() {
				_, err := s.CommitRebuild(t.Context(), r, batch)
				done <- err
			}()
			awaitLock(t, db)
			require.NoError(t, page.Commit())
			require.NoError(t, <-done)
			for _, record := range newest(t, s, market.RecordFilter{}) {
				want := map[string]string{"bitcoin": "9", "ethereum": price}[record.ExternalID]
				require.Equal(t, want, record.PriceUSD.String())
				latest, err := s.Latest(t.Context(), []int64{record.AssetID}, "")
				require.NoError(t, err)
				require.Equal(t, want, latest[0].PriceUSD.String())
			}
		})
	}
}

// awaitLock waits until somebody waits for a lock.
func awaitLock(t *testing.T, db *bun.DB) {
	t.Helper()
	require.Eventually(t, func() bool {
		var waiting bool
		err := db.NewRaw(`SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).
			Scan(t.Context(), &waiting)
		return err == nil && waiting
	}, time.Minute, 5*time.Millisecond)
}

// The connection is lost at each step of a batch: nothing of it is stored, and it can be sent again.
func TestABatchWhoseConnectionIsLost(t *testing.T) {
	url := postgrestest.URL(t)
	line := newLine(t, url)
	direct := newStoreOn(postgrestest.Open(t, url))
	s := newStoreOn(postgrestest.Open(t, line.url))
	commit(t, direct, start(t, direct, "coingecko"), observe("bitcoin", noon, "1"), observe("ethereum", noon, "1"))
	r, err := s.StartRebuild(t.Context(), "coingecko")
	require.NoError(t, err)
	batch := rederive(t, s, r, "2")
	for _, step := range []string{
		"UPDATE rebuilds SET after", "pg_advisory_xact_lock_shared", "TEMP TABLE stage", `copy "stage"`, `copy "origin"`,
		"INSERT INTO records", "INSERT INTO latest_records", "UPDATE rebuilds SET changed", "commit",
	} {
		line.cutAt(step)
		_, err := s.CommitRebuild(t.Context(), r, batch)
		require.ErrorIs(t, err, market.ErrUnavailable, step)
		now, err := direct.RebuildOf(t.Context(), "coingecko")
		require.NoError(t, err)
		require.Equal(t, r, now, step)
		for _, record := range newest(t, direct, market.RecordFilter{}) {
			require.Equal(t, "1", record.PriceUSD.String(), step)
		}
		line.mend(t)
	}
	next, err := s.CommitRebuild(t.Context(), r, batch)
	require.NoError(t, err)
	require.EqualValues(t, 2, next.Changed)
	_, err = s.CommitRebuild(t.Context(), r, batch)
	require.ErrorIs(t, err, market.ErrRebuilding)
	_, err = s.FinishRebuild(t.Context(), r)
	require.ErrorIs(t, err, market.ErrRebuilding)
	_, err = s.RebuildOf(t.Context(), "csv")
	require.ErrorIs(t, err, market.ErrNotFound)
}

// About as many payloads as there are: those of months that are gone are not counted, those that were kept are.
func TestHowManyPayloadsThereAre(t *testing.T) {
	db, s, _ := expired(t)
	about := func() int64 {
		n, err := s.PayloadsAbout(t.Context(), "coingecko")
		require.NoError(t, err)
		return n
	}
	require.EqualValues(t, 6, about())
	_, err := db.ExecContext(t.Context(), "UPDATE etl_runs SET started_at = ?", month(1))
	require.NoError(t, err)
	drop(t, s, month(3))
	require.EqualValues(t, 2, about())
}
