package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A request every 1000 s: next to that, what the test itself takes is nothing.
const every = 1000 * time.Second

var rare = postgres.Allowance{Credential: "coingecko:0a1b2c3d", PerSecond: 1 / every.Seconds(), Burst: 1}

// requireDue holds waits, the shortest first, against when the requests are due after the first of them.
func requireDue(t *testing.T, began time.Time, want, waits []time.Duration) {
	t.Helper()
	require.Len(t, waits, len(want))
	slices.Sort(waits)
	took := time.Since(began)
	for i, wait := range waits {
		require.LessOrEqual(t, wait, want[i]+time.Millisecond, "request %d", i)
		require.GreaterOrEqual(t, wait, max(0, want[i]-took-time.Millisecond), "request %d", i)
	}
}

func TestProcessesShareARate(t *testing.T) {
	url := postgrestest.URL(t)
	stores := []*postgres.Store{newStoreOn(postgrestest.Open(t, url)), newStoreOn(postgrestest.Open(t, url))}
	began := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	var waits, want []time.Duration
	for i := range 60 {
		want = append(want, time.Duration(i)*every)
		all.Go(func() {
			wait, err := stores[i%2].Reserve(t.Context(), rare)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				waits = append(waits, wait)
			}
		})
	}
	all.Wait()
	requireDue(t, began, want, waits)
	other := rare
	other.Credential = "coingecko:ffffffff"
	wait, err := stores[0].Reserve(t.Context(), other)
	require.NoError(t, err)
	require.Zero(t, wait, "another credential has a rate of its own")
}

func TestSomeRequestsMayGoAtOnce(t *testing.T) {
	s, began := newStore(t), time.Now()
	burst := rare
	burst.Burst = 3
	var waits []time.Duration
	for range 5 {
		wait, err := s.Reserve(t.Context(), burst)
		require.NoError(t, err)
		waits = append(waits, wait)
	}
	requireDue(t, began, []time.Duration{0, 0, 0, every, 2 * every}, waits)
}

// What was not asked for in the past does not pile up beyond the burst.
func TestARestIsNotSavedUp(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	_, err := s.Reserve(t.Context(), rare)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE upstream_allowances SET due_at = now() - interval '1 year'")
	require.NoError(t, err)
	began := time.Now()
	var waits []time.Duration
	for range 3 {
		wait, err := s.Reserve(t.Context(), rare)
		require.NoError(t, err)
		waits = append(waits, wait)
	}
	requireDue(t, began, []time.Duration{0, every, 2 * every}, waits)
}

func TestWhatWouldWaitTooLongIsNotReserved(t *testing.T) {
	db := postgrestest.New(t)
	s, began := newStoreOn(db), time.Now()
	hurried := rare
	hurried.MaxWait = every + every/2
	var waits []time.Duration
	for range 5 {
		wait, err := s.Reserve(t.Context(), hurried)
		require.NoError(t, err)
		waits = append(waits, wait)
	}
	requireDue(t, began, []time.Duration{0, every, 2 * every, 2 * every, 2 * every}, waits)
	require.EqualValues(t, 2, requestsOf(t, db, hurried))
}

func TestAnAllowanceOfADatabaseThatIsAway(t *testing.T) {
	line := newLine(t, postgrestest.URL(t))
	s := newStoreOn(postgrestest.Open(t, line.url))
	_, err := s.Reserve(t.Context(), rare)
	require.NoError(t, err)
	line.cut()
	_, err = s.Reserve(t.Context(), rare)
	require.ErrorIs(t, err, market.ErrUnavailable)
	require.ErrorContains(t, err, "reserve a request to coingecko: ")
	require.NotContains(t, err.Error(), "0a1b2c3d")
	line.mend(t)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = s.Reserve(ended, rare)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, market.ErrUnavailable)
}

func requestsOf(t *testing.T, db *bun.DB, a postgres.Allowance) (n int64) {
	t.Helper()
	readAllowance(t, db, a, "requests", &n)
	return n
}

func dueOf(t *testing.T, db *bun.DB, a postgres.Allowance) (at time.Time) {
	t.Helper()
	readAllowance(t, db, a, "due_at", &at)
	return at
}

func readAllowance(t *testing.T, db *bun.DB, a postgres.Allowance, column string, into any) {
	t.Helper()
	require.NoError(t, db.NewRaw(fmt.Sprintf("SELECT %s FROM upstream_allowances WHERE credential = ?", column), a.Credential).Scan(t.Context(), into))
}
