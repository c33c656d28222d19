package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// quoted stores coins of one source, each written as name, price, market cap and change of a day, the
// last two empty where it gives none.
func (w *world) quoted(t testing.TB, source string, coins ...[4]string) {
	t.Helper()
	figure := func(s string) decimal.NullDecimal {
		if s == "" {
			return decimal.NullDecimal{}
		}
		return decimal.NewNullDecimal(decimal.RequireFromString(s))
	}
	var b market.Batch
	for _, c := range coins {
		o := observe(c[0], c[0], c[1], noon)
		o.MarketCapUSD, o.PercentChange24h = figure(c[2]), figure(c[3])
		b.Observations = append(b.Observations, o)
	}
	w.run(t, source, b, succeeded)
}

// quotes are four assets: two that both APIs list, one that only one does, and one without a price.
func (w *world) quotes(t testing.TB) {
	w.quoted(t, "coingecko", [4]string{"Aaa", "100", "1000", "5"}, [4]string{"Bbb", "20", "8000", ""}, [4]string{"Ccc", "3000", "", "-7"})
	w.quoted(t, "coinpaprika", [4]string{"Aaa", "104", "2001", ""}, [4]string{"Bbb", "20.1", "", "1.5"}, [4]string{"Ddd", "0", "", ""})
}

func TestAConsensusIsTheMedianOfEachFigure(t *testing.T) {
	w := newWorld(t)
	w.quotes(t)
	require.JSONEq(t, `{"assets": {"nodes": [
		{"slug": "aaa", "consensus": {"priceUsd": "102", "spreadPercent": "3.9216", "marketCapUsd": "1500.5", "percentChange24h": "5",
			"sources": 2, "observedAt": "2026-01-31T12:00:00Z"}},
		{"slug": "bbb", "consensus": {"priceUsd": "20.05", "spreadPercent": "0.4988", "marketCapUsd": "8000", "percentChange24h": "1.5",
			"sources": 2, "observedAt": "2026-01-31T12:00:00Z"}},
		{"slug": "ccc", "consensus": {"priceUsd": "3000", "spreadPercent": "0", "marketCapUsd": null, "percentChange24h": "-7",
			"sources": 1, "observedAt": "2026-01-31T12:00:00Z"}},
		{"slug": "ddd", "consensus": null}]}}`,
		w.json(t, `{ assets(orderBy: NAME) { nodes { slug consensus { priceUsd spreadPercent marketCapUsd percentChange24h sources observedAt } } } }`))
	plain, _ := w.statementsFor(t, `{ assets { nodes { slug } } }`)
	with, _ := w.statementsFor(t, `{ assets { nodes { slug consensus { priceUsd } } } }`)
	require.Equal(t, plain, with, "it is stored with the asset")
}

func TestPricesThatAreTooOldMakeNoConsensus(t *testing.T) {
	w := newWorld(t)
	w.store.ConsensusAge = time.Hour
	w.quotes(t)
	require.JSONEq(t, `{"asset": {"consensus": null, "latest": [{"priceUsd": "100"}, {"priceUsd": "104"}]}, "disagreements": {"totalCount": 0, "nodes": []}}`,
		w.json(t, `{ asset(slug: "aaa") { consensus { priceUsd } latest { priceUsd } }
			disagreements(minSpreadPercent: 0) { totalCount nodes { slug } } }`))
}

func TestAssetsInTheOrderOfTheirFigures(t *testing.T) {
	w := newWorld(t)
	w.quotes(t)
	for arguments, want := range map[string][]any{
		`orderBy: PRICE_DESC`:                                           {"ccc", "aaa", "bbb", "ddd"},
		`orderBy: MARKET_CAP_DESC, filter: {minSources: 2}`:             {"bbb", "aaa"},
		`orderBy: PERCENT_CHANGE_24H_DESC, filter: {minSources: 1}`:     {"aaa", "bbb", "ccc", "ddd"},
		`orderBy: PERCENT_CHANGE_24H_ASC`:                               {"ccc", "bbb", "aaa", "ddd"},
		`orderBy: SPREAD_DESC`:                                          {"aaa", "bbb", "ccc", "ddd"},
		`orderBy: PRICE_DESC, filter: {minSources: null}`:               {"ccc", "aaa", "bbb", "ddd"},
		`orderBy: NAME, filter: {minSources: 2, source: ["coingecko"]}`: {"aaa", "bbb"},
		`filter: {minSources: 3}`:                                       nil,
	} {
		t.Run(arguments, func(t *testing.T) {
			require.Equal(t, want, w.slugs(t, "assets", arguments))
		})
	}
}

func TestDisagreementsAreWidestFirst(t *testing.T) {
	w := newWorld(t)
	w.quotes(t)
	w.quoted(t, "csv", [4]string{"Eee", "1", "", ""})
	for arguments, want := range map[string][]any{
		`first: 9`:                   {"aaa"},
		`minSpreadPercent: "0"`:      {"aaa", "bbb"},
		`minSpreadPercent: 0.4988`:   {"aaa", "bbb"},
		`minSpreadPercent: "0.4989"`: {"aaa"},
		`minSpreadPercent: 3.93`:     nil,
	} {
		t.Run(arguments, func(t *testing.T) {
			require.Equal(t, want, w.slugs(t, "disagreements", arguments))
		})
	}
}

// slugs are those of a list of assets, which must be as many as it counts.
func (w *world) slugs(t testing.TB, list, arguments string) (slugs []any) {
	t.Helper()
	found := dig(t, w.data(t, fmt.Sprintf(`{ %s(%s) { totalCount nodes { slug } } }`, list, arguments)), list)
	for _, node := range dig(t, found, "nodes").([]any) {
		slugs = append(slugs, dig(t, node, "slug"))
	}
	require.EqualValues(t, len(slugs), dig(t, found, "totalCount"))
	return slugs
}
