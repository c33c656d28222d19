package graph_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
)

const aDocument = `query A($n: Int) { records(first: $n) { nodes { id } } }`

func TestManifestsOfBothCompilersAreRead(t *testing.T) {
	for name, manifest := range map[string]string{
		"relay":  `{"a": "{ stats { totalRecords } }", "b": "{ __typename }"}`,
		"apollo": `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "name": "A", "type": "query", "body": "{ stats { totalRecords } }"}, {"id": "b", "body": "{ __typename }"}]}`,
	} {
		texts, err := graph.ParseDocuments([]byte(manifest))
		require.NoError(t, err, name)
		require.Equal(t, map[string]string{"a": "{ stats { totalRecords } }", "b": "{ __typename }"}, texts, name)
	}
	for manifest, says := range map[string]string{
		``:                   "neither a JSON object of ids",
		`["{ __typename }"]`: "neither a JSON object of ids",
		`{"a": "{ stats { totalCoins } }", "b": "{ __typename }", "c": "{"}`: `document "a": input:1:11: Cannot query field "totalCoins" on type "Stats".`,
	} {
		_, err := graph.ParseDocuments([]byte(manifest))
		require.ErrorContains(t, err, says)
	}
	_, err := graph.ParseDocuments([]byte(`{"a": "{", "c": "{"}`))
	require.ErrorContains(t, err, `document "c"`, "all are named")
}

func TestDocumentsAreFoundByTheirIDs(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 1)
	o := w.options(w.store)
	o.Documents.Texts = map[string]string{"doc-a": aDocument}
	ask := func(params map[string]any) (int, answer) {
		body, err := json.Marshal(params)
		require.NoError(t, err)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		response := httptest.NewRecorder()
		w.ServeHTTP(response, request)
		var a answer
		require.NoError(t, json.Unmarshal(response.Body.Bytes(), &a), "%s", response.Body)
		return response.Code, a
	}
	variables := map[string]any{"n": 2}
	byHash := map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": "doc-a"}}
	for _, only := range []bool{false, true} {
		o.Documents.Only = only
		w.Handler = graph.NewHandler(o)
		for _, params := range []map[string]any{{"documentId": "doc-a", "variables": variables}, {"extensions": byHash, "variables": variables}} {
			_, a := ask(params)
			require.Empty(t, a.Errors)
			require.Len(t, dig(t, a.Data, "records", "nodes"), 2)
		}
		got := httptest.NewRecorder()
		w.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?documentId=doc-a&variables="+url.QueryEscape(`{"n": 1}`), nil))
		require.Contains(t, got.Body.String(), `{"data":{"records":{"nodes":[{"id":`)

		_, a := ask(map[string]any{"documentId": "nothing"})
		require.Equal(t, "NOT_FOUND", a.Errors[0].Extensions["code"])
		status, a := ask(map[string]any{"documentId": "doc-a", "query": aDocument})
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, a.Errors[0].Message, "send one of them")
		_, a = ask(map[string]any{"query": aDocument})
		if !only {
			require.Empty(t, a.Errors)
			continue
		}
		require.Equal(t, "FORBIDDEN", a.Errors[0].Extensions["code"], "also where it is the text of a document")
		require.Nil(t, a.Data)
	}
}

// The id under extensions is ours alone: a client that writes it there is asked for what it left out.
func TestNobodyAsksForDocumentsBehindTheParameters(t *testing.T) {
	w := newWorld(t)
	a := w.ask(t, aDocument)
	require.Empty(t, a.Errors)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader([]byte(`{"extensions": {"documentId": "doc-a"}}`)))
	request.Header.Set("Content-Type", "application/json")
	response := httptest.NewRecorder()
	w.ServeHTTP(response, request)
	require.Equal(t, http.StatusBadRequest, response.Code)
}
