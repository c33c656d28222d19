package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/upstream"
)

// pastSimulator serves both APIs at a standing clock.
func pastSimulator(t *testing.T) (base string) {
	now := time.Now()
	srv := httptest.NewServer(simulator.New(simulator.Options{Seed: 1, Now: func() time.Time { return now }}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func pastGecko(base string, coins int) source.Source {
	return coingecko.New(coingecko.Options{
		BaseURL: base + "/coingecko/api/v3", Pages: 1, PageSize: coins, Client: upstream.New(upstream.Options{}),
	})
}

// backfill runs the sources' past as the command does.
func backfill(t *testing.T, ctx context.Context, c *ingestCommand, store *postgres.Store, onPage func(), picked ...source.Source) []market.Run {
	t.Helper()
	stretches, streams, err := c.past(t.Context(), store, picked)
	require.NoError(t, err)
	r := ingest.Runner{Store: store, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
	if onPage != nil {
		r.OnPage = func(string, ingest.Progress) { onPage() }
	}
	var runs []market.Run
	for _, s := range stretches {
		run, err := r.Run(ctx, s, ingest.Request{Stream: streams[s.Name()], Trigger: market.TriggerManual})
		require.NoError(t, err)
		runs = append(runs, run)
	}
	return runs
}

// threeMonths are 92 days, two chunks of every coin with a point an hour.
func threeMonths(t *testing.T) *ingestCommand {
	t.Helper()
	to := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -50)
	return &ingestCommand{stretch: stretch{From: instant{to.AddDate(0, 0, -92)}, To: instant{to}}}
}

func TestABackfillCutOffGoesOnAndEndsWithTheSameRows(t *testing.T) {
	t.Parallel()
	base := pastSimulator(t)
	c := threeMonths(t)
	whole := newTestStore(t)
	ingestInto(t, t.Context(), whole, pastGecko(base, 2), nil)
	all := backfill(t, t.Context(), c, whole, nil, pastGecko(base, 2))[0]
	require.Equal(t, market.RunSucceeded, all.Status, all.Error)
	require.EqualValues(t, 4, all.Pages)
	require.EqualValues(t, 2*2208, all.Inserted)

	store := newTestStore(t)
	live := ingestInto(t, t.Context(), store, pastGecko(base, 2), nil)
	ctx, cancel := context.WithCancel(t.Context())
	pages := 0
	first := backfill(t, ctx, c, store, func() {
		if pages++; pages == 3 {
			cancel()
		}
	}, pastGecko(base, 2))[0]
	require.Equal(t, market.RunInterrupted, first.Status)
	require.EqualValues(t, 3, first.Pages)

	ingestInto(t, t.Context(), store, pastGecko(base, 3), nil) // in the meantime a coin has come
	rest := backfill(t, t.Context(), c, store, nil, pastGecko(base, 2))[0]
	require.Equal(t, market.RunSucceeded, rest.Status, rest.Error)
	require.Equal(t, first.Stream, rest.Stream)
	require.EqualValues(t, 1+2, rest.Pages, "it resumes at the chunk it had reached, and has the new coin last")
	require.EqualValues(t, 3*2208, first.Inserted+rest.Inserted)

	again := backfill(t, t.Context(), c, store, nil, pastGecko(base, 2))[0]
	require.Equal(t, market.RunSucceeded, again.Status)
	require.Zero(t, again.Pages+again.Extracted+again.Inserted, "nothing is left to do")

	next := ingestInto(t, t.Context(), store, pastGecko(base, 2), nil)
	require.Equal(t, live.CursorAfter, next.CursorBefore, "the live cursor has not moved")
	require.Zero(t, next.Inserted+next.Updated, "no record of the present has changed")
	requireSameOfKnown(t, everyRecord(t, whole), everyRecord(t, store))
}

// requireSameOfKnown compares records, those of coins left out that are not wanted at all.
func requireSameOfKnown(t *testing.T, want, got []market.Record) {
	t.Helper()
	known := map[string]bool{}
	for _, r := range want {
		known[r.ExternalID] = true
	}
	var same []market.Record
	for _, r := range got {
		if known[r.ExternalID] {
			same = append(same, r)
		}
	}
	require.Equal(t, bare(want), bare(same))
}

func TestABackfillAndTheLiveRunGoSideBySide(t *testing.T) {
	t.Parallel()
	base := pastSimulator(t)
	store := newTestStore(t)
	ingestInto(t, t.Context(), store, pastGecko(base, 1), nil)
	c := threeMonths(t)
	var once sync.Once
	run := backfill(t, t.Context(), c, store, func() {
		once.Do(func() {
			live := ingestInto(t, t.Context(), store, pastGecko(base, 1), nil)
			require.Equal(t, market.RunSucceeded, live.Status)
			stretches, streams, err := c.past(t.Context(), store, []source.Source{pastGecko(base, 1)})
			require.NoError(t, err)
			r := ingest.Runner{Store: store, Log: slog.New(slog.DiscardHandler), Beat: postgres.Beat}
			_, err = r.Run(t.Context(), stretches[0], ingest.Request{Stream: streams["coingecko"], Trigger: market.TriggerManual})
			require.ErrorIs(t, err, market.ErrRunning, "the same stretch twice at once")
		})
	}, pastGecko(base, 1))[0]
	require.Equal(t, market.RunSucceeded, run.Status, run.Error)
	require.EqualValues(t, 2208, run.Inserted)
}
