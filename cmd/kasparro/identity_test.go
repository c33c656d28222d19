package main

import (
	"encoding/csv"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/simulator"
)

// knownPairs are the coins that both simulated APIs list: real coins under their real ids, symbols and names,
// with ids by source. The table is the truth that nobody tells the service.
func knownPairs(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.Open("../../internal/simulator/coins.csv")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	pairs := map[string]string{}
	for _, row := range rows[1:] {
		if row[0] != "" && row[1] != "" {
			pairs[row[0]] = row[1]
		}
	}
	return pairs
}

// assetsBySource lists each asset's external ids by source.
func assetsBySource(t *testing.T, store *postgres.Store) (assets []map[string]string) {
	t.Helper()
	page, err := store.Assets(t.Context(), market.AssetFilter{}, market.AssetsByRank, market.Window[market.AssetKey]{Size: 5000})
	require.NoError(t, err)
	ids := make([]int64, len(page.Items))
	for i, a := range page.Items {
		ids[i] = a.ID
	}
	listings, err := store.ListingsOf(t.Context(), ids)
	require.NoError(t, err)
	at := map[int64]map[string]string{}
	for _, l := range listings {
		if at[l.AssetID] == nil {
			at[l.AssetID] = map[string]string{}
			assets = append(assets, at[l.AssetID])
		}
		at[l.AssetID][l.Source] = l.ExternalID
	}
	return assets
}

// Every coin that both APIs list becomes one asset, no two coins do, and the tickers of the CSV find their
// coins: whichever source comes first. Among them are namesakes, drifted symbols and tickers that many share.
func TestSimulatedCoinsFindEachOther(t *testing.T) {
	t.Parallel()
	now := time.Now() // stands still: a coin that moves to another page between two requests is on neither
	srv := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Now: func() time.Time { return now }}))
	t.Cleanup(srv.Close)
	fast := config.Plan{RequestsPerSecond: 1000}
	cfg := config.Config{
		CoinGecko:   config.CoinGecko{BaseURL: srv.URL + "/coingecko/api/v3", Pages: 4, Plan: fast},
		CoinPaprika: config.CoinPaprika{BaseURL: srv.URL + "/coinpaprika/v1", Plan: fast},
	}
	pairs := knownPairs(t)
	require.Greater(t, len(pairs), 800)
	for _, order := range []string{"coingecko coinpaprika csv", "csv coinpaprika coingecko", "coinpaprika csv coingecko"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			store := newTestStore(t)
			picked, err := named(sources(cfg, nil), strings.Fields(order))
			require.NoError(t, err)
			for _, src := range picked {
				require.Equal(t, market.RunSucceeded, ingestInto(t, t.Context(), store, src, nil).Status)
			}
			missing, tickers := maps.Clone(pairs), []string{}
			for _, asset := range assetsBySource(t, store) {
				if gecko, paprika := asset["coingecko"], asset["coinpaprika"]; gecko != "" && paprika != "" {
					require.Equal(t, pairs[gecko], paprika, "%s is another coin", gecko)
					delete(missing, gecko)
				}
				if ticker := asset["csv"]; ticker != "" {
					tickers = append(tickers, ticker+" "+asset["coingecko"])
				}
			}
			require.Empty(t, missing)
			slices.Sort(tickers)
			require.Equal(t, []string{"ADA cardano", "BNB binancecoin", "BTC bitcoin", "DOGE dogecoin", "ETH ethereum", "LTC litecoin"}, tickers)
		})
	}
}

// An administrator parts a ticker from its coin, and takes that back.
func TestAnAdministratorDecidesWhatAListingIs(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(simulator.New(simulator.Options{Seed: 7}))
	t.Cleanup(srv.Close)
	s := serveAPIOnly(t, "COINGECKO_BASE_URL="+srv.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1")
	for i, source := range []string{"csv", "coingecko"} {
		query(t, s.base, testAdminKey, `mutation { startEtlRun(source: "`+source+`") { id } }`)
		require.Equal(t, "SUCCEEDED", s.awaitRun(market.GlobalID(market.IDRun, int64(i+1)))["status"])
	}
	const unlink = `mutation { done: unlinkListing(source: "csv", externalId: "BTC") { asset { slug } pinned matchMethod } }`
	const link = `mutation { done: linkListing(source: "csv", externalId: "BTC", asset: "bitcoin") { asset { slug } pinned matchMethod } }`
	for _, mutation := range []string{unlink, link} {
		code, _ := s.refused(testKey, mutation)
		require.Equal(t, "FORBIDDEN", code)
	}
	rows := `/data?asset=bitcoin&source=csv&limit=1`
	before := get(t, s.base+rows, testKey)["data"]
	require.Len(t, before, 1)
	alone := query(t, s.base, testAdminKey, unlink)["done"].(map[string]any)
	require.NotEqual(t, map[string]any{"slug": "bitcoin"}, alone["asset"])
	require.Equal(t, true, alone["pinned"])
	require.Empty(t, get(t, s.base+rows, testKey)["data"])
	require.Equal(t, map[string]any{"asset": map[string]any{"slug": "bitcoin"}, "pinned": true, "matchMethod": "PINNED"},
		query(t, s.base, testAdminKey, link)["done"])
	require.Equal(t, before, get(t, s.base+rows, testKey)["data"])
	changes := query(t, s.base, testKey, `{ matchChanges(filter: {asset: ["bitcoin"]}) { nodes { to { slug } by changedAt } } }`)["matchChanges"].(map[string]any)["nodes"].([]any)
	require.Len(t, changes, 2)
	newest := changes[0].(map[string]any)
	require.Equal(t, "administrator", newest["by"])
	at, err := time.Parse(time.RFC3339, newest["changedAt"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Hour)
}
