package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/coinpaprika"
	"github.com/kasparro/kasparro/internal/upstream"
)

func TestCoinsOfABackfill(t *testing.T) {
	t.Parallel()
	base := pastSimulator(t)
	store := newTestStore(t)
	paprika := coinpaprika.New(coinpaprika.Options{BaseURL: base + "/coinpaprika/v1", Client: upstream.New(upstream.Options{})})
	c := threeMonths(t)
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
		require.Equal(t, market.RunPartial, run.Status)
		require.Contains(t, run.Error, "1 of 2 coins is unknown to "+run.Source+": no-such-coin;")
		require.EqualValues(t, 1, run.Rejected, "what is not known over there is kept in quarantine, and stops nothing")
		require.Contains(t, []int64{92, 2208}, run.Inserted)
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
	c := threeMonths(t)
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
	ended("history 2024-01-01T00:00:00Z/2024-02-01T07:00:00Z bitcoin", market.RunPartial)
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
	require.Empty(t, first.Note)
	again, _ := run(exitDone, append(days, "coingecko", "--asset", "bitcoin")...)
	require.Zero(t, again.Extracted)
	require.Contains(t, again.Note, "this stretch had been fetched already by "+first.RunID+", which began 20")
	code, table, _ := finish(t, t.TempDir(), env, append([]string{"ingest", "coingecko", "--asset", "bitcoin"}, days...)...)
	require.Equal(t, exitDone, code)
	require.Contains(t, table, "coingecko: "+again.Note+"\n", "the run that fetched it, not the one that found it fetched")
	paprika, _ := run(exitDone, append(days, "coinpaprika", "--asset", "btc-bitcoin")...)
	require.EqualValues(t, 3, paprika.Inserted)
}
