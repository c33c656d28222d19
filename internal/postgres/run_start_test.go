package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A run that is asked for while the last page of another is being committed waits for the end of that, and begins where it
// ended: not where the source stood when it was asked for.
func TestARunBeginsWhereTheOneThatItWaitedForEnded(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	ending := start(t, s, "coingecko")
	commit(t, s, ending, observe("bitcoin", noon, "1"))
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), `UPDATE checkpoints SET cursor = '{"page":3}';
		UPDATE etl_runs SET status = 'succeeded', finished_at = now(), cursor_after = '{"page":3}' WHERE id = ?`, ending.ID)
	require.NoError(t, err)
	begun := make(chan market.Run, 1)
	go func() {
		run, err := s.StartRun(t.Context(), market.RunRequest{Source: "coingecko", Kind: market.KindAPI, Trigger: market.TriggerManual})
		if err != nil {
			t.Error(err)
		}
		begun <- run
	}()
	require.Eventually(t, func() bool {
		var waiting int
		err := db.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(t.Context(), &waiting)
		return err == nil && waiting == 1
	}, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, tx.Commit())
	require.JSONEq(t, `{"page":3}`, string((<-begun).CursorBefore))
}
