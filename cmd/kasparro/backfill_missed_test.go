package main

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
)

// One 404 in the middle of a backfill makes it end in part, and the same command fills the hole.
func TestABackfillFillsItsHoles(t *testing.T) {
	t.Parallel()
	now := time.Now()
	sim := simulator.New(simulator.Options{Seed: 1, Now: func() time.Time { return now }})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	env := []string{"DATABASE_URL=" + postgrestest.EmptyURL(t), "LOG_FORMAT=json", "COINGECKO_BASE_URL=" + srv.URL + "/coingecko/api/v3"}
	to := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -10)
	run := func(wantCode int, assets ...string) (r report) {
		t.Helper()
		args := []string{"ingest", "--json", "coingecko", "--from", to.AddDate(0, 0, -2).Format(time.DateOnly), "--to", to.Format(time.DateOnly)}
		for _, a := range assets {
			args = append(args, "--asset", a)
		}
		code, stdout, stderr := finish(t, t.TempDir(), env, args...)
		require.Equal(t, wantCode, code, stderr)
		require.NoError(t, json.Unmarshal([]byte(stdout), &r), stdout)
		return r
	}
	require.NoError(t, sim.Misbehave(simulator.Fault{
		Upstream: "coingecko", Kind: "not_found", Path: "/coins/ethereum/market_chart/range", Times: 2,
	}))
	for _, inserted := range []int64{2 * 48, 0} {
		r := run(exitPartial, "bitcoin", "ethereum", "tether")
		require.Equal(t, "partial", r.Status)
		require.Contains(t, r.Error, "1 of 3 coins is unknown to coingecko: ethereum;")
		require.Equal(t, inserted, r.Inserted)
		require.EqualValues(t, 1, r.Rejected)
	}
	r := run(exitDone, "bitcoin", "ethereum", "tether")
	require.EqualValues(t, 48, r.Inserted)
	require.EqualValues(t, 1, r.Pages, "nothing else is asked for")
	require.Empty(t, r.Note)
	require.Contains(t, run(exitDone, "bitcoin", "ethereum", "tether").Note, "already by "+r.RunID)

	r = run(exitPartial, "nonesuch")
	require.Equal(t, "partial", r.Status)
	require.Contains(t, r.Error, "1 of 1 coins is unknown to coingecko: nonesuch;")
}

// An open end waits for what was missed for as long as asking again brings anything, and no longer.
func TestAnOpenEndDoesNotWaitForTheDead(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{Seed: 1})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	require.NoError(t, sim.Misbehave(simulator.Fault{Upstream: "coingecko", Kind: "not_found", Path: "/coins/bitcoin/market_chart/range", Times: 1}))
	store := newTestStore(t)
	c := &ingestCommand{stretch: stretch{From: instant{time.Now().UTC().Truncate(time.Hour).Add(-5 * time.Hour)}, Assets: []string{"bitcoin", "nonesuch"}}}
	end := func() time.Time {
		to, err := c.end(t.Context(), store, "coingecko", "bitcoin,nonesuch")
		require.NoError(t, err)
		return to
	}
	was := *c
	was.To = instant{c.From.Add(2 * time.Hour)} // as if the command had been given three hours ago
	for _, inserted := range []int64{0, 24} {
		run := backfill(t, t.Context(), &was, store, nil, pastGecko(srv.URL, 1))[0]
		require.Equal(t, market.RunPartial, run.Status)
		require.Equal(t, inserted, run.Inserted)
		require.Equal(t, was.To.Time, end())
	}
	backfill(t, t.Context(), &was, store, nil, pastGecko(srv.URL, 1))
	require.True(t, end().After(was.To.Time), "it was missed again")
}
