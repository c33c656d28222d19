package graph_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Errors say back no more of what was sent than helps to find it, wherever it stood.
func TestErrorsQuoteTheBeginning(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 1, 1)
	long := strings.Repeat("ä", 2000)
	name := strings.Repeat("n", 120)
	for query, most := range map[string]int{
		`{ asset(slug: "` + long + long + `") { id } }`:                           260,
		`{ records(after: "` + long + `") { totalCount } }`:                       260,
		`{ records(filter: {source: ["` + long + `"]}) { totalCount } }`:          260,
		`{ records(filter: {observedAt: {lt: "` + long + `"}}) { totalCount } }`:  350,
		`{ records(orderBy: "` + long + `") { totalCount } }`:                     350,
		`{ records(first: "` + long + `") { totalCount } }`:                       350,
		`{ records(first: [` + strings.Repeat("1 ", 1500) + `]) { totalCount } }`: 1010,
		`{ ` + name + ` }`: 350,
		`{ asset(slug: "x", ` + name + `: 1) { id } }`:                                  350,
		`{ ...` + name + ` }`:                                                           350,
		`query ($` + name + `: Nothing) { asset(slug: $` + name + `) { id } }`:          450,
		`{ compareEtlRuns(base: "` + long + `", head: "` + long + `") { __typename } }`: 260,
	} {
		a := w.ask(t, query)
		require.NotEmpty(t, a.Errors, "%.100s", query)
		for _, e := range a.Errors {
			require.LessOrEqual(t, len(e.Message), most, e.Message)
		}
		require.Regexp(t, "…|bad cursor|not found|Unknown type", a.Errors[0].Message)
	}
	for _, v := range []any{long, []any{long}, map[string]any{"gte": long}, map[string]any{long: 1}} {
		a := w.ask(t, `query ($v: TimeRange) { records(filter: {observedAt: $v}) { totalCount } }`, "v", v)
		require.NotEmpty(t, a.Errors)
		require.LessOrEqual(t, len(a.Errors[0].Message), 1010, a.Errors[0].Message)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "text/"+strings.Repeat("x", 5000))
	got := httptest.NewRecorder()
	w.ServeHTTP(got, r)
	require.Equal(t, http.StatusUnsupportedMediaType, got.Code)
	require.Less(t, got.Body.Len(), 500)
}
