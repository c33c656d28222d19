package postgres_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// coin is an observation of a listing with the names and rank that a source gives.
func coin(id, symbol, name string, rank int32) market.Observation {
	o := observe(id, noon, "1")
	o.Symbol, o.Name = symbol, name
	if rank > 0 {
		o.Rank = &rank
	}
	return o
}

// page is what a source says in one go.
type page struct {
	source string
	coins  []market.Observation
}

// told commits each page under a run of its own, later ones at later times.
func told(t *testing.T, s *postgres.Store, pages ...page) {
	t.Helper()
	for n, p := range pages {
		run := start(t, s, p.source)
		for i := range p.coins {
			p.coins[i].ObservedAt = noon.Add(time.Duration(n) * time.Minute)
		}
		commit(t, s, run, p.coins...)
		finish(t, s, run)
	}
}

// catalogue lists each asset as "slug SYMBOL name: source/id METHOD, ...", by name.
func catalogue(t *testing.T, s *postgres.Store) []string {
	t.Helper()
	assets, err := s.Assets(t.Context(), market.AssetFilter{}, market.AssetsByName, market.Window[market.AssetKey]{Size: 500})
	require.NoError(t, err)
	var lines []string
	for _, a := range assets.Items {
		line := fmt.Sprintf("%s %s %s:", a.Slug, a.Symbol, a.Name)
		listings, err := s.ListingsOf(t.Context(), []int64{a.ID})
		require.NoError(t, err)
		for _, l := range listings {
			line += fmt.Sprintf(" %s/%s %s", l.Source, l.ExternalID, l.Match.Method)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestListingsFindTheirAssets(t *testing.T) {
	t.Parallel()
	gecko := page{"coingecko", []market.Observation{coin("bitcoin", "btc", "Bitcoin", 1)}}
	paprika := page{"coinpaprika", []market.Observation{coin("btc-bitcoin", "BTC", "BitCoin", 1)}}
	csv := page{"csv", []market.Observation{coin("BTC", "BTC", "", 0)}}
	both := []string{"bitcoin BTC Bitcoin: coingecko/bitcoin SYMBOL_AND_NAME coinpaprika/btc-bitcoin SYMBOL_AND_NAME"}
	all := []string{both[0] + " csv/BTC TICKER"}
	for _, c := range []struct {
		name  string
		pages []page
		want  []string
	}{
		{"two sources", []page{gecko, paprika}, both},
		{"a ticker last", []page{gecko, paprika, csv}, all},
		{"a ticker in between", []page{gecko, csv, paprika}, all},
		{"a ticker first", []page{csv, gecko, paprika}, all},
		{"a ticker that is a name", []page{{"csv", []market.Observation{coin("DAI", "DAI", "", 0)}}, {"coingecko", []market.Observation{coin("dai", "dai", "Dai", 9)}}},
			[]string{"dai DAI Dai: coingecko/dai ALONE csv/DAI TICKER"}},
		{"a ticker that is the very name, then renamed", []page{{"csv", []market.Observation{coin("BNB", "BNB", "", 0)}},
			{"coingecko", []market.Observation{coin("bnb", "bnb", "BNB", 4)}}, {"coingecko", []market.Observation{coin("bnb", "bnb", "Build and Build", 4)}}},
			[]string{"bnb BNB Build and Build: coingecko/bnb ALONE csv/BNB TICKER"}},
		{"a name first", []page{{"csv", []market.Observation{coin("Bitcoin", "", "Bitcoin", 0)}}, gecko, paprika}, []string{both[0] + " csv/Bitcoin NAME"}},
		{"a name last", []page{gecko, paprika, {"csv", []market.Observation{coin("Bitcoin", "", "Bitcoin", 0)}}}, []string{both[0] + " csv/Bitcoin NAME"}},
		{"a ticker alone", []page{csv}, []string{"btc BTC BTC: csv/BTC ALONE"}},
		{"a renamed coin keeps its slug", []page{gecko, {"coingecko", []market.Observation{coin("bitcoin", "XBT", "Bitcoin Core", 1)}}},
			[]string{"bitcoin XBT Bitcoin Core: coingecko/bitcoin ALONE"}},
		{"a renamed coin is held by its id", []page{gecko, paprika, {"coingecko", []market.Observation{coin("bitcoin", "BTC", "Gold Bitcoin", 900)}}},
			[]string{"bitcoin BTC Gold Bitcoin: coingecko/bitcoin EXTERNAL_ID coinpaprika/btc-bitcoin EXTERNAL_ID"}},
		{"a renamed coin parts", []page{gecko, paprika, {"coingecko", []market.Observation{coin("bitcoin", "XAU", "Gold", 900)}}},
			[]string{"bitcoin-btc BTC BitCoin: coinpaprika/btc-bitcoin ALONE", "bitcoin XAU Gold: coingecko/bitcoin ALONE"}},
		{"coins that come to agree", []page{gecko, {"coinpaprika", []market.Observation{coin("btc-bitcoin", "BTC", "Satoshi", 1)}}, paprika}, both},
		{"names not given take nothing back", []page{gecko, {"coingecko", []market.Observation{coin("bitcoin", "", "", 1)}}},
			[]string{"bitcoin BTC Bitcoin: coingecko/bitcoin ALONE"}},
		{"slugs that are taken", []page{{"coingecko", []market.Observation{
			coin("a", "BTC", "Bitcoin", 1), coin("b", "BTC", "Bitcoin", 2), coin("c", "BTC", "Bitcoin!", 3), coin("d", "BTX", "Bitcoin", 4)}}},
			[]string{"bitcoin BTC Bitcoin: coingecko/a ALONE", "bitcoin-btc BTC Bitcoin: coingecko/b ALONE",
				"bitcoin-btx BTX Bitcoin: coingecko/d ALONE", "bitcoin-btc-2 BTC Bitcoin!: coingecko/c ALONE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			told(t, s, c.pages...)
			require.Equal(t, c.want, catalogue(t, s))
		})
	}
}

// A ticker follows the leader of its ranking; the asset that it leaves keeps its id and slug.
func TestATickerThatMovesTakesNoAssetAlong(t *testing.T) {
	s := newStore(t)
	told(t, s,
		page{"csv", []market.Observation{coin("BTC", "BTC", "", 0)}},
		page{"coingecko", []market.Observation{coin("batcoin", "BTC", "Batcoin", 700)}})
	require.Equal(t, []string{"batcoin BTC Batcoin: coingecko/batcoin ALONE csv/BTC TICKER"}, catalogue(t, s))
	before, err := s.AssetBySlug(t.Context(), "batcoin")
	require.NoError(t, err)
	told(t, s, page{"coingecko", []market.Observation{coin("bitcoin", "BTC", "Bitcoin", 1)}})
	require.Equal(t, []string{"batcoin BTC Batcoin: coingecko/batcoin ALONE", "bitcoin BTC Bitcoin: coingecko/bitcoin ALONE csv/BTC TICKER"},
		catalogue(t, s))
	after, err := s.AssetBySlug(t.Context(), "batcoin")
	require.NoError(t, err)
	require.Equal(t, before.ID, after.ID)
}

// The records of a listing are those of its asset at once, wherever the listing moves.
func TestRecordsMoveWithTheirListing(t *testing.T) {
	s := newStore(t)
	told(t, s, page{"csv", []market.Observation{coin("BTC", "BTC", "", 0)}}, page{"coingecko", []market.Observation{coin("bitcoin", "BTC", "Bitcoin", 1)}})
	records := newest(t, s, market.RecordFilter{Assets: []string{"bitcoin"}})
	require.Len(t, records, 2)
	require.Equal(t, records[0].AssetID, records[1].AssetID)
	require.Len(t, newest(t, s, market.RecordFilter{Assets: []string{"btc"}}), 2, "the slug that it had before a better one")
	latest, err := s.Latest(t.Context(), []int64{records[0].AssetID}, "")
	require.NoError(t, err)
	require.Len(t, latest, 2)
	require.Len(t, newest(t, s, market.RecordFilter{Symbols: []string{"btc"}}), 2)
}

// Pages of several sources bring the same coins at once, over and over: each coin becomes one
// asset, with one listing of each source, and nobody waits for ever.
func TestSourcesMeetOverNewCoins(t *testing.T) {
	url := postgrestest.URL(t)
	stores := replicas(t, url, 3)
	runs := make([]market.Run, len(stores))
	for i, s := range stores {
		runs[i] = start(t, s, seedSources[i])
	}
	const rounds, coins = 15, 6
	for round := range rounds {
		for _, err := range race(len(stores), func(i int) error {
			var observations []market.Observation
			for n := range coins {
				name := fmt.Sprintf("Coin %d-%d", round, n)
				observations = append(observations, coin(fmt.Sprintf("%s-%d-%d", runs[i].Source, round, n), "SAME", name, int32(n+1)))
			}
			if i == 1 {
				slices.Reverse(observations)
			}
			_, err := stores[i].CommitBatch(t.Context(), runs[i].ID, market.Batch{
				Source: runs[i].Source, FetchedAt: time.Now(), Next: `{}`, Observations: observations,
			})
			return err
		}) {
			require.NoError(t, err)
		}
		if round%5 == 4 { // runs that end refresh the ranks of all assets meanwhile
			for _, err := range race(len(stores), func(i int) error {
				_, err := stores[i].FinishRun(t.Context(), runs[i].ID, market.RunEnd{Status: market.RunSucceeded})
				if err == nil {
					runs[i], err = stores[i].StartRun(t.Context(), market.RunRequest{Source: runs[i].Source, Kind: market.KindAPI, Trigger: market.TriggerManual})
				}
				return err
			}) {
				require.NoError(t, err)
			}
		}
	}
	assets, err := stores[0].Assets(t.Context(), market.AssetFilter{}, market.AssetsByName, market.Window[market.AssetKey]{Size: 500})
	require.NoError(t, err)
	require.Len(t, assets.Items, rounds*coins)
	for _, a := range assets.Items {
		listings, err := stores[0].ListingsOf(t.Context(), []int64{a.ID})
		require.NoError(t, err)
		require.Len(t, listings, len(stores), a.Name)
		require.Equal(t, market.Slug(a.Name, a.Symbol, func(string) bool { return false }), a.Slug)
	}
}
