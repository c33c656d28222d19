package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

const appOrigin = "https://app.example.com"

// crossed is a service that pages of the origins may ask.
func crossed(origins ...string) http.Handler {
	o := options(slog.New(slog.DiscardHandler))
	o.Origins = server.NewOrigins(origins)
	return server.New(o)
}

// told are the headers of CORS in an answer.
func told(h http.Header) map[string]string {
	found := map[string]string{}
	for name, values := range h {
		if about, ok := strings.CutPrefix(name, "Access-Control-"); ok {
			found[about] = strings.Join(values, "|")
		}
	}
	return found
}

// A browser that asks whether it may has no key, and says so of none.
func TestPreflights(t *testing.T) {
	h := crossed(appOrigin, "http://localhost:5173")
	for _, path := range []string{"/graphql", "/data", "/health", "/nowhere"} {
		answer := ask(t, h, "OPTIONS", path, "Origin: "+appOrigin, "Access-Control-Request-Method: POST",
			"Access-Control-Request-Headers: content-type,x-api-key,x-request-id", "Access-Control-Request-Private-Network: true")
		require.Equal(t, http.StatusNoContent, answer.StatusCode, path)
		require.Equal(t, map[string]string{"Allow-Origin": appOrigin, "Allow-Methods": "POST", "Allow-Headers": "content-type,x-api-key,x-request-id", "Max-Age": "86400"},
			told(answer.Header), "nothing of credentials or of private networks")
		require.Equal(t, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers", answer.Header.Get("Vary"))
		require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"))
		require.NotEmpty(t, answer.Header.Get("X-Request-Id"))
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Empty(t, text, "it ends there")
	}
	for _, refused := range [][]string{
		{"Origin: https://elsewhere.example", "Access-Control-Request-Method: GET"},
		{"Origin: https://app.example.com.elsewhere.example", "Access-Control-Request-Method: GET"},
		{"Origin: http://app.example.com", "Access-Control-Request-Method: GET"},
		{"Origin: null", "Access-Control-Request-Method: GET"},
		{"Origin: " + appOrigin, "Access-Control-Request-Method: DELETE"},
		{"Origin: " + appOrigin, "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x-forwarded-for"},
	} {
		answer := ask(t, h, "OPTIONS", "/data", refused...)
		require.Empty(t, told(answer.Header), refused)
		require.Contains(t, answer.Header.Get("Vary"), "Origin")
	}
	requireProblem(t, ask(t, h, "OPTIONS", "/graphql", "Access-Control-Request-Method: POST"), http.StatusUnauthorized)
	requireProblem(t, ask(t, h, "OPTIONS", "/graphql", "Origin: "+appOrigin), http.StatusUnauthorized)
	require.Equal(t, "graphql", ask(t, h, "OPTIONS", "/graphql", "x-api-key: "+readKey).Header.Get("X-Answered-By"))
}

// What is asked needs its key, and a page of an origin may read every answer, errors among them.
func TestPagesOfOtherOriginsMayRead(t *testing.T) {
	h := crossed(appOrigin)
	for path, c := range map[string]struct {
		key    string
		status int
	}{
		"/data": {readKey, http.StatusOK}, "/stats": {"", http.StatusUnauthorized}, "/nowhere": {readKey, http.StatusNotFound}, "/health": {"", http.StatusOK},
	} {
		answer := ask(t, h, "GET", path, "Origin: "+appOrigin, "x-api-key: "+c.key)
		require.Equal(t, c.status, answer.StatusCode)
		require.Equal(t, map[string]string{"Allow-Origin": appOrigin,
			"Expose-Headers": "Etag, Link, Ratelimit, Ratelimit-Policy, Retry-After, Www-Authenticate, X-Request-Id"}, told(answer.Header))
		require.Contains(t, answer.Header.Values("Vary"), "Origin")
	}
	for _, other := range []string{"https://elsewhere.example", "null", ""} {
		answer := ask(t, h, "GET", "/data", "Origin: "+other, "x-api-key: "+readKey)
		require.Equal(t, http.StatusOK, answer.StatusCode, "it is the browser that keeps it from the page")
		require.Empty(t, told(answer.Header))
		require.Contains(t, answer.Header.Values("Vary"), "Origin", "a cache is not to give it to the page that may")
	}
	every := ask(t, crossed("*"), "GET", "/data", "Origin: null", "x-api-key: "+readKey)
	require.Equal(t, "*", every.Header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, every.Header.Get("Access-Control-Allow-Credentials"))
}

func TestCORSIsClosedUnlessConfigured(t *testing.T) {
	requireProblem(t, ask(t, handler(), "OPTIONS", "/graphql", "Origin: "+appOrigin, "Access-Control-Request-Method: POST"), http.StatusUnauthorized)
	answer := ask(t, handler(), "GET", "/data", "Origin: "+appOrigin, "x-api-key: "+readKey)
	require.Empty(t, told(answer.Header))
	require.NotContains(t, answer.Header.Values("Vary"), "Origin", "nothing depends on it")
}

// An answer that lasts is the same for every page, and a 304 says whose pages may read it.
func TestTagsOfPagesOfOtherOrigins(t *testing.T) {
	s := newTagged(appOrigin)
	tag := s.get(t, "/data").Header.Get("ETag")
	for origin, allowed := range map[string]string{appOrigin: appOrigin, "https://elsewhere.example": "", "": ""} {
		answer := s.get(t, "/data", "Origin: "+origin, "If-None-Match: "+tag)
		require.Equal(t, http.StatusNotModified, answer.StatusCode)
		require.Equal(t, tag, answer.Header.Get("ETag"))
		require.Equal(t, allowed, answer.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, []string{"Origin", "Accept"}, answer.Header.Values("Vary"))
	}
}

// Browsers ask nobody before they open a socket.
func TestWhosePagesMayOpenSockets(t *testing.T) {
	for _, c := range []struct {
		origin               string
		closed, listed, open bool
	}{
		{"", true, true, true},
		{"http://example.com", true, true, true},
		{"https://EXAMPLE.com", true, true, true},
		{appOrigin, false, true, true},
		{"http://app.example.com", false, false, true},
		{"https://example.com.elsewhere.example", false, false, true},
		{"null", false, false, true},
		{"%", false, false, true},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/graphql", nil)
		require.NoError(t, err)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		require.Equal(t, c.closed, server.NewOrigins(nil).MayConnect(r), c.origin)
		require.Equal(t, c.listed, server.NewOrigins([]string{appOrigin}).MayConnect(r), c.origin)
		require.Equal(t, c.open, server.NewOrigins([]string{"*"}).MayConnect(r), c.origin)
	}
}
