package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
)

// What the scanner graphql-cop looks for, asked as it asks: each with what is answered here.
func TestWhatAScannerLooksFor(t *testing.T) {
	w := newWorld(t)
	w.Handler = w.with(w.store, func(o *graph.Options) { o.NoIntrospection = true })
	asJSON := func(query string) string {
		body, err := json.Marshal(map[string]string{"query": query, "operationName": "cop"})
		require.NoError(t, err)
		return string(body)
	}
	const kind, form = "application/json", "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		method, target, contentType, body string
		status                            int
		says                              string
	}{
		"alias overloading":       {"POST", "/graphql", kind, asJSON("query cop { " + numberedAliases(101) + "}"), 400, "aliases; at most 100"},
		"array batching":          {"POST", "/graphql", kind, "[" + strings.Repeat(asJSON("query cop { __typename }")+",", 9) + asJSON("query cop { __typename }") + "]", 400, "batches are not taken"},
		"directive overloading":   {"POST", "/graphql", kind, asJSON("query cop { __typename " + strings.Repeat("@aa", 60) + " }"), 400, "directives; at most 50"},
		"circular introspection":  {"POST", "/graphql", kind, asJSON("query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }"), 400, "introspection"},
		"circular fragment":       {"POST", "/graphql", kind, asJSON("query cop { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }"), 400, "within itself"},
		"trace mode":              {"POST", "/graphql", kind, asJSON("query cop { __typename }"), 200, `"__typename":"Query"`},
		"query by GET":            {"GET", "/graphql?query=" + url.QueryEscape("query cop { __typename }"), "", "", 200, `"__typename":"Query"`},
		"field duplication":       {"POST", "/graphql", kind, asJSON("query cop { " + strings.Repeat("__typename \n", 500) + "}"), 400, "root fields; at most 20"},
		"introspection":           {"POST", "/graphql", kind, asJSON("query cop { __schema { types { name } } }"), 200, "introspection disabled"},
		"mutation by GET":         {"GET", "/graphql?query=" + url.QueryEscape("mutation cop { __typename }"), "", "", 405, "a mutation comes by POST"},
		"query in a form":         {"POST", "/graphql", form, "query=" + url.QueryEscape("query cop { __typename }"), 415, "is not understood"},
		"mutation in a form":      {"POST", "/graphql", form, "query=" + url.QueryEscape("mutation cop { __typename }"), 415, "is not understood"},
		"text that is JSON":       {"POST", "/graphql", "text/plain", asJSON("query cop { __typename }"), 415, "is not understood"},
		"field suggestions":       {"POST", "/graphql", kind, asJSON("query cop { __schema { directive } }"), 400, `Cannot query field \"directive\" on type \"__Schema\".`},
		"unhandled errors":        {"POST", "/graphql", kind, asJSON("qwerty cop { abc }"), 400, `Unexpected Name \"qwerty\"`},
		"a page in the way of it": {"GET", "/graphql", "", "", 400, "there is no query"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.target, strings.NewReader(c.body))
		r.Header.Set("Accept", "application/graphql-response+json")
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		answer := httptest.NewRecorder()
		before := w.statements.Load()
		w.ServeHTTP(answer, r)
		require.Equal(t, c.status, answer.Code, "%s: %s", name, answer.Body)
		require.Contains(t, answer.Body.String(), c.says, name)
		require.Equal(t, before, w.statements.Load(), name)
		for _, never := range []string{"Did you mean", `"tracing"`, "stacktrace", "exception", "<html", "/graph/"} {
			require.NotContains(t, answer.Body.String(), never, name)
		}
	}
}

func numberedAliases(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "alias%d: __typename ", i)
	}
	return text.String()
}
