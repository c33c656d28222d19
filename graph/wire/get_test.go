package wire_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParametersArriveAsTheyWereSent(t *testing.T) {
	const query = `query A($any: Any) { any(of: $any) } query B { any(of: "ü") }`
	const variables = `{"any": {"big": 12345678901234567890, "long": 0.1000000000000000000001, "e": 1E400, "text": "ü\u0000"}}`
	w := newWorld(t)
	for name, ask := range map[string]func() reply{
		"POST": func() reply {
			body, err := json.Marshal(map[string]any{"query": query, "operationName": "A",
				"variables": json.RawMessage(variables), "extensions": json.RawMessage(`{"n": 1.50}`)})
			require.NoError(t, err)
			return w.post(t, string(body))
		},
		"GET": func() reply {
			return w.get(t, "query", query, "operationName", "A", "variables", variables, "extensions", ` {"n": 1.50} `, "unknown", "[")
		},
	} {
		t.Run(name, func(t *testing.T) {
			heard := w.listens()
			got := ask()
			require.Equal(t, http.StatusOK, got.StatusCode, got.text)
			require.Equal(t, query, heard.RawQuery)
			require.Equal(t, "A", heard.OperationName)
			require.Equal(t, "A", heard.Operation.Name)
			require.Equal(t, map[string]any{"any": map[string]any{
				"big": json.Number("12345678901234567890"), "long": json.Number("0.1000000000000000000001"),
				"e": json.Number("1E400"), "text": "ü\x00",
			}}, heard.Variables)
			require.Equal(t, map[string]any{"n": json.Number("1.50")}, heard.Extensions)
		})
	}
}

func TestQueryStringsThatAreNoRequest(t *testing.T) {
	w := newWorld(t)
	const (
		noQuery   = `there is no query: send {"query": "..."}`
		variables = "variables must be an object, or left out"
		extension = "extensions must be an object, or left out"
	)
	for query, why := range map[string]string{
		"": noQuery, "query=": noQuery, "query": noQuery, "Query={any}": noQuery, "variables={}": noQuery,
		"query={any}&variables=[]": variables, "query={any}&variables=1": variables, "query={any}&variables=%22%7B%7D%22": variables,
		"query={any}&variables={": variables, "query={any}&variables=x": variables, "query={any}&variables=+": variables,
		"query={any}&variables={}{}": variables, "query={any}&variables={}]": variables, "query={any}&variables={}}": variables,
		"query={any}&extensions=true": extension, "query={any}&extensions=null+null": extension,
		"query={any}&query={any}":                   "query is given 2 times: once is enough",
		"query={any}&operationName=&operationName=": "operationName is given 2 times: once is enough",
		"query={any}&variables={}&variables={}":     "variables is given 2 times: once is enough",
		"query=&extensions=&extensions=&extensions": "extensions is given 3 times: once is enough",
		"query={any%ff}":                            "query is no UTF-8",
		"query={any}&operationName=%c3":             "operationName is no UTF-8",
		"query={any}&variables={%22a%22:%22%ff%22}": "variables is no UTF-8",
		"query={any}&extensions=%80":                "extensions is no UTF-8",
		"query={any}&variables=%zz":                 `the query string cannot be read: invalid URL escape "%zz"`,
		"query={any};variables={}":                  "the query string cannot be read: invalid semicolon separator in query",
	} {
		t.Run(query, func(t *testing.T) {
			heard := w.listens()
			for _, accept := range []string{plain, response} {
				w.ask(t, http.MethodGet, "/?"+query, nil, "Accept", accept).refused(t, http.StatusBadRequest, why)
			}
			require.Empty(t, heard.RawQuery, "nothing is run")
		})
	}
}

func TestParametersMayBeEmptyOrNull(t *testing.T) {
	w := newWorld(t)
	for _, more := range []string{
		"", "&operationName=&variables=&extensions=", "&variables=null&extensions=null", "&variables={}&extensions={}", "&id=1&id=2",
	} {
		heard := w.listens()
		got := w.ask(t, http.MethodGet, "/?query={any}"+more, nil, "Content-Type", "text/plain")
		require.Equal(t, `{"data":{"any":1}}`, got.text, more)
		require.Equal(t, "{any}", heard.RawQuery)
		require.Empty(t, heard.Variables)
		require.Empty(t, heard.Extensions)
	}
	heard := w.listens()
	got := w.get(t, "query", "{ any }", "operationName", "null")
	require.Equal(t, []string{"operation null not found"}, got.errors(t), "a text in a URL has no quotes")
	require.Empty(t, heard.RawQuery)
}

// URLs end up in logs and caches: a POST has nothing in its own.
func TestAPostIsReadFromItsBody(t *testing.T) {
	w := newWorld(t)
	got := w.ask(t, http.MethodPost, "/?query={any}", nil, "Content-Type", plain)
	got.refused(t, http.StatusBadRequest, `the body is empty: send {"query": "..."}`)
}
