package postgres_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestTheBudgetOfAMonth(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	stores := []*postgres.Store{newStoreOn(db), newStoreOn(postgrestest.Open(t, url))}
	a := postgres.Allowance{Credential: "coingecko:0a1b2c3d", PerSecond: 1000, Burst: 1, PerMonth: 20}
	var all sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		all.Go(func() { _, errs[i] = stores[i%2].Reserve(t.Context(), a) })
	}
	all.Wait()
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	require.Len(t, errs, 30)
	var next string
	require.NoError(t, db.NewRaw(`SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month', 'YYYY-MM-DD"T00:00:00Z"')`).
		Scan(t.Context(), &next))
	for _, err := range errs {
		require.ErrorIs(t, err, market.ErrQuota)
		require.NotErrorIs(t, err, market.ErrUnavailable)
		require.EqualError(t, err, "coingecko: the month's budget of requests is spent: all 20 were made; "+
			"raise COINGECKO_MONTHLY_REQUESTS if the plan allows more, or wait until "+next)
	}
	require.EqualValues(t, 20, requestsOf(t, db, a), "what was refused is not counted")
	due := dueOf(t, db, a)
	_, err := stores[0].Reserve(t.Context(), a)
	require.ErrorIs(t, err, market.ErrQuota)
	require.Equal(t, due, dueOf(t, db, a), "nor does it push back the next")

	a.PerMonth = 21
	_, err = stores[0].Reserve(t.Context(), a)
	require.NoError(t, err, "a raised budget holds at once")
	a.PerMonth = 0
	for range 5 {
		_, err = stores[1].Reserve(t.Context(), a)
		require.NoError(t, err, "no budget")
	}
	require.EqualValues(t, 26, requestsOf(t, db, a), "without a budget the count goes on")
}

func TestTheCountBeginsAnewWithTheMonth(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	a := postgres.Allowance{Credential: "coinpaprika", PerSecond: 1000, Burst: 1, PerMonth: 2}
	for month, want := range []int64{1, 1, 1} {
		_, err := s.Reserve(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, want, requestsOf(t, db, a), "month %d", month)
		_, err = s.Reserve(t.Context(), a)
		require.NoError(t, err)
		_, err = s.Reserve(t.Context(), a)
		require.ErrorIs(t, err, market.ErrQuota)
		_, err = db.ExecContext(t.Context(), "UPDATE upstream_allowances SET month = month - interval '1 month'")
		require.NoError(t, err)
	}
	_, err := s.Reserve(t.Context(), a)
	require.NoError(t, err)
	var current bool
	require.NoError(t, db.NewRaw("SELECT month = date_trunc('month', now() AT TIME ZONE 'UTC')::date FROM upstream_allowances").Scan(t.Context(), &current))
	require.True(t, current)
}
