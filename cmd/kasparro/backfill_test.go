package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
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

// hundredDays are two chunks of every coin.
func hundredDays(t *testing.T) *ingestCommand {
	t.Helper()
	to := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -50)
	return &ingestCommand{stretch: stretch{From: instant{to.AddDate(0, 0, -100)}, To: instant{to}}}
}

func TestABackfillCutOffGoesOnAndEndsWithTheSameRows(t *testing.T) {
	t.Parallel()
	base := pastSimulator(t)
	c := hundredDays(t)
	whole := newTestStore(t)
	ingestInto(t, t.Context(), whole, pastGecko(base, 3), nil)
	all := backfill(t, t.Context(), c, whole, nil, pastGecko(base, 3))[0]
	require.Equal(t, market.RunSucceeded, all.Status, all.Error)
	require.EqualValues(t, 6, all.Pages)
	require.EqualValues(t, 3*2400, all.Inserted)

	store := newTestStore(t)
	live := ingestInto(t, t.Context(), store, pastGecko(base, 3), nil)
	ctx, cancel := context.WithCancel(t.Context())
	pages := 0
	first := backfill(t, ctx, c, store, func() {
		if pages++; pages == 3 {
			cancel()
		}
	}, pastGecko(base, 3))[0]
	require.Equal(t, market.RunInterrupted, first.Status)
	require.EqualValues(t, 3, first.Pages)

	ingestInto(t, t.Context(), store, pastGecko(base, 4), nil) // in the meantime a coin has come
	rest := backfill(t, t.Context(), c, store, nil, pastGecko(base, 3))[0]
	require.Equal(t, market.RunSucceeded, rest.Status, rest.Error)
	require.Equal(t, first.Stream, rest.Stream)
	require.EqualValues(t, 3+2, rest.Pages, "it resumes at the chunk it had reached, and has the new coin last")
	require.EqualValues(t, 4*2400, first.Inserted+rest.Inserted)

	again := backfill(t, t.Context(), c, store, nil, pastGecko(base, 3))[0]
	require.Equal(t, market.RunSucceeded, again.Status)
	require.Zero(t, again.Pages+again.Extracted+again.Inserted, "nothing is left to do")

	next := ingestInto(t, t.Context(), store, pastGecko(base, 3), nil)
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
	c := hundredDays(t)
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
	require.EqualValues(t, 2400, run.Inserted)
}

func TestCoinsOfABackfill(t *testing.T) {
	t.Parallel()
	base := pastSimulator(t)
	store := newTestStore(t)
	paprika := coinpaprika.New(coinpaprika.Options{BaseURL: base + "/coinpaprika/v1", Client: upstream.New(upstream.Options{})})
	c := hundredDays(t)
	_, _, err := c.past(t.Context(), store, []source.Source{paprika})
	require.ErrorContains(t, err, "coinpaprika: no coin of it is known yet: run kasparro ingest coinpaprika first")

	ingestInto(t, t.Context(), store, paprika, nil)
	ingestInto(t, t.Context(), store, pastGecko(base, 5), nil)
	stretch := fmt.Sprintf("history %s/%s ", c.From.Format(time.RFC3339), c.To.Format(time.RFC3339))
	for name, want := range map[string]struct {
		assets         []string
		gecko, paprika string
	}{
		"by slug":            {[]string{"ethereum", "bitcoin", "ethereum"}, "bitcoin,ethereum", "btc-bitcoin,eth-ethereum"},
		"by the source's id": {[]string{"btc-bitcoin"}, "btc-bitcoin", "btc-bitcoin"},
		"all":                {nil, "all", "all"},
	} {
		c.Assets = want.assets
		_, streams, err := c.past(t.Context(), store, []source.Source{pastGecko(base, 5), paprika})
		require.NoError(t, err)
		require.Equal(t, map[string]string{"coingecko": stretch + want.gecko, "coinpaprika": stretch + want.paprika}, streams, name)
	}

	c.Assets = []string{"bitcoin", "no-such-coin"}
	for _, run := range backfill(t, t.Context(), c, store, nil, pastGecko(base, 5), paprika) {
		require.Equal(t, market.RunSucceeded, run.Status, run.Error)
		require.EqualValues(t, 1, run.Rejected, "what is not known over there is kept in quarantine, and stops nothing")
		require.Contains(t, []int64{100, 2400}, run.Inserted)
	}
	kept, err := store.Rejections(t.Context(), market.RejectionFilter{Codes: []string{source.ProblemUnknownCoin}}, market.Window[int64]{Size: 9})
	require.NoError(t, err)
	require.Len(t, kept.Items, 2)
	require.Equal(t, "no-such-coin", kept.Items[0].ExternalID)
}

// A run that was cut off finds the coins where it left them: what comes to be known later, and leads
// the ranking, comes behind them.
func TestCoinsOfABackfillKeepTheirOrder(t *testing.T) {
	t.Parallel()
	base := pastSimulator(t)
	store := newTestStore(t)
	c := hundredDays(t)
	c.From, c.Assets = instant{c.To.AddDate(0, 0, -2)}, []string{"dogecoin"}
	backfill(t, t.Context(), c, store, nil, pastGecko(base, 1))
	c.Assets = nil
	before, err := c.coins(t.Context(), store, "coingecko")
	require.NoError(t, err)
	require.Equal(t, []string{"dogecoin"}, before)
	ingestInto(t, t.Context(), store, pastGecko(base, 3), nil)
	after, err := c.coins(t.Context(), store, "coingecko")
	require.NoError(t, err)
	require.Len(t, after, 4)
	require.Equal(t, "dogecoin", after[0])
}

// Without an end it goes on to that of the run that was cut off, though an hour may have passed.
func TestAnOpenEndIsThatOfTheRunThatWasCutOff(t *testing.T) {
	t.Parallel()
	store := newTestStore(t)
	c := &ingestCommand{stretch: stretch{From: at(t, "2024-01-01"), Assets: []string{"bitcoin"}}}
	src := []source.Source{pastGecko("http://127.0.0.1:1", 1)}
	hour := time.Now().UTC().Truncate(time.Hour).Format(time.RFC3339)
	stream := func() string {
		_, streams, err := c.past(t.Context(), store, src)
		require.NoError(t, err)
		return streams["coingecko"]
	}
	ended := func(stream string, status market.RunStatus) {
		run, err := store.StartRun(t.Context(), market.RunRequest{Source: "coingecko", Kind: market.KindAPI, Stream: stream, Trigger: market.TriggerManual})
		require.NoError(t, err)
		_, err = store.FinishRun(t.Context(), run.ID, market.RunEnd{Status: status})
		require.NoError(t, err)
	}
	require.Equal(t, "history 2024-01-01T00:00:00Z/"+hour+" bitcoin", stream())
	ended("history 2024-01-01T00:00:00Z/2024-02-01T07:00:00Z bitcoin", market.RunInterrupted)
	ended("history 2024-01-01T00:00:00Z/2024-02-01T08:00:00Z ethereum", market.RunInterrupted)
	ended("history 2024-01-02T00:00:00Z/2024-02-01T09:00:00Z bitcoin", market.RunInterrupted)
	ended("", market.RunFailed)
	require.Equal(t, "history 2024-01-01T00:00:00Z/2024-02-01T07:00:00Z bitcoin", stream())
	ended("history 2024-01-01T00:00:00Z/2024-02-01T07:00:00Z bitcoin", market.RunSucceeded)
	require.Equal(t, "history 2024-01-01T00:00:00Z/"+hour+" bitcoin", stream())
}

func TestIngestGetsHistory(t *testing.T) {
	t.Parallel()
	base := pastSimulator(t)
	env := []string{
		"DATABASE_URL=" + postgrestest.EmptyURL(t), "LOG_FORMAT=json",
		"COINGECKO_BASE_URL=" + base + "/coingecko/api/v3", "COINPAPRIKA_BASE_URL=" + base + "/coinpaprika/v1",
	}
	to := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -10)
	days := []string{"--from", to.AddDate(0, 0, -3).Format(time.DateOnly), "--to", to.Format(time.DateOnly)}
	run := func(wantCode int, args ...string) (r report, stderr string) {
		code, stdout, stderr := finish(t, t.TempDir(), env, append([]string{"ingest", "--json"}, args...)...)
		require.Equal(t, wantCode, code, stderr)
		if code == exitDone {
			require.NoError(t, json.Unmarshal([]byte(stdout), &r), stdout)
		}
		return r, stderr
	}
	_, stderr := run(exitUsage, "coingecko", "--asset", "bitcoin")
	require.Contains(t, stderr, "--from")
	_, stderr = run(exitUsage, "coingecko", "--from", "yesterday")
	require.Contains(t, stderr, `"yesterday" is no time`)
	_, stderr = run(exitUsage, append(days, "csv")...)
	require.Contains(t, stderr, `"csv" cannot be asked for history`)

	dry, _ := run(exitDone, append(days, "coingecko", "--asset", "bitcoin", "--dry-run")...)
	require.EqualValues(t, 72, dry.Extracted)
	require.Equal(t, "dry_run", dry.Status)
	_, stderr = run(exitFailed, append(days, "coingecko")...)
	require.Contains(t, stderr, "run kasparro ingest coingecko first")

	first, _ := run(exitDone, append(days, "coingecko", "--asset", "bitcoin")...)
	require.EqualValues(t, 72, first.Inserted)
	require.Equal(t, "succeeded", first.Status)
	again, _ := run(exitDone, append(days, "coingecko", "--asset", "bitcoin")...)
	require.Zero(t, again.Extracted)
	paprika, _ := run(exitDone, append(days, "coinpaprika", "--asset", "btc-bitcoin")...)
	require.EqualValues(t, 3, paprika.Inserted)
}
