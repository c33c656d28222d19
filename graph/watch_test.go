package graph_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// watched has the world's handler watched, and returns what it is watched with.
func (w *world) watched(t testing.TB) *telemetry.Telemetry {
	t.Helper()
	watch, err := telemetry.New(t.Context(), telemetry.Options{Log: slog.New(slog.DiscardHandler), Operations: []string{"Known"}})
	require.NoError(t, err)
	o := w.options(w.store)
	o.Watch, o.OnCache = watch.Operations(), watch.Cache
	w.Handler = graph.NewHandler(o)
	return watch
}

func TestOperationsAreWatched(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 1)
	watch := w.watched(t)
	const known = `query Known { assets(first: 2) { nodes { slug latest { priceUsd } } } }`
	w.ask(t, known)
	w.ask(t, known)
	w.ask(t, `query Wrong { nothing }`)
	w.ask(t, `query Missing { etlRun(id: "nonsense") { id } }`)
	w.ask(t, `mutation Start { startEtlRun(source: "csv") { id } }`)
	answer := httptest.NewRecorder()
	watch.Metrics().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`kasparro_graphql_operations_total{code="OK",operation="Known",type="query"} 2`,
		`kasparro_graphql_operations_total{code="BAD_USER_INPUT",operation="",type="none"} 1`,
		`kasparro_graphql_operations_total{code="FORBIDDEN",operation="Start",type="mutation"} 1`,
		`kasparro_graphql_operation_duration_seconds_count{operation="Known",type="query"} 2`,
		`kasparro_graphql_resolver_duration_seconds_count{field="assets",object="Query"} 2`,
		`kasparro_graphql_resolver_duration_seconds_count{field="latest",object="Asset"} 4`,
		`kasparro_graphql_cache_requests_total{cache="parsed",result="hit"} 1`,
		`kasparro_graphql_cache_requests_total{cache="parsed",result="miss"} 4`,
	} {
		require.Contains(t, answer.Body.String(), want+"\n")
	}
	require.NotContains(t, answer.Body.String(), `operation="Wrong"`, "a query that cannot be run names nothing")
}

// An alert counts these codes, since the status says nothing.
func TestWhatFailsInsideIsAnswered200AndCountedByItsCode(t *testing.T) {
	w := newWorld(t)
	watch := w.watched(t)
	require.NoError(t, w.db.Close())
	answer := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/graphql", strings.NewReader(`{"query": "{ assets(first: 2) { nodes { slug } } }"}`))
	r.Header.Set("Content-Type", "application/json")
	w.ServeHTTP(answer, r.WithContext(market.WithScope(t.Context(), market.ScopeRead)))
	require.Equal(t, http.StatusOK, answer.Code)
	metrics := httptest.NewRecorder()
	watch.Metrics().ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
	require.Contains(t, metrics.Body.String(), `kasparro_graphql_operations_total{code="INTERNAL",operation="",type="query"} 1`+"\n")
}

func TestNamesOfDocuments(t *testing.T) {
	texts := map[string]string{"a": `query B { __typename } query A { __typename }`, "b": `{ __typename }`, "c": `query A { stats { totalRecords } }`}
	require.Equal(t, []string{"", "A", "B"}, graph.Documents{Texts: texts}.Operations())
	require.Empty(t, graph.Documents{}.Operations())
}

// A page of 500 records with 5 fields each, and of 100 assets with a resolver for each row.
func BenchmarkWatched(b *testing.B) {
	w := newWorld(b)
	w.full(b)
	bare := w.Handler
	w.watched(b)
	for name, query := range map[string]string{
		"records": `query Records { records(first: 500) { nodes { id source externalId priceUsd observedAt } } }`,
		"assets":  `query Assets { assets(first: 100) { nodes { slug symbol latest { source priceUsd } listings { externalId } } } }`,
	} {
		b.Run(name+"/unwatched", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				post(b.Context(), b, bare, query)
			}
		})
		b.Run(name+"/watched", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				post(b.Context(), b, w.Handler, query)
			}
		})
	}
}
