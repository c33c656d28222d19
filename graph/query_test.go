package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

func TestARecordShowsEveryFigure(t *testing.T) {
	w := newWorld(t)
	exact := func(s string) decimal.NullDecimal { return decimal.NewNullDecimal(decimal.RequireFromString(s)) }
	full := observe("Bitcoin", "BTC", "0.000000000000000000000000000437", noon.Add(123456*time.Microsecond))
	rank := int32(1)
	full.Rank = &rank
	full.OpenUSD, full.HighUSD, full.LowUSD = exact("1.50"), exact("1e3"), exact("4.37e-06")
	full.MarketCapUSD, full.Volume24hUSD = exact("1.01101101e+16"), exact("12")
	full.PercentChange1h, full.PercentChange24h, full.PercentChange7d = exact("-0.5"), exact("0"), exact("7")
	full.CirculatingSupply, full.TotalSupply, full.MaxSupply = exact("19000000"), exact("2e7"), exact("21000000")
	bare := observe("Ether", "ETH", "2000", noon)
	w.run(t, "coingecko", market.Batch{Observations: []market.Observation{full, bare}}, succeeded)

	const query = `{ records { nodes { source externalId observedAt priceUsd openUsd highUsd lowUsd marketCapUsd
		volume24hUsd percentChange1h percentChange24h percentChange7d rank circulatingSupply totalSupply maxSupply
		raw asset { slug symbol name rank } } } }`
	require.JSONEq(t, `{"records": {"nodes": [
		{"source": "coingecko", "externalId": "id-Bitcoin", "observedAt": "2026-01-31T12:00:00.123456Z",
		 "priceUsd": "0.000000000000000000000000000437", "openUsd": "1.5", "highUsd": "1000", "lowUsd": "0.00000437",
		 "marketCapUsd": "10110110100000000", "volume24hUsd": "12", "percentChange1h": "-0.5", "percentChange24h": "0",
		 "percentChange7d": "7", "rank": 1, "circulatingSupply": "19000000", "totalSupply": "20000000",
		 "maxSupply": "21000000", "asset": {"slug": "bitcoin", "symbol": "BTC", "name": "Bitcoin", "rank": 1},
		 "raw": {"name": "Bitcoin", "at": 1769860800, "price": 0.000000000000000000000000000437}},
		{"source": "coingecko", "externalId": "id-Ether", "observedAt": "2026-01-31T12:00:00Z", "priceUsd": "2000",
		 "openUsd": null, "highUsd": null, "lowUsd": null, "marketCapUsd": null, "volume24hUsd": null,
		 "percentChange1h": null, "percentChange24h": null, "percentChange7d": null, "rank": null,
		 "circulatingSupply": null, "totalSupply": null, "maxSupply": null,
		 "raw": {"name": "Ether", "at": 1769860800, "price": 2000},
		 "asset": {"slug": "ether", "symbol": "ETH", "name": "Ether", "rank": null}}]}}`, w.json(t, query))
}

func TestAnAssetGathersItsSources(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 2, 3)
	require.JSONEq(t, `{"asset": {"slug": "coin-001", "symbol": "C001", "name": "Coin 001", "rank": 2,
		"listings": [
			{"source": {"name": "coingecko", "kind": "API"}, "externalId": "id-Coin 001", "symbol": "C001", "name": "Coin 001",
			 "matchMethod": "SYMBOL_AND_NAME"},
			{"source": {"name": "coinpaprika", "kind": "API"}, "externalId": "id-Coin 001", "symbol": "C001", "name": "Coin 001",
			 "matchMethod": "SYMBOL_AND_NAME"}],
		"latest": [{"source": "coingecko", "priceUsd": "2000.1"}, {"source": "coinpaprika", "priceUsd": "2000.2"}],
		"one": [{"source": "coinpaprika", "priceUsd": "2000.2"}],
		"consensus": {"priceUsd": "2000.15", "spreadPercent": "0.005", "sources": 2, "observedAt": "2026-01-31T12:00:00Z"},
		"records": {"totalCount": 6, "nodes": [{"priceUsd": "2000.2"}, {"priceUsd": "2000.1"}, {"priceUsd": "2001.2"}]},
		"narrow": {"totalCount": 2, "nodes": [{"priceUsd": "2001.1"}, {"priceUsd": "2002.1"}]}}}`,
		w.json(t, `{ asset(slug: "coin-001") { slug symbol name rank
			listings { source { name kind } externalId symbol name matchMethod }
			latest { source priceUsd } one: latest(source: "coinpaprika") { source priceUsd }
			consensus { priceUsd spreadPercent sources observedAt }
			records(first: 3) { totalCount nodes { priceUsd } }
			narrow: records(filter: {source: ["coingecko"], observedAt: {lt: "2026-01-31T12:00:00Z"}}) { totalCount nodes { priceUsd } } } }`))
	require.InDelta(t, 0.95, dig(t, w.data(t, `{ asset(slug: "coin-001") { listings { matchConfidence } } }`),
		"asset", "listings", 0, "matchConfidence"), 0.5)
	require.JSONEq(t, `{"asset": null}`, w.json(t, `{ asset(slug: "no-such-coin") { slug } }`))
}

func TestAnAssetWithoutPositivePricesHasNoConsensus(t *testing.T) {
	w := newWorld(t)
	w.run(t, "csv", market.Batch{Observations: []market.Observation{observe("Dead", "DEAD", "0", noon)}}, succeeded)
	require.JSONEq(t, `{"asset": {"consensus": null, "latest": [{"priceUsd": "0"}]}}`,
		w.json(t, `{ asset(slug: "dead") { consensus { priceUsd } latest { priceUsd } } }`))
}

func TestRejectionsAreShownWhole(t *testing.T) {
	w := newWorld(t)
	run := w.run(t, "csv", market.Batch{Rejections: []market.Rejection{
		{ExternalID: "btc", Payload: []byte("a\xffb"), Reason: market.Reason{Code: "missing_price", Field: "close", Detail: "no price"}},
		{Payload: []byte(`{}`), Reason: market.Reason{Code: "missing_identity", Detail: "no id"}},
	}}, market.RunEnd{Status: market.RunPartial, Error: "two rows were refused"})
	id := market.GlobalID(market.IDRun, run.ID)

	const query = `query ($filter: RejectionFilter) { rejections(filter: $filter) { totalCount
		nodes { source externalId reason field detail payload resolvedAt run { id } } } }`
	require.JSONEq(t, `{"rejections": {"totalCount": 2, "nodes": [
		{"source": "csv", "externalId": null, "reason": "missing_identity", "field": null, "detail": "no id",
		 "payload": "{}", "resolvedAt": null, "run": {"id": "`+id+`"}},
		{"source": "csv", "externalId": "btc", "reason": "missing_price", "field": "close", "detail": "no price",
		 "payload": "a\ufffdb", "resolvedAt": null, "run": {"id": "`+id+`"}}]}}`, w.json(t, query))

	for name, c := range map[string]struct {
		filter string
		total  int
	}{
		"its run":     {`{run: "` + id + `"}`, 2},
		"another run": {`{run: "run_999"}`, 0},
		"its code":    {`{reason: ["missing_price"]}`, 1},
		"no code":     {`{reason: []}`, 0},
		"its source":  {`{source: ["csv"]}`, 2},
		"waiting":     {`{resolved: false}`, 2},
		"resolved":    {`{resolved: true}`, 0},
		"nulls":       {`{run: null, reason: null, source: null, resolved: null}`, 2},
	} {
		t.Run(name, func(t *testing.T) {
			data := w.data(t, `{ rejections(filter: `+c.filter+`) { totalCount nodes { id } } }`)
			require.EqualValues(t, c.total, dig(t, data, "rejections", "totalCount"))
			require.Len(t, dig(t, data, "rejections", "nodes"), c.total)
		})
	}
}

func TestFiltersAndOrders(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 2)
	w.run(t, "csv", market.Batch{Observations: []market.Observation{observe("An Old Coin", "AOC", "1", noon.AddDate(-5, 0, 0))}}, succeeded)
	for _, c := range []struct {
		field string
		total int
		first string // of the list, by the field named in the query
	}{
		{`assets(%s) { totalCount nodes { key: slug } }|`, 4, "coin-000"},
		{`assets(%s) { totalCount nodes { key: slug } }|orderBy: NAME`, 4, "an-old-coin"},
		{`assets(%s) { totalCount nodes { key: slug } }|filter: {slug: ["coin-002", "an-old-coin"]}`, 2, "coin-002"},
		{`assets(%s) { totalCount nodes { key: slug } }|filter: {symbol: ["c001"]}`, 1, "coin-001"},
		{`assets(%s) { totalCount nodes { key: slug } }|filter: {source: ["csv"]}`, 1, "an-old-coin"},
		{`assets(%s) { totalCount nodes { key: slug } }|filter: {name: "OLD"}`, 1, "an-old-coin"},
		{`assets(%s) { totalCount nodes { key: slug } }|filter: {name: null, slug: null, source: null, symbol: null}`, 4, "coin-000"},
		{`assets(%s) { totalCount nodes { key: slug } }|filter: {slug: []}`, 0, ""},
		{`records(%s) { totalCount nodes { key: priceUsd } }|`, 13, "3000.2"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|orderBy: OBSERVED_AT_ASC`, 13, "1"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {source: ["coingecko", "csv"]}`, 7, "3000.1"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {asset: ["coin-001"]}`, 4, "2000.2"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {symbol: ["aoc"]}`, 1, "1"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {observedAt: {lt: "2026-01-31T12:00:00Z"}}`, 7, "3001.2"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {observedAt: {gte: "2026-01-31T14:00:00+02:00"}}`, 6, "3000.2"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {observedAt: {gte: null, lt: null}}`, 13, "3000.2"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {observedAt: null, source: null, asset: null, symbol: null}`, 13, "3000.2"},
		{`records(%s) { totalCount nodes { key: priceUsd } }|filter: {asset: []}`, 0, ""},
		{`etlRuns(%s) { totalCount nodes { key: source } }|`, 3, "csv"},
		{`etlRuns(%s) { totalCount nodes { key: source } }|filter: {source: ["coingecko"]}`, 1, "coingecko"},
		{`etlRuns(%s) { totalCount nodes { key: source } }|filter: {status: [SUCCEEDED], trigger: [MANUAL]}`, 3, "csv"},
		{`etlRuns(%s) { totalCount nodes { key: source } }|filter: {status: [FAILED, RUNNING]}`, 0, ""},
		{`etlRuns(%s) { totalCount nodes { key: source } }|filter: {source: null, status: null, trigger: null, live: null}`, 3, "csv"},
		{`etlRuns(%s) { totalCount nodes { key: source } }|filter: {live: true}`, 3, "csv"},
		{`etlRuns(%s) { totalCount nodes { key: source } }|filter: {live: false}`, 0, ""},
	} {
		t.Run(c.field, func(t *testing.T) {
			data := w.data(t, "{ list: "+withArguments(c.field)+" }")
			require.EqualValues(t, c.total, dig(t, data, "list", "totalCount"))
			nodes := dig(t, data, "list", "nodes").([]any)
			require.Len(t, nodes, c.total)
			if c.first != "" {
				require.Equal(t, c.first, dig(t, nodes, 0, "key"))
			}
		})
	}
}

// withArguments puts what follows the bar, after a first of 500, in the place of %s.
func withArguments(field string) string {
	for i := range field {
		if field[i] == '|' {
			return fmt.Sprintf(field[:i], "first: 500 "+field[i+1:])
		}
	}
	return field
}
