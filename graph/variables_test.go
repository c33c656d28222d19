package graph_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A variable that cannot be read is a fault of the request: nothing is run, and there is no data.
func TestVariablesAreReadBeforeAnythingIsRun(t *testing.T) {
	w := newWorld(t)
	const byTime = `query ($v: TimeRange) { stats { totalRecords } records(filter: {observedAt: $v}) { totalCount } }`
	for _, c := range []struct{ query, variables, says string }{
		{`query ($v: DateTime) { stats { totalRecords } records(filter: {observedAt: {gte: $v}}) { totalCount } }`, `{"v": "yesterday"}`, `variable $v: DateTime: "yesterday" is not allowed`},
		{byTime, `{"v": {"lt": "2026-02-30T00:00:00Z"}}`, `variable $v: lt: DateTime: "2026-02-30T00:00:00Z" is not allowed`},
		{byTime, `{"v": {"gte": 7}}`, `variable $v: gte: DateTime: "7" is not allowed`},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": 1.0000001}`, `variable $v: Int: "1.0000001" is not allowed`},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": 1e10}`, `variable $v: Int: "10000000000" is not allowed`},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": ` + strings.Repeat("9", 3000) + `}`, `variable $v: Int: "` + strings.Repeat("9", 100) + `…" is not allowed`},
		{`query ($v: AssetFilter) { assets(filter: $v) { totalCount } }`, `{"v": {"minSources": 1.5}}`, `variable $v: minSources: Int: "1.5" is not allowed`},
		{`query ($v: [String!]) { records(filter: {symbol: $v}) { totalCount } }`, `{"v": ["BTC", null]}`, `variable $v: [1]: must not be null`},
		{`query ($v: AssetOrder!) { assets(orderBy: $v) { totalCount } }`, `{"v": null}`, `variable $v: must not be null`},
		{`query ($v: AssetOrder) { assets(orderBy: $v) { totalCount } }`, `{"v": null}`, `assets(orderBy:) must not be null`},
		{`query ($v: AssetOrder = RANK) { assets(orderBy: $v) { totalCount } }`, `{"v": null}`, `assets(orderBy:) must not be null`},
		{`query ($v: AssetOrder) { ...A @skip(if: true) ...A } fragment A on Query { assets(orderBy: $v) { totalCount } }`, `{"v": null}`, `assets(orderBy:) must not be null`},
		{byTime, `{"v": "2026-01-01"}`, "variable $v: must be a TimeRange, not a string"},
		{`query ($v: Decimal!) { disagreements(minSpreadPercent: $v) { nodes { slug } } }`, `{"v": "much"}`, `variable $v: Decimal: "much" is not allowed`},
		{`query ($v: Decimal!) { disagreements(minSpreadPercent: $v) { nodes { slug } } }`, `{"v": {"a": 1}}`, `variable $v: Decimal:`},
		{`query ($v: [String!]) { records(filter: {symbol: $v}) { totalCount } }`, `{"v": ["BTC", "a\u0000"]}`, `variable $v: [1]: String:`},
		{`query ($v: RecordFilter) { records(filter: $v) { totalCount } }`, `{"v": {"symbol": [7]}}`, `variable $v: symbol: [0]: String: "7" is not allowed: text`},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": "7"}`, `variable $v: Int: "\"7\"" is not allowed`},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": 7.5}`, `variable $v: Int: "7.5" is not allowed`},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": 99999999999}`, "variable $v: Int:"},
		{`query ($v: AssetOrder!) { assets(orderBy: $v) { totalCount } }`, `{"v": "BEST"}`, `variable $v: AssetOrder: "BEST" is not allowed`},
		{`query ($v: ID!) { node(id: $v) { id } }`, `{"v": ["a", "b"]}`, `variable $v: String: "[\"a\",\"b\"]" is not allowed: text`},
		{`query ($v: ID!) { node(id: $v) { id } }`, `{"v": 1.5}`, `variable $v: ID: "1.5" is not allowed`},
		{`query ($v: AssetOrder!) { assets(orderBy: $v) { totalCount } }`, `{"v": "rank"}`, `variable $v: AssetOrder: "rank" is not allowed: one of RANK, `},
		{`query ($v: EtlRunFilter) { etlRuns(filter: $v) { totalCount } }`, `{"v": {"status": ["FAILED", "failed"]}}`, `variable $v: status: [1]: RunStatus: "failed" is not allowed`},
		{`query ($v: EtlRunFilter) { etlRuns(filter: $v) { totalCount } }`, `{"v": {"status": ["GONE"]}}`, `variable $v: status: [0]: RunStatus: "GONE" is not allowed`},
		{`query ($v: MatchCandidateFilter) { matchCandidates(filter: $v) { totalCount } }`, `{"v": {"minScore": "0.5"}}`, `variable $v: minScore: Float: "\"0.5\"" is not allowed`},
		{`query ($v: RecordFilter) { records(filter: $v) { totalCount } }`, `{"v": {"nothing": 1}}`, "variable $v.nothing: unknown field"},
		{`query ($v: RecordFilter) { records(filter: $v) { totalCount } }`, `{"v": []}`, "variable $v: must be a RecordFilter, not a slice"},
		{`query ($v: Boolean!) { health { status @skip(if: $v) } }`, `{"v": "true"}`, "variable $v: cannot use string as Boolean"},
		{`query ($v: Boolean!) { health { status @skip(if: $v) } }`, `{}`, "variable $v: must be defined"},
		{`query ($v: DateTime = "yesterday") { stats { totalRecords } records(filter: {observedAt: {gte: $v}}) { totalCount } }`, `{}`, `variable $v: DateTime: "yesterday" is not allowed`},
		{`{ stats { totalRecords } records(filter: {observedAt: {gte: "yesterday"}}) { totalCount } }`, `{}`, `records(filter:): observedAt: gte: DateTime: "yesterday" is not allowed`},
	} {
		for accept, status := range map[string]int{"application/json": http.StatusOK, "application/graphql-response+json": http.StatusBadRequest} {
			query, err := json.Marshal(c.query)
			require.NoError(t, err)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(`{"query": `+string(query)+`, "variables": `+c.variables+`}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", accept)
			got := httptest.NewRecorder()
			before := w.statements.Load()
			w.ServeHTTP(got, r)
			require.Equal(t, status, got.Code, "%s: %s", c.variables, got.Body)
			var a map[string]any
			require.NoError(t, json.Unmarshal(got.Body.Bytes(), &a))
			require.NotContains(t, a, "data", "%s: %s", c.variables, got.Body)
			require.Equal(t, "BAD_USER_INPUT", dig(t, a, "errors", 0, "extensions", "code"))
			require.NotContains(t, dig(t, a, "errors", 0), "path", "nothing was executed")
			require.Contains(t, dig(t, a, "errors", 0, "message"), c.says)
			require.Equal(t, before, w.statements.Load())
		}
	}
}

// A single value stands for a list of it, and a number is an ID if it is whole.
func TestVariablesAreCoerced(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 2, 1)
	for _, symbols := range []any{"C001", []any{"C001"}, []any{"C001", "nothing"}} {
		require.EqualValues(t, 2, dig(t, w.data(t, `query ($v: [String!]) { records(filter: {symbol: $v}) { totalCount } }`, "v", symbols), "records", "totalCount"))
	}
	require.EqualValues(t, 0, dig(t, w.data(t, `query ($v: [RunStatus!]) { etlRuns(filter: {status: $v}) { totalCount } }`, "v", "FAILED"), "etlRuns", "totalCount"))
	w.data(t, `query ($v: Float) { matchCandidates(filter: {minScore: $v}) { totalCount } }`, "v", 1)
	w.data(t, `query ($v: ID!) { node(id: $v) { id } }`, "v", 7)
	for _, one := range []string{"1.0", "1", "1e0", "10e-1"} { // JSON knows no whole numbers
		require.Len(t, dig(t, w.data(t, `query ($v: Int) { records(first: $v) { nodes { id } } }`, "v", json.RawMessage(one)), "records", "nodes"), 1, one)
		require.EqualValues(t, 2, dig(t, w.data(t, `query ($v: AssetFilter) { assets(filter: $v) { totalCount } }`, "v", map[string]any{"minSources": json.RawMessage(one)}), "assets", "totalCount"))
		w.data(t, `query ($v: ID!) { node(id: $v) { id } }`, "v", json.RawMessage(one))
	}
	for _, query := range []string{ // where it is left out, or its field is, null does no harm
		`query ($v: AssetOrder) { assets(orderBy: $v) @skip(if: true) { totalCount } health { version } }`,
		`query ($v: AssetOrder) { ...A @include(if: false) health { version } } fragment A on Query { assets(orderBy: $v) { totalCount } }`,
		`query ($v: AssetOrder) { ... @skip(if: true) { assets(orderBy: $v) { totalCount } } health { version } }`,
	} {
		require.Equal(t, map[string]any{"health": map[string]any{"version": "1.2.3"}}, w.data(t, query, "v", nil))
	}
	require.EqualValues(t, 2, dig(t, w.data(t, `query ($v: AssetOrder) { assets(orderBy: $v) { totalCount } }`), "assets", "totalCount"))
}
