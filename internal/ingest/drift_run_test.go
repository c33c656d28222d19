package ingest_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/ingest"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/simulator"
	"github.com/kasparro/kasparro/internal/source/coingecko"
	"github.com/kasparro/kasparro/internal/upstream"
)

// drifting runs CoinGecko as a simulator plays it.
type drifting struct {
	*testing.T

	store *postgres.Store
	url   string
	log   strings.Builder
	src   *coingecko.Source
}

func newDrifting(t *testing.T, coins, pages int) *drifting {
	server := httptest.NewServer(simulator.New(simulator.Options{Coins: coins}))
	t.Cleanup(server.Close)
	return &drifting{T: t, store: newStore(t), url: server.URL, src: coingecko.New(coingecko.Options{
		BaseURL: server.URL + "/coingecko/api/v3", Pages: pages, Client: upstream.New(upstream.Options{RequestsPerSecond: 1000, Burst: 10}),
	})}
}

// run runs it once and returns the run with the drifts that it told.
func (d *drifting) run() (market.Run, []market.Drift) {
	d.Helper()
	r := ingest.Runner{Store: d.store, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Beat: postgres.Beat}
	run, err := r.Run(d.Context(), d.src, ingest.Request{Trigger: market.TriggerManual})
	require.NoError(d, err)
	page, err := d.store.Drifts(d.Context(), market.DriftFilter{RunIDs: []int64{run.ID}}, market.Window[int64]{Size: 10})
	require.NoError(d, err)
	return run, page.Items
}

// misbehave posts a fault to the simulator, or, where there is none, ends all.
func (d *drifting) misbehave(fault string) {
	d.Helper()
	method := http.MethodPost
	if fault == "" {
		method = http.MethodDelete
	}
	req, err := http.NewRequestWithContext(d.Context(), method, d.url+"/control/faults", strings.NewReader(fault))
	require.NoError(d, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(d, err)
	require.NoError(d, resp.Body.Close())
	require.Less(d, resp.StatusCode, 300)
}

// An upstream renames the price: no item can be read, the run stops, and says what has probably happened.
func TestARenamedFieldIsNamed(t *testing.T) {
	d := newDrifting(t, 300, 2)
	for range 2 {
		_, found := d.run()
		require.Empty(t, found, "the first run has nothing to compare with")
	}
	d.misbehave(`{"upstream":"coingecko","path":"/coins/markets","kind":"schema","times":9,"rename":{"current_price":"currentPrice"}}`)
	run, found := d.run()
	require.Len(t, found, 2)
	missing, fresh := found[0], found[1]
	require.Equal(t, market.DriftMissingPath, missing.Kind)
	require.Equal(t, "current_price", missing.Path)
	require.Contains(t, missing.Expected, "number")
	require.Equal(t, "currentPrice", missing.RenameCandidate)
	require.InDelta(t, 1, missing.Confidence, 0.1)
	require.Equal(t, market.DriftNewPath, fresh.Kind)
	require.Equal(t, "currentPrice", fresh.Path)
	require.Equal(t, market.RunFailed, run.Status)
	require.Contains(t, run.Error, "250 of 250 items")
	require.Contains(t, d.log.String(), "currentPrice")
	_, found = d.run()
	require.Empty(t, found, "it is told once")

	d.misbehave("")
	_, found = d.run()
	require.Len(t, found, 2)
	require.Equal(t, "current_price", found[0].Path)
	require.Equal(t, market.DriftNewPath, found[0].Kind)
	require.Equal(t, "current_price", found[1].RenameCandidate)
}

// A rename reaches the upstream's answers between two pages: the run in which it does sees both names, and
// ends there where it cannot go on without the old one.
func TestARenameInTheMiddleOfARunIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		now    string
		during market.RunStatus
		after  market.RunStatus
	}{
		"market_cap_rank": {"marketcap_rank", market.RunSucceeded, market.RunSucceeded},
		"current_price":   {"curent_price", market.RunPartial, market.RunFailed},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrifting(t, 1000, 4)
			_, found := d.run()
			require.Empty(t, found)
			d.misbehave(`{"upstream":"coingecko","kind":"schema","after":2,"times":6,"rename":{"` + name + `":"` + c.now + `"}}`)
			run, found := d.run()
			require.Equal(t, c.during, run.Status, run.Error)
			require.Len(t, found, 1)
			require.Equal(t, market.DriftNewPath, found[0].Kind)
			require.Equal(t, c.now, found[0].Path)

			run, found = d.run()
			require.Equal(t, c.after, run.Status, run.Error)
			require.Len(t, found, 1)
			require.Equal(t, market.DriftMissingPath, found[0].Kind)
			require.Equal(t, name, found[0].Path)
			require.Equal(t, c.now, found[0].RenameCandidate)
			require.GreaterOrEqual(t, found[0].Confidence, 0.75)
			require.Contains(t, d.log.String(), "probably_renamed_to="+c.now)
		})
	}
}

// A number that becomes a text is told, the way back is, and so is the next time.
func TestATypeThatReturnsIsTold(t *testing.T) {
	d := newDrifting(t, 300, 2)
	d.run()
	for range 2 {
		for _, now := range []string{"string", "number"} {
			if now == "string" {
				d.misbehave(`{"upstream":"coingecko","kind":"schema","times":2,"retype":{"market_cap_rank":"string"}}`)
			}
			run, found := d.run()
			require.Equal(t, market.RunSucceeded, run.Status, run.Error)
			require.Len(t, found, 1)
			require.Equal(t, market.DriftTypeChanged, found[0].Kind)
			require.Equal(t, "market_cap_rank", found[0].Path)
			require.Contains(t, found[0].Seen, now)
			require.NotContains(t, found[0].Expected, now)
		}
	}
}
