package postgres_test

import (
	"errors"
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

// silence makes a run look as if it had last been heard of so long ago.
func silence(t *testing.T, db *bun.DB, run market.Run, d time.Duration) {
	t.Helper()
	_, err := db.ExecContext(t.Context(),
		"UPDATE etl_runs SET heartbeat_at = now() - ? * interval '1 second' WHERE id = ?", d.Seconds(), run.ID)
	require.NoError(t, err)
}

func runByID(t *testing.T, s *postgres.Store, id int64) market.Run {
	t.Helper()
	runs, err := s.RunsByID(t.Context(), []int64{id})
	require.NoError(t, err)
	require.Len(t, runs, 1)
	return runs[0]
}

func requireFenced(t *testing.T, s *postgres.Store, run market.Run) {
	t.Helper()
	_, err := s.CommitBatch(t.Context(), run.ID, market.Batch{
		Source: run.Source, FetchedAt: time.Now(), Next: `{"page":99}`,
		Observations: []market.Observation{observe("zombie", noon, "1")},
	})
	require.ErrorIs(t, err, market.ErrFenced)
	require.ErrorIs(t, s.Heartbeat(t.Context(), run.ID), market.ErrFenced)
	_, err = s.FinishRun(t.Context(), run.ID, market.RunEnd{Status: market.RunSucceeded})
	require.ErrorIs(t, err, market.ErrFenced)
	require.Equal(t, market.RunAbandoned, runByID(t, s, run.ID).Status)
}

func TestASilentRunIsClosedByTheNext(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	stores := replicas(t, url, 2)
	dead := start(t, stores[0], "coingecko")
	commit(t, stores[0], dead, observe("bitcoin", noon, "1"))

	silence(t, db, dead, 2*postgres.Beat)
	_, err := stores[1].StartRun(t.Context(), slotOf("coingecko", noon))
	require.ErrorIs(t, err, market.ErrRunning, "two beats are not three")
	silence(t, db, dead, 3*postgres.Beat+time.Second)
	require.NoError(t, stores[0].Heartbeat(t.Context(), dead.ID))
	_, err = stores[1].StartRun(t.Context(), slotOf("coingecko", noon))
	require.ErrorIs(t, err, market.ErrRunning, "it has told that it lives")

	silence(t, db, dead, 3*postgres.Beat+time.Second)
	start(t, stores[1], "coinpaprika")
	require.Equal(t, market.RunAbandoned, runByID(t, stores[0], dead.ID).Status, "whoever looks next closes it")
	next, err := stores[1].StartRun(t.Context(), slotOf("coingecko", noon))
	require.NoError(t, err)
	require.JSONEq(t, `{"page":2}`, string(next.CursorBefore))
	requireFenced(t, stores[0], dead)
	closed := runByID(t, stores[0], dead.ID)
	require.NotNil(t, closed.FinishedAt)
	require.NotEmpty(t, closed.Error)
	require.EqualValues(t, 1, closed.Inserted)
	require.Len(t, newest(t, stores[0], market.RecordFilter{}), 1)
	commit(t, stores[1], next, observe("bitcoin", noon.Add(time.Hour), "2"))
	finish(t, stores[1], next)
	requireTotals(t, stores[1], db)
}

// Whoever looks next closes a dead run, also where it may not start one of its own.
func TestASilentRunIsClosedThoughItsSlotIsTaken(t *testing.T) {
	db := postgrestest.New(t)
	s := postgres.New(db, identity.Resolve)
	dead, err := s.StartRun(t.Context(), slotOf("coingecko", noon))
	require.NoError(t, err)
	silence(t, db, dead, time.Hour)
	_, err = s.StartRun(t.Context(), slotOf("coingecko", noon))
	require.ErrorIs(t, err, market.ErrSlotTaken)
	requireFenced(t, s, dead)
	requireTotals(t, s, db)
}

// A page of a silent run and the claim that would close it: whichever comes first wins, and the
// other is refused.
func TestAPageRacesTheClaimThatClosesItsRun(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	stores := replicas(t, url, 2)
	run := start(t, stores[0], "coingecko")
	stored := ""
	for round := range 25 {
		silence(t, db, run, time.Hour)
		page := fmt.Sprintf(`{"page": %d}`, round)
		var next market.Run
		errs := race(2, func(i int) (err error) {
			if i == 0 {
				_, err = stores[0].CommitBatch(t.Context(), run.ID, market.Batch{
					Source: run.Source, FetchedAt: time.Now(), Next: market.Cursor(page),
					Observations: []market.Observation{observe("bitcoin", noon.Add(time.Duration(round)*time.Second), "1")},
				})
				return err
			}
			next, err = stores[1].StartRun(t.Context(), slotOf("coingecko", noon.Add(time.Duration(round)*time.Second)))
			return err
		})
		if errs[0] == nil {
			require.ErrorIs(t, errs[1], market.ErrRunning)
			stored = page
			continue
		}
		require.ErrorIs(t, errs[0], market.ErrFenced)
		require.NoError(t, errs[1])
		require.Equal(t, stored, string(next.CursorBefore))
		run = next
	}
	finish(t, stores[0], run)
	requireTotals(t, stores[0], db)
}

// A run is closed once, whoever is quickest, and counted once.
func TestManyCloseARun(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	stores := replicas(t, url, 2)
	for round := range 5 {
		run, err := stores[0].StartRun(t.Context(), slotOf("coingecko", noon.Add(time.Duration(round)*time.Minute)))
		require.NoError(t, err)
		silence(t, db, run, time.Hour)
		for _, err := range race(8, func(i int) error {
			if i%2 == 0 {
				_, err := stores[0].FinishRun(t.Context(), run.ID, market.RunEnd{Status: market.RunSucceeded})
				return err
			}
			_, err := stores[1].StartRun(t.Context(), slotOf("coingecko", *run.ScheduledAt))
			return err
		}) {
			require.True(t, err == nil || errors.Is(err, market.ErrFenced) || errors.Is(err, market.ErrSlotTaken), err)
		}
		require.NotEqual(t, market.RunRunning, runByID(t, stores[0], run.ID).Status)
	}
	requireTotals(t, stores[0], db)
}
