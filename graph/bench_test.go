package graph_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// allOfRecord are all fields that a record has of itself.
const allOfRecord = `id source externalId observedAt ingestedAt priceUsd openUsd highUsd lowUsd marketCapUsd volume24hUsd
	percentChange1h percentChange24h percentChange7d rank circulatingSupply totalSupply maxSupply`

// pages are queries of 500 records, those of the records alone first.
var pages = []struct{ name, query string }{
	{"few", `{ records(first: 500) { nodes { id priceUsd } } }`},
	{"flat", `{ records(first: 500) { edges { cursor node { id source externalId observedAt priceUsd marketCapUsd rank } } pageInfo { endCursor } } }`},
	{"nodes", `{ records(first: 500) { nodes { ` + allOfRecord + ` } } }`},
	{"all", `{ records(first: 500) { edges { cursor node { ` + allOfRecord + ` } } pageInfo { endCursor } } }`},
	{"fragments", `{ records(first: 500) { edges { cursor node { ...Of ... on Node { id __typename } price: priceUsd rank @skip(if: true) } }
		edges { node { source } } } } fragment Of on Record { ` + allOfRecord + ` resumeCursor }`},
	{"raw", `{ records(first: 500) { nodes { id priceUsd raw rawExpired } } }`},
	{"assets", `{ records(first: 500) { nodes { id priceUsd asset { slug name consensus { priceUsd } } } } }`},
	{"deep", `{ records(first: 500) { nodes { id priceUsd raw asset { slug listings { source { name } } consensus { priceUsd } } } } }`},
}

// full stores 500 records of which every figure is known, of 250 coins.
func (w *world) full(t testing.TB) {
	t.Helper()
	for _, source := range []string{"coingecko", "coinpaprika"} {
		var b market.Batch
		for c := range 250 {
			o := observe(fmt.Sprintf("Coin %03d", c), fmt.Sprintf("C%03d", c), fmt.Sprintf("%d.000000012345678", 1000*(c+1)), noon)
			rank := int32(c + 1)
			o.Rank = &rank
			f := &o.Figures
			for i, figure := range []*decimal.NullDecimal{&f.OpenUSD, &f.HighUSD, &f.LowUSD, &f.MarketCapUSD, &f.Volume24hUSD,
				&f.PercentChange1h, &f.PercentChange24h, &f.PercentChange7d, &f.CirculatingSupply, &f.TotalSupply, &f.MaxSupply} {
				*figure = decimal.NewNullDecimal(decimal.New(int64(c+1)*1_000_000_007, int32(2-i)))
			}
			b.Observations = append(b.Observations, o)
		}
		w.run(t, source, b, succeeded)
	}
}

// BenchmarkRecords500 is pages of 500 records, whole requests by this handler and by one that leaves all writing to the executor.
func BenchmarkRecords500(b *testing.B) {
	w := newWorld(b)
	w.full(b)
	stock := graph.NewStockHandler(w.options(w.store))
	for _, page := range pages {
		byStock, byRows := allocations(b, stock, page.query)/500, allocations(b, w.Handler, page.query)/500
		run := func(name string, h http.Handler, perRow float64) {
			b.Run(page.name+"/"+name, func(b *testing.B) {
				before := w.statements.Load()
				for b.Loop() {
					post(b.Context(), b, h, page.query)
				}
				b.ReportMetric(float64(w.statements.Load()-before)/float64(b.N), "statements/op")
				b.ReportMetric(perRow, "allocs/row")
				b.ReportMetric(perRow/byStock, "of-stock")
			})
		}
		run("stock", stock, byStock)
		run("rows", w.Handler, byRows)
	}
}

// A row of a page of records, read and written, takes fewer than ten allocations, the share of its request among them.
func TestARowTakesFewAllocations(t *testing.T) {
	w := newWorld(t)
	w.full(t)
	for _, page := range pages[:6] {
		require.Less(t, allocations(t, w.Handler, page.query)/500, 10.0, page.name)
	}
}
