package server_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

func handler() http.Handler { return server.New(options(slog.New(slog.DiscardHandler))) }

func TestRoutes(t *testing.T) {
	for _, c := range []struct{ method, path, by string }{
		{"GET", "/graphql", "graphql"}, {"POST", "/graphql", "graphql"}, {"OPTIONS", "/graphql", "graphql"},
		{"GET", "/playground", "playground"}, {"GET", "/playground/", "playground"}, {"GET", "/playground/a.js", "playground"},
		{"GET", "/docs", "rest"}, {"GET", "/docs/", "rest"}, {"GET", "/docs/swagger-ui.css", "rest"},
		{"GET", "/openapi.json", "rest"}, {"GET", "/health", "rest"}, {"GET", "/livez", "rest"}, {"GET", "/readyz", "rest"},
		{"GET", "/data", "rest"}, {"HEAD", "/data", "rest"}, {"GET", "/stats", "rest"}, {"GET", "/runs", "rest"},
		{"GET", "/compare-runs", "rest"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			answer := ask(t, handler(), c.method, c.path, "x-api-key: "+readKey)
			require.Equal(t, http.StatusOK, answer.StatusCode)
			require.Equal(t, c.by, answer.Header.Get("X-Answered-By"))
		})
	}
}

func TestIndexListsTheRoutes(t *testing.T) {
	answer := ask(t, handler(), "GET", "/", "x-api-key: "+readKey)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	var index struct {
		Routes []struct {
			Path    string
			Methods []string
			Key     string
			About   string
		}
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&index))
	keys := make(map[string]string)
	for _, r := range index.Routes {
		require.NotEmpty(t, r.Methods)
		require.NotEmpty(t, r.About)
		keys[r.Path] = r.Key
	}
	require.Equal(t, map[string]string{
		"/graphql": "read", "/playground": "", "/data": "read", "/stats": "read", "/runs": "read", "/compare-runs": "read",
		"/docs": "", "/openapi.json": "", "/health": "", "/livez": "", "/readyz": "",
	}, keys)
}

func TestUnknownRoutes(t *testing.T) {
	p := requireProblem(t, ask(t, handler(), "GET", "/nothing/here", "x-api-key: "+readKey), http.StatusNotFound)
	require.Contains(t, p["detail"], "/nothing/here")
	require.Equal(t, "/nothing/here", p["instance"])
	requireProblem(t, ask(t, handler(), "GET", "/data/", "x-api-key: "+readKey), http.StatusNotFound)
}

func TestMethodNotAllowed(t *testing.T) {
	for path, allow := range map[string]string{"/data": "GET, HEAD", "/health": "GET, HEAD", "/graphql": "GET, HEAD, OPTIONS, POST"} {
		answer := ask(t, handler(), "DELETE", path, "x-api-key: "+readKey)
		require.Equal(t, allow, answer.Header.Get("Allow"))
		p := requireProblem(t, answer, http.StatusMethodNotAllowed)
		require.Contains(t, p["detail"], "DELETE")
		require.Contains(t, p["detail"], allow)
	}
}

func TestBodyCap(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.MaxBody = 10
	for name, c := range map[string]struct {
		target http.Handler
		body   string
		length int64
		status int
	}{
		"within":           {server.New(o), strings.Repeat("x", 10), 10, http.StatusOK},
		"announced":        {server.New(o), strings.Repeat("x", 11), 11, http.StatusRequestEntityTooLarge},
		"chunked":          {server.New(o), strings.Repeat("x", 11), -1, http.StatusRequestEntityTooLarge},
		"within default":   {handler(), strings.Repeat("x", 1<<20), 1 << 20, http.StatusOK},
		"over the default": {handler(), strings.Repeat("x", 1<<20+1), 1<<20 + 1, http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/graphql", bytes.NewBufferString(c.body))
			r.Header.Set("X-Api-Key", readKey)
			r.ContentLength = c.length
			answer := send(c.target, r)
			require.Equal(t, c.length <= 1<<20 && name != "announced", answer.Header.Get("X-Answered-By") != "", "reached the route")
			if c.status != http.StatusOK {
				requireProblem(t, answer, c.status)
			}
			require.Equal(t, c.status, answer.StatusCode)
		})
	}
}

func TestSecurityHeaders(t *testing.T) {
	for path, want := range map[string]struct{ policy, cache string }{
		"/data":      {"default-src 'none'", "no-store"},
		"/docs":      {"default-src 'self'", ""},
		"/nowhere":   {"default-src 'none'", "no-store"},
		"/docs/a.js": {"default-src 'self'", ""},
	} {
		for _, key := range []string{readKey, "wrong"} {
			h := ask(t, handler(), "GET", path, "x-api-key: "+key).Header
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
			require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
			require.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
			require.Contains(t, h.Get("Content-Security-Policy"), want.policy, path)
			require.Equal(t, want.cache, h.Get("Cache-Control"), path)
		}
	}
}
