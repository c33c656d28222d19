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
		{byTime, `{"v": "2026-01-01"}`, "must be a TimeRange"},
		{`query ($v: Decimal!) { disagreements(minSpreadPercent: $v) { nodes { slug } } }`, `{"v": "much"}`, `variable $v: Decimal: "much" is not allowed`},
		{`query ($v: Decimal!) { disagreements(minSpreadPercent: $v) { nodes { slug } } }`, `{"v": {"a": 1}}`, `variable $v: Decimal:`},
		{`query ($v: [String!]) { records(filter: {symbol: $v}) { totalCount } }`, `{"v": ["BTC", "a\u0000"]}`, `variable $v: [1]: String:`},
		{`query ($v: RecordFilter) { records(filter: $v) { totalCount } }`, `{"v": {"symbol": [7]}}`, "symbol"},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": "7"}`, "v"},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": 7.5}`, "Int"},
		{`query ($v: Int) { records(first: $v) { totalCount } }`, `{"v": 99999999999}`, "Int"},
		{`query ($v: AssetOrder!) { assets(orderBy: $v) { totalCount } }`, `{"v": "BEST"}`, "BEST"},
		{`query ($v: ID!) { node(id: $v) { id } }`, `{"v": ["a", "b"]}`, "as ID"},
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
			require.Contains(t, dig(t, a, "errors", 0, "message"), c.says)
			require.Equal(t, before, w.statements.Load())
		}
	}
}
