package source_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/source"
)

func TestProbableRenames(t *testing.T) {
	for _, pair := range [][2]string{
		{"current_price", "price_current"}, {"current_price", "currentPrice"}, {"current_price", "currnt_price"},
		{"current_price", "last_price"}, {"current_price", "CURRENT-PRICE"}, {"current_price", "Current Price"}, {"current_price", "price"},
		{"quotes.USD.price", "quotes.USD.last_price"}, {"quotes.USD.price", "quotes.usd.price"}, {"quotes.USD.price", "quote.USD.price"},
		{"quotes.USD.price", "price_usd"}, {"market_cap", "marketCap"}, {"market_cap", "marketcap"}, {"market_cap", "market_cap_usd"},
		{"volume_24h", "24h_volume"}, {"volume_24h", "volume_24h_usd"}, {"last_updated", "updated_at"}, {"max_supply", "maxSupply"},
		{"Clsoe", "close"}, {"Volumne", "volume"}, {"Dat", "date"}, {"Pirce", "price"}, {"Tiker", "ticker"}, {"Oepn", "open"},
		{"Hihg", "high"}, {"Timestmp", "timestamp"}, {"marketcpa", "marketcap"}, {"Snaped At", "snappedat"}, {"24h Volumne", "24hvolume"},
	} {
		require.GreaterOrEqual(t, source.Resemblance(pair[0], pair[1]), source.ProbableRename, pair)
	}
}

func TestDifferentThings(t *testing.T) {
	for _, pair := range [][2]string{
		{"open", "close"}, {"high", "low"}, {"low", "close"}, {"high", "height"}, {"close", "closing"}, {"open", "opening"},
		{"price_change_1h", "price_change_24h"}, {"price_change_24h", "price_change_percentage_24h"}, {"price_change_24h", "market_cap_change_24h"},
		{"market_cap", "market_cap_rank"}, {"marketcap", "marketcaprank"}, {"market_cap", "market_cap_dominance"},
		{"total_supply", "max_supply"}, {"total_supply", "circulating_supply"}, {"volume_24h", "high_24h"}, {"volume_24h", "volume_7d"},
		{"ath", "atl"}, {"ath", "ath_date"}, {"name", "symbol"}, {"date", "rate"}, {"value", "volume"}, {"cost", "close"},
		{"quotes.USD.price", "quotes.BTC.price"}, {"quotes.USD.price", "quotes.USD.market_cap"}, {"roi.percentage", "roi.currency"},
		{"Volume BTC", "volume"}, {"Volume USDT", "volumeusd"}, {"Volume UST", "volumeusd"}, {"volumeusdt", "volumeusd"}, {"volumeusdx", "volumeusd"},
		{"Volume ADA", "Volume ADX"}, {"close EUR", "close"}, {"closingpriceada", "closingpriceusd"}, {"Adj Close", "close"}, {"", "price"}, {"_", "-"},
		{"a.b.c.d.first", "a.b.c.d.second"}, {strings.Repeat("close ", 50), "close"},
	} {
		require.Less(t, source.Resemblance(pair[0], pair[1]), source.ProbableRename, pair)
	}
}

// A better candidate must win over a worse one.
func TestResemblanceTellsMoreFromLess(t *testing.T) {
	for _, c := range []struct{ name, better, worse string }{
		{"current_price", "currentPrice", "price_current"}, {"current_price", "price_current", "last_price"},
		{"quotes.USD.price", "quotes.USD.last_price", "quotes.USD.spot_price"}, {"Clsoe", "close", "clouse_2"},
		{"market_cap", "market_cap_usd", "market_cap_share"},
	} {
		require.Greater(t, source.Resemblance(c.name, c.better), source.Resemblance(c.name, c.worse), c)
	}
}

func TestResemblanceIsAMeasure(t *testing.T) {
	part := rapid.SampledFrom(strings.Fields("price Price pirce close open USD usd btc 24h 1h 7day market cap marketcap rank é 変 . _ - 0 x xy"))
	name := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(part, 0, 8), func(p []string) string { return strings.Join(p, "") }))
	rapid.Check(t, func(t *rapid.T) {
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		r := source.Resemblance(a, b)
		if r != source.Resemblance(b, a) {
			t.Fatalf("%q and %q are not the same both ways round", a, b)
		}
		if r < 0 || r > 1 || r != r {
			t.Fatalf("%q and %q: %v", a, b, r)
		}
		if source.Resemblance(a, a) != 1 {
			t.Fatalf("%q does not resemble itself", a)
		}
	})
}

func TestSeparatorsAndCaseDoNotCount(t *testing.T) {
	letters := rapid.StringMatching(`[a-z]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(letters, 1, 5).Draw(t, "words")
		snake := strings.Join(words, "_")
		for _, other := range []string{strings.Join(words, "-"), strings.Join(words, " "), strings.ToUpper(snake)} {
			if r := source.Resemblance(snake, other); r != 1 {
				t.Fatalf("%q and %q: %v", snake, other, r)
			}
		}
	})
}
