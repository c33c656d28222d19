package graph_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
)

// everyFigure is a page of 500 records with all that they say of themselves.
const everyFigure = `{ records(first: 500) { edges { cursor node { id source externalId observedAt ingestedAt priceUsd openUsd highUsd lowUsd
	marketCapUsd volume24hUsd percentChange1h percentChange24h percentChange7d rank circulatingSupply totalSupply maxSupply } } pageInfo { endCursor } } }`

// BenchmarkRecords500 is a page of 500 records, whole requests by this handler and by one that leaves all writing to the executor.
func BenchmarkRecords500(b *testing.B) {
	w := newWorld(b)
	w.coins(b, 250, 2)
	for name, query := range map[string]string{
		"flat":   `{ records(first: 500) { edges { cursor node { id source externalId observedAt priceUsd marketCapUsd rank } } pageInfo { endCursor } } }`,
		"all":    everyFigure,
		"assets": `{ records(first: 500) { nodes { id priceUsd asset { slug name consensus { priceUsd } } } } }`,
		"deep":   `{ records(first: 500) { nodes { id priceUsd raw asset { slug listings { source { name } } consensus { priceUsd } } } } }`,
	} {
		for by, h := range map[string]http.Handler{"rows": w.Handler, "stock": graph.NewStockHandler(w.options(w.store))} {
			b.Run(name+"/"+by, func(b *testing.B) {
				before := w.statements.Load()
				for b.Loop() {
					post(b.Context(), b, h, query)
				}
				b.ReportMetric(float64(w.statements.Load()-before)/float64(b.N), "statements/op")
				b.ReportMetric(allocations(b, h, query)/500, "allocs/row")
			})
		}
	}
}

// A row of a page, read and written, takes fewer than ten allocations, the share of its request among them.
func TestARowTakesFewAllocations(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 250, 2)
	require.Less(t, allocations(t, w.Handler, everyFigure)/500, 10.0)
}
