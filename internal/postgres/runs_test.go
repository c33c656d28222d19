package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// replicas returns stores as separate processes have them: with pools and memories of their own.
func replicas(t *testing.T, url string, n int) []*postgres.Store {
	stores := make([]*postgres.Store, n)
	for i := range stores {
		stores[i] = postgres.New(postgrestest.Open(t, url), identity.Resolve)
	}
	return stores
}

// race runs do for 0 to n-1 at the same time and returns the errors.
func race(n int, do func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = do(i)
		})
	}
	done.Wait()
	return errs
}

func slotOf(source string, at time.Time) market.RunRequest {
	return market.RunRequest{Source: source, Kind: market.KindAPI, Trigger: market.TriggerSchedule, ScheduledAt: &at}
}

// requireOneWinner checks that one claim was granted and that all others were refused so.
func requireOneWinner(t *testing.T, errs []error, refusal error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, refusal)
	}
	require.Equal(t, 1, won)
}

func TestOneOfManyClaimsASlot(t *testing.T) {
	stores := replicas(t, postgrestest.URL(t), 3)
	const claims = 12
	for round := range 5 {
		at := noon.Add(time.Duration(round) * time.Minute)
		runs := make([]market.Run, claims)
		errs := race(claims, func(i int) (err error) {
			runs[i], err = stores[i%len(stores)].StartRun(t.Context(), slotOf("coingecko", at))
			return err
		})
		requireOneWinner(t, errs, market.ErrSlotTaken)
		for i, err := range errs {
			if err == nil {
				require.Equal(t, at, *runs[i].ScheduledAt)
				require.Equal(t, market.RunRunning, runs[i].Status)
				finish(t, stores[0], runs[i])
			}
		}
		_, err := stores[1].StartRun(t.Context(), slotOf("coingecko", at))
		require.ErrorIs(t, err, market.ErrSlotTaken, "an ended run gives its slot back")
	}
	n, err := stores[0].CountRuns(t.Context(), market.RunFilter{})
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
}

// Different slots, or none: the source can only be run by one.
func TestOneRunOfASourceAtATime(t *testing.T) {
	stores := replicas(t, postgrestest.URL(t), 2)
	requireOneWinner(t, race(10, func(i int) error {
		_, err := stores[i%2].StartRun(t.Context(), slotOf("coingecko", noon.Add(time.Duration(i)*time.Second)))
		return err
	}), market.ErrRunning)
	manual := market.RunRequest{Source: "coinpaprika", Kind: market.KindAPI, Trigger: market.TriggerManual}
	requireOneWinner(t, race(10, func(i int) error {
		_, err := stores[i%2].StartRun(t.Context(), manual)
		return err
	}), market.ErrRunning)
}

// Processes that meet an empty database at once register sources, make partitions and store.
func TestFirstRunsOfManySourcesAtOnce(t *testing.T) {
	url := postgrestest.URL(t)
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	stores := replicas(t, url, len(names))
	for _, err := range race(2*len(names), func(i int) error {
		store, name := stores[i%len(names)], names[i%len(names)]
		run, err := store.StartRun(t.Context(), slotOf(name, noon))
		if err == nil {
			_, err = store.CommitBatch(t.Context(), run.ID, market.Batch{
				Source: name, FetchedAt: noon, Next: `{}`, Observations: []market.Observation{observe("bitcoin", noon, "1")},
			})
		}
		if errors.Is(err, market.ErrSlotTaken) {
			return nil
		}
		return err
	}) {
		require.NoError(t, err)
	}
	states, err := stores[0].SourceStates(t.Context())
	require.NoError(t, err)
	require.Len(t, states, len(names))
	ids := map[int16]bool{}
	for _, state := range states {
		require.Equal(t, market.RunRunning, state.LastRun.Status)
		ids[state.ID] = true
	}
	require.Len(t, ids, len(names))
	require.Equal(t, []string{"raw_records_2026_01", "raw_records_2026_02"}, partitions(t, postgrestest.Open(t, url)))
}

func TestARunHandsItsCursorOn(t *testing.T) {
	s := newStore(t)
	first := start(t, s, "coingecko")
	require.Empty(t, first.CursorBefore)
	require.Empty(t, first.CursorAfter)
	commit(t, s, first, observe("bitcoin", noon, "1"))
	require.JSONEq(t, `{"page":2}`, string(finish(t, s, first).CursorAfter))
	second := start(t, s, "coingecko")
	require.JSONEq(t, `{"page":2}`, string(second.CursorBefore))
	require.Equal(t, second.CursorBefore, second.CursorAfter)
	require.Empty(t, start(t, s, "coinpaprika").CursorBefore)
}
