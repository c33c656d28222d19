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

// An upstream renames the price: no item can be read, the run stops, and says what has probably happened.
func TestARenamedFieldIsNamed(t *testing.T) {
	server := httptest.NewServer(simulator.New(simulator.Options{Coins: 300}))
	t.Cleanup(server.Close)
	s := newStore(t)
	var log strings.Builder
	r := ingest.Runner{Store: s, Log: slog.New(slog.NewTextHandler(&log, nil)), Beat: postgres.Beat}
	src := coingecko.New(coingecko.Options{
		BaseURL: server.URL + "/coingecko/api/v3", Pages: 2, Client: upstream.New(upstream.Options{RequestsPerSecond: 1000, Burst: 10}),
	})
	drifts := func() []market.Drift {
		run, err := r.Run(t.Context(), src, ingest.Request{Trigger: market.TriggerManual})
		require.NoError(t, err)
		page, err := s.Drifts(t.Context(), market.DriftFilter{RunIDs: []int64{run.ID}}, market.Window[int64]{Size: 10})
		require.NoError(t, err)
		return page.Items
	}
	require.Empty(t, drifts(), "the first run has nothing to compare with")
	require.Empty(t, drifts())

	rename := `{"upstream":"coingecko","path":"/coins/markets","kind":"schema","times":9,"rename":{"current_price":"currentPrice"}}`
	resp, err := http.Post(server.URL+"/control/faults", "application/json", strings.NewReader(rename))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	found := drifts()
	require.Len(t, found, 2)
	missing, fresh := found[0], found[1]
	require.Equal(t, market.DriftMissingPath, missing.Kind)
	require.Equal(t, "current_price", missing.Path)
	require.Contains(t, missing.Expected, "number")
	require.Equal(t, "currentPrice", missing.RenameCandidate)
	require.InDelta(t, 1, missing.Confidence, 0.1)
	require.Equal(t, market.DriftNewPath, fresh.Kind)
	require.Equal(t, "currentPrice", fresh.Path)
	runs, err := s.RunsByID(t.Context(), []int64{missing.RunID})
	require.NoError(t, err)
	require.Equal(t, market.RunFailed, runs[0].Status)
	require.Contains(t, runs[0].Error, "250 of 250 items")
	require.Contains(t, log.String(), "currentPrice")
	require.Empty(t, drifts(), "it is told once")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, server.URL+"/control/faults", http.NoBody)
	require.NoError(t, err)
	resp, err = http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	found = drifts()
	require.Len(t, found, 2)
	require.Equal(t, "current_price", found[0].Path)
	require.Equal(t, market.DriftNewPath, found[0].Kind)
	require.Equal(t, "current_price", found[1].RenameCandidate)
}
