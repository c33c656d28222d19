package graph_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// persistedAsk sends a query by its hash, and its text if there is one.
func (w *world) persistedAsk(t *testing.T, method, hash, query string) answer {
	t.Helper()
	extensions := map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
	params := map[string]any{"extensions": extensions}
	if query != "" {
		params["query"] = query
	}
	body, err := json.Marshal(params)
	require.NoError(t, err)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodGet {
		text, err := json.Marshal(extensions)
		require.NoError(t, err)
		request = httptest.NewRequestWithContext(t.Context(), method, "/graphql?extensions="+url.QueryEscape(string(text)), nil)
	}
	response := httptest.NewRecorder()
	w.ServeHTTP(response, request)
	var a answer
	require.NoError(t, json.Unmarshal(response.Body.Bytes(), &a), "%s", response.Body)
	return a
}

func hashOf(query string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(query))) }

// A client sends the hash of a query first, its text only where that is not known, and from then on no text.
func TestAutomaticPersistedQueries(t *testing.T) {
	w := newWorld(t)
	const query = `{ health { status } }`
	unknown := w.persistedAsk(t, http.MethodPost, hashOf(query), "")
	require.Len(t, unknown.Errors, 1)
	require.Equal(t, "PersistedQueryNotFound", unknown.Errors[0].Message)
	require.Equal(t, "PERSISTED_QUERY_NOT_FOUND", unknown.Errors[0].Extensions["code"])
	require.Empty(t, w.persistedAsk(t, http.MethodPost, hashOf(query), query).Errors)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		known := w.persistedAsk(t, method, hashOf(query), "")
		require.Empty(t, known.Errors)
		require.Equal(t, "HEALTHY", dig(t, known.Data, "health", "status"))
	}
	wrong := w.persistedAsk(t, http.MethodPost, hashOf("x"), query)
	require.Equal(t, "BAD_USER_INPUT", wrong.Errors[0].Extensions["code"])

	long := "{ health { status } }" + strings.Repeat(" ", 20_000)
	require.Empty(t, w.persistedAsk(t, http.MethodPost, hashOf(long), long).Errors)
	require.NotEmpty(t, w.persistedAsk(t, http.MethodPost, hashOf(long), "").Errors, "too long to be kept")
}
