package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// deep are queries that reach rows below rows in every way there is.
var deep = map[string]string{
	"nodes": `{ records(first: 500) { nodes { raw rawExpired asset { slug listings { source { name lastRun { id drifts { path } } } } latest { raw } } } } }`,
	"edges": `{ records(first: 500) { edges { node { raw asset { slug listings { source { name lastRun { id } } } latest { raw asset { name } } } } } } }`,
	"assets": `{ assets(first: 500) { nodes { listings { source { name } } consensus { priceUsd } latest { raw asset { rank } }
		one: latest(source: "coingecko") { raw } } } }`,
	"pages in pages": `{ assets(first: 500) { edges { node { records(first: 3) { totalCount edges { node { raw asset { slug consensus { sources } } } } } } } } }`,
	"two pages each": `{ assets(first: 500) { nodes { a: records(first: 1) { nodes { raw } } b: records(filter: {source: ["csv", "coingecko"]}) { totalCount nodes { raw } } } } }`,
	"rejections":     `{ rejections(first: 500) { edges { node { run { id } } } nodes { run { source } } } }`,
	"runs":           `{ sources { lastRun { id drifts { path } } } stats { recentRuns { id } sources { source } } etlRuns(first: 500) { nodes { source } } }`,
	"drifts":         `{ etlRuns(first: 500) { nodes { drifts { path run { id drifts { run { id } } } } } edges { node { drifts { id } } } } drifts { nodes { run { id } } } }`,
	"disagreements":  `{ disagreements(first: 500) { edges { node { consensus { marketCapUsd } listings { id asset { slug listings { asset { id } source { name } } } } } } } }`,
	"candidates": `{ matchCandidates(first: 500) { nodes { listing { asset { slug latest { raw } } source { name } } other { asset { slug listings { id } } source { name } } }
		edges { node { listing { asset { id } } } } } }`,
	"changes": `{ matchChanges(first: 500) { nodes { from { slug listings { id } } to { slug latest { id } listings { asset { slug } } } listing { source { name } asset { slug } } }
		edges { node { from { id } to { id } listing { id } } } } }`,
	"node": `{ asset(slug: "coin-000") { listings { source { name } } records(first: 500) { nodes { asset { listings { source { name } } } raw } } } }`,
}

func TestStatementsDoNotGrowWithRows(t *testing.T) {
	few, many := newWorld(t), newWorld(t)
	few.coins(t, 2, 2)
	many.coins(t, 40, 5)
	few.twins(t, 2, 1)
	many.twins(t, 20, 10)
	for _, w := range []*world{few, many} {
		w.Handler = w.with(w.store, func(o *graph.Options) {
			o.Limits = graph.DefaultLimits
			o.Limits.Cost = 0 // what these queries may cost is another matter
		})
		var rejected []market.Rejection
		for range len(w.page(t, lists[0], "first: 500").ids) {
			rejected = append(rejected, market.Rejection{Payload: []byte{byte('0' + len(rejected)%10), byte(len(rejected))}, Reason: market.Reason{Code: "c", Detail: "d"}})
		}
		w.run(t, "csv", market.Batch{Rejections: rejected}, drifted(1))
	}
	for range 10 {
		many.run(t, "coingecko", market.Batch{}, drifted(3))
	}
	for name, query := range deep {
		t.Run(name, func(t *testing.T) {
			ofFew, small := few.statementsFor(t, query)
			ofMany, large := many.statementsFor(t, query)
			if name != "runs" {
				require.Greater(t, large, 2*small, "the test needs more rows there than here")
			}
			require.Equal(t, ofFew, ofMany)
			require.Less(t, ofMany, int64(30))
			t.Logf("%d statements, %d and %d bytes", ofMany, small, large)
		})
	}
}

// statementsFor counts the statements of a query, and the size of its answer.
func (w *world) statementsFor(t testing.TB, query string) (statements int64, size int) {
	t.Helper()
	w.json(t, query) // so that what is kept in memory is there
	before := w.statements.Load()
	text := w.json(t, query)
	return w.statements.Load() - before, len(text)
}

func TestNothingIsCountedOrReadThatWasNotAskedFor(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 3)
	rows, _ := w.statementsFor(t, `{ records { nodes { id } } }`)
	total, _ := w.statementsFor(t, `{ records { totalCount } }`)
	both, _ := w.statementsFor(t, `{ records { totalCount edges { cursor } ...p } } fragment p on RecordConnection { pageInfo { endCursor } }`)
	require.Positive(t, rows)
	require.Positive(t, total)
	require.Equal(t, rows+total, both)
	none, _ := w.statementsFor(t, `{ records { __typename } assets { __typename } serviceConfig { maxPageSize } }`)
	require.Zero(t, none)
}

func TestRowsBelowRowsAreTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 12, 3)
	data := w.data(t, `{ assets(first: 12) { nodes { slug listings { externalId name } latest { externalId raw asset { slug } }
		records(first: 2) { totalCount nodes { observedAt externalId raw asset { slug } } } } } }`)
	assets := dig(t, data, "assets", "nodes").([]any)
	require.Len(t, assets, 12)
	for i := range assets {
		slug := dig(t, assets, i, "slug").(string)
		name := "Coin " + strings.TrimPrefix(slug, "coin-")
		for _, field := range []any{"listings", "latest"} {
			rows := dig(t, assets, i, field).([]any)
			require.Len(t, rows, 2)
			for _, row := range rows {
				require.Equal(t, "id-"+name, dig(t, row, "externalId"))
			}
		}
		require.EqualValues(t, 6, dig(t, assets, i, "records", "totalCount"))
		records := dig(t, assets, i, "records", "nodes").([]any)
		require.Len(t, records, 2)
		for _, row := range append(records, dig(t, assets, i, "latest").([]any)...) {
			require.Equal(t, "id-"+name, dig(t, row, "externalId"))
			require.Equal(t, name, dig(t, row, "raw", "name"))
			require.Equal(t, slug, dig(t, row, "asset", "slug"))
		}
	}
}

func TestNestedRecordsPageLikeTheRest(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 6)
	walk := func(query, cursor string) (ids []string) {
		var from any
		for {
			list := dig(t, w.data(t, query, "from", from), "asset", "records")
			for i := range dig(t, list, "nodes").([]any) {
				ids = append(ids, dig(t, list, "nodes", i, "id").(string))
			}
			from = dig(t, list, "pageInfo", cursor)
			if dig(t, list, "pageInfo", "more") == false {
				return ids
			}
		}
	}
	whole := walk(`{ asset(slug: "coin-001") { records { nodes { id } pageInfo { endCursor more: hasNextPage } } } }`, "endCursor")
	require.Len(t, whole, 12)
	require.Equal(t, whole, walk(`query ($from: String) { asset(slug: "coin-001") {
		records(first: 5, after: $from) { nodes { id } pageInfo { endCursor more: hasNextPage } } } }`, "endCursor"))
	back := walk(`query ($from: String) { asset(slug: "coin-001") {
		records(last: 12, before: $from) { nodes { id } pageInfo { startCursor more: hasPreviousPage } } } }`, "startCursor")
	require.Equal(t, whole, back)
	last := w.data(t, `{ asset(slug: "coin-001") { records(last: 5) { nodes { id } pageInfo { hasNextPage hasPreviousPage } } } }`)
	require.Equal(t, whole[7], dig(t, last, "asset", "records", "nodes", 0, "id"))
	require.Equal(t, map[string]any{"hasNextPage": false, "hasPreviousPage": true}, dig(t, last, "asset", "records", "pageInfo"))
}
