package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// scan is a question that the scanner graphql-cop asks, by its name for it, and what is answered to a key: whether the schema is
// kept to itself makes no difference but where discreet is set.
type scan struct {
	name, method, path, kind, body string
	status                         int
	says, discreet                 string
}

func scans(t *testing.T) []scan {
	asked := func(query string) string {
		body, err := json.Marshal(map[string]string{"query": query, "operationName": "cop"})
		require.NoError(t, err)
		return string(body)
	}
	const jsonKind, form = "application/json", "application/x-www-form-urlencoded"
	posted := func(name, query string, status int, says string) scan {
		return scan{name, "POST", "/graphql", jsonKind, asked(query), status, says, ""}
	}
	repeat := strings.Repeat
	return []scan{
		posted("alias overloading", "query cop { "+aliased(101)+"}", 400, "101 aliases; at most 100"),
		{"array-based batching", "POST", "/graphql", jsonKind, "[" + repeat(asked("query cop { __typename }")+",", 9) + asked("query cop { __typename }") + "]", 400, "batches are not taken", ""},
		posted("circular fragment", "query cop { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }", 400, "within itself"),
		posted("circular introspection", "query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }", 400, "levels of lists in its introspection"),
		posted("directive overloading", "query cop { __typename "+repeat("@aa", 60)+" }", 400, "60 directives; at most 50"),
		posted("field duplication", "query cop { "+repeat("__typename ", 500)+"}", 400, "500 root fields; at most 20"),
		{"field suggestions", "POST", "/graphql", jsonKind, asked("query cop { __schema { directive } }"), 400, "Did you mean", `Cannot query field \"directive\" on type \"__Schema\".`},
		{"GET-based mutation", "GET", "/graphql?query=" + url.QueryEscape(`mutation cop { startEtlRun(source: "csv") { id } }`), "", "", 405, "a mutation comes by POST", ""},
		{"GET method query support", "GET", "/graphql?query=" + url.QueryEscape("query cop { __typename }"), "", "", 200, `"__typename":"Query"`, ""},
		{"GraphQL IDE at the endpoint", "GET", "/graphql", "", "", 400, "there is no query", ""},
		{"GraphQL IDE at /graphiql", "GET", "/graphiql", "", "", 404, "", ""},
		{"GraphQL IDE at /console", "GET", "/console", "", "", 404, "", ""},
		{"introspection", "POST", "/graphql", jsonKind, asked("query cop { __schema { types { name fields { name } } } }"), 200, `"name":"AssetConnection"`, "introspection disabled"},
		{"introspection of a type", "POST", "/graphql", jsonKind, asked(`query cop { __type(name: "Asset") { name fields { name } } }`), 200, `"name":"slug"`, "introspection disabled"},
		{"POST-based query in a form", "POST", "/graphql", form, "query=" + url.QueryEscape("query cop { __typename }"), 415, "is not understood", ""},
		{"POST-based mutation in a form", "POST", "/graphql", form, "query=" + url.QueryEscape(`mutation cop { startEtlRun(source: "csv") { id } }`), 415, "is not understood", ""},
		{"query as plain text", "POST", "/graphql", "text/plain", asked("query cop { __typename }"), 415, "is not understood", ""},
		posted("trace mode", "query cop { __typename }", 200, `"__typename":"Query"`),
		posted("unhandled errors", "qwerty cop { abc }", 400, `Unexpected Name \"qwerty\"`),
	}
}

// TestWhatAScannerLooksFor asks the running program what graphql-cop asks: with the schema told and kept, and without a key,
// when nothing is answered at all.
func TestWhatAScannerLooksFor(t *testing.T) {
	t.Parallel()
	for setting, discreet := range map[string]bool{"on": false, "off": true} {
		t.Run("introspection "+setting, func(t *testing.T) {
			t.Parallel()
			s := serveAPIOnly(t, "GRAPHQL_INTROSPECTION="+setting)
			for _, c := range scans(t) {
				if discreet && c.discreet != "" {
					c.says = c.discreet
				}
				status, body := c.ask(t, s.base, testKey)
				require.Equal(t, c.status, status, "%s: %s", c.name, body)
				require.Contains(t, body, c.says, c.name)
				for _, never := range []string{`"tracing"`, "stacktrace", "exception", "<html", ".go:", "goroutine"} {
					require.NotContains(t, body, never, c.name)
				}
				require.False(t, discreet && strings.Contains(body, "Did you mean"), "%s: %s", c.name, body)

				status, body = c.ask(t, s.base, "")
				require.Contains(t, []int{http.StatusUnauthorized, http.StatusNotFound}, status, "%s: %s", c.name, body)
				require.True(t, status == http.StatusUnauthorized || c.status == http.StatusNotFound, c.name)
				require.NotRegexp(t, `Did you mean|__Schema|AssetConnection|__typename"`, body, c.name)
			}
			require.Zero(t, s.runs(), "a mutation was run")
			require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
		})
	}
}

// runs is how many runs there have been.
func (s *apiOnly) runs() int64 {
	n, err := s.db.NewSelect().Table("etl_runs").Count(s.t.Context())
	require.NoError(s.t, err)
	return n
}

func (c scan) ask(t *testing.T, base, key string) (status int, body string) {
	req, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, strings.NewReader(c.body))
	require.NoError(t, err)
	req.Header.Set("Accept", "application/graphql-response+json")
	if c.kind != "" {
		req.Header.Set("Content-Type", c.kind)
	}
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, string(text)
}

// aliased is so many fields, each by a name of its own.
func aliased(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "a%d: __typename ", i)
	}
	return text.String()
}
