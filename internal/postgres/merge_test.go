package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// Two listings with one name become one asset when their prices come to agree, and two again when they part.
// The asset that goes leads to the other meanwhile, and comes back as it was, whichever source was first.
func TestPricesThatAgreeAndPart(t *testing.T) {
	for _, sources := range [][2]string{{"alpha", "beta"}, {"beta", "alpha"}} {
		t.Run(strings.Join(sources[:], " first, then "), func(t *testing.T) {
			s := newStory(t)
			first, second := sources[0], sources[1]
			fresh := 0
			again := func(price string) { // something new beside it, or nobody looks
				fresh++
				s.say(t, second, priced("two", "ADX", "Ada", price), priced(fmt.Sprint(fresh), fmt.Sprint("N", fresh), fmt.Sprint("Zed ", fresh), "3"))
			}
			s.say(t, first, priced("one", "ADA", "Ada", "10"))
			again("500")
			apart := []string{
				fmt.Sprintf("1 ada ADA Ada: %s/one ALONE", first), fmt.Sprintf("%d ada-adx ADX Ada: %s/two ALONE", s.asset(t, "ada-adx").ID, second),
			}
			require.Equal(t, apart, s.homes(t)[:2])
			again("10.2")
			survivor := s.asset(t, "ada")
			require.EqualValues(t, 1, survivor.ID, "the first is no worse than the second")
			require.Equal(t, survivor, s.asset(t, "ada-adx"))
			listings, err := s.ListingsOf(t.Context(), []int64{1})
			require.NoError(t, err)
			require.Len(t, listings, 2)
			for _, l := range listings {
				require.Equal(t, market.MatchNameAndPrice, l.Match.Method)
				require.Equal(t, 0.85, l.Match.Confidence)
			}
			s.requireWhole(t)
			again("900")
			require.Equal(t, apart, s.homes(t)[:2])
			s.requireWhole(t)
			require.Len(t, s.changes(t), 2)
			require.Contains(t, s.changes(t)[0], fmt.Sprintf("%s/two %s>1 NAME_AND_PRICE run_", second, strings.Fields(apart[1])[0]))
			require.Contains(t, s.changes(t)[1], fmt.Sprintf("%s/two 1>%s ALONE run_", second, strings.Fields(apart[1])[0]))
		})
	}
}

// The end of a run looks once more, with the prices of all its pages.
func TestTheEndOfARunSeesAllItsPrices(t *testing.T) {
	s := newStory(t)
	s.say(t, "alpha", priced("one", "ADA", "Ada", "10"))
	run := start(t, s.Store, "beta")
	for i, price := range []string{"500", "10.1"} {
		o := priced("two", "ADX", "Ada", price)
		o.ObservedAt = noon.Add(time.Duration(i) * time.Hour)
		commit(t, s.Store, run, o)
		require.Len(t, s.homes(t), 2, "its name was new on the first page only")
	}
	finish(t, s.Store, run)
	require.Equal(t, []string{"1 ada ADA Ada: alpha/one NAME_AND_PRICE beta/two NAME_AND_PRICE"}, s.homes(t))
	require.Equal(t, []string{fmt.Sprintf("beta/two 2>1 NAME_AND_PRICE %s", market.GlobalID(market.IDRun, run.ID))}, s.changes(t))
	s.requireWhole(t)
}

// An asset that was known by its ticker keeps its id when it gets a name; its slug leads on.
func TestAProvisionalSlugLeadsOn(t *testing.T) {
	s := newStory(t)
	s.say(t, "csv", priced("BTC", "BTC", "", "60000"))
	require.Equal(t, []string{"1 btc BTC BTC: csv/BTC ALONE"}, s.homes(t))
	s.say(t, "alpha", priced("bitcoin", "BTC", "Bitcoin", "60100"))
	require.Equal(t, []string{"1 bitcoin BTC Bitcoin: alpha/bitcoin ALONE csv/BTC TICKER"}, s.homes(t))
	require.Equal(t, s.asset(t, "bitcoin"), s.asset(t, "btc"))
	page, err := s.Assets(t.Context(), market.AssetFilter{Slugs: []string{"btc"}}, market.AssetsByName, market.Window[market.AssetKey]{Size: 5})
	require.NoError(t, err)
	require.Equal(t, []market.Asset{s.asset(t, "bitcoin")}, page.Items)
	s.say(t, "beta", priced("other", "BTX", "BTC", "2"))
	require.EqualValues(t, 1, s.asset(t, "btc").ID, "a slug that was ever used is not given to another")
	s.requireWhole(t)
}

// threeSources tell of coins that only all that is known can sort: namesakes, a bare ticker, a drifted symbol.
func threeSources() map[string][]market.Observation {
	return map[string][]market.Observation{
		"coingecko": {priced("bitcoin", "BTC", "Bitcoin", "60000"), priced("batcat", "BTC", "batcat", "0.003"),
			priced("render-token", "RENDER", "Render", "7.1"), priced("tether", "USDT", "Tether", "1")},
		"coinpaprika": {priced("btc-bitcoin", "BTC", "Bitcoin", "60100"), priced("rndr-render", "RNDR", "Render Token", "7.12"),
			priced("usdt-tether", "USDT", "Tether", "1.001"), priced("btc-bitcast", "BTC", "Bitcast", "4.4")},
		"csv": {priced("BTC", "BTC", "", "59900"), priced("Tether", "", "Tether", "0.999"), priced("rndr", "RNDR", "Render", "7.09")},
	}
}

func TestTheOrderOfSourcesDoesNotMatter(t *testing.T) {
	var want []string
	for _, order := range []string{"0 1 2", "0 2 1", "1 0 2", "1 2 0", "2 0 1", "2 1 0"} {
		s := newStory(t)
		for _, n := range strings.Fields(order) {
			source := []string{"coingecko", "coinpaprika", "csv"}[n[0]-'0']
			coins := threeSources()[source]
			for i := range coins {
				if source == "coingecko" {
					rank := int32(i + 1)
					coins[i].Rank = &rank
				}
			}
			s.say(t, source, coins...)
		}
		s.requireWhole(t)
		var groups []string
		for _, line := range catalogue(t, s.Store) {
			_, group, _ := strings.Cut(line, " ") // but for the slug, which the first may have
			groups = append(groups, group)
		}
		slices.Sort(groups)
		if want == nil {
			want = groups
			require.Equal(t, []string{
				"BTC Bitcast: coinpaprika/btc-bitcast ALONE",
				"BTC Bitcoin: coingecko/bitcoin SYMBOL_AND_NAME coinpaprika/btc-bitcoin SYMBOL_AND_NAME csv/BTC TICKER",
				"BTC batcat: coingecko/batcat ALONE",
				"RENDER Render: coingecko/render-token NAME_AND_PRICE coinpaprika/rndr-render SYMBOL_AND_NAME csv/rndr SYMBOL_AND_NAME",
				"USDT Tether: coingecko/tether SYMBOL_AND_NAME coinpaprika/usdt-tether SYMBOL_AND_NAME csv/Tether NAME",
			}, groups)
		}
		require.Equal(t, want, groups, order)
	}
}
