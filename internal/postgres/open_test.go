package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func bounded(t *testing.T, url string, deadline time.Duration) *bun.DB {
	t.Helper()
	db, err := postgres.Open(url, postgres.Pool{Name: "bounded", MaxConns: 2, Deadline: deadline})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// locked holds a table in such a way that everybody else waits for it.
func locked(t *testing.T, url, table string) bun.Tx {
	t.Helper()
	tx, err := postgrestest.Open(t, url).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE "+table+" IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// A statement that takes too long ends for its caller, and soon for the server as well: it holds
// neither a connection of the pool nor a lock.
func TestEveryStatementHasADeadline(t *testing.T) {
	url := postgrestest.URL(t)
	lock := locked(t, url, "records")
	db := bounded(t, url, 200*time.Millisecond)
	s := postgres.New(db, identity.Resolve)
	for range 4 { // twice as often as there are connections
		_, err := s.RecordsByKey(t.Context(), []market.RecordKey{{ListingID: 1, ObservedAt: noon}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	require.Eventually(t, func() bool {
		_, err := s.AssetBySlug(t.Context(), "bitcoin")
		return errors.Is(err, market.ErrNotFound)
	}, 30*time.Second, time.Millisecond, "another table can be read")
	require.Eventually(t, func() bool {
		var waiting int
		err := lock.NewRaw(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'kasparro bounded' AND wait_event_type = 'Lock'`).
			Scan(t.Context(), &waiting)
		return err == nil && waiting == 0
	}, 30*time.Second, 20*time.Millisecond, "the server goes on with what nobody waits for")
	require.NoError(t, lock.Rollback())
	require.Eventually(t, func() bool {
		_, err := s.RecordsByKey(t.Context(), []market.RecordKey{{ListingID: 1, ObservedAt: noon}})
		return err == nil
	}, 30*time.Second, time.Millisecond)
}

// A transaction has a deadline too, its pauses between statements included.
func TestATransactionHasADeadline(t *testing.T) {
	url := postgrestest.URL(t)
	db := bounded(t, url, 50*time.Millisecond)
	var tx bun.Tx
	require.Eventually(t, func() bool { // connecting may take longer
		var err error
		tx, err = db.BeginTx(t.Context(), nil)
		return err == nil
	}, 30*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		_, err := tx.ExecContext(t.Context(), "SELECT 1")
		return err != nil
	}, 10*time.Second, 10*time.Millisecond)
}

// The store tells apart what to try again from what to give up.
func TestErrorsSayWhatTheyMean(t *testing.T) {
	for code, want := range map[string]error{
		"40001": market.ErrConflict, "40P01": market.ErrConflict, "55P03": market.ErrConflict,
		"57014": context.DeadlineExceeded, "53300": market.ErrUnavailable, "57P01": market.ErrUnavailable,
		"08006": market.ErrUnavailable,
	} {
		db := postgrestest.New(t)
		s := postgres.New(db, identity.Resolve)
		run := start(t, s, "coingecko")
		_, err := db.ExecContext(t.Context(), `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN RAISE ''refused'' USING ERRCODE = ''`+code+`''; END';
			CREATE TRIGGER refuse BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION refuse()`)
		require.NoError(t, err)
		_, err = s.CommitBatch(t.Context(), run.ID, market.Batch{
			Source: run.Source, FetchedAt: time.Now(), Next: `{"page":2}`, Observations: []market.Observation{observe("bitcoin", noon, "1")},
		})
		require.ErrorIs(t, err, want, code)
	}
}
