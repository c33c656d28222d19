package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/server"
)

const (
	readKey  = "a-key-to-read"
	adminKey = "a-key-to-administer"

	waitAtMost = 10 * time.Second
	pollEvery  = 5 * time.Millisecond
)

var bothKeys = server.Keys{Read: readKey, Admin: adminKey}

// logbook is a log that may be read while it is written.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logbook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logbook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logbook) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: level}))
}

// named answers with its name and with what the context says of the request.
func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Answered-By", name)
		w.Header().Set("X-Scope", string(market.ScopeOf(r.Context())))
		w.Header().Set("X-Seen-Id", market.RequestID(r.Context()))
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		}
	})
}

func options(log *slog.Logger) server.Options {
	return server.Options{
		GraphQL: named("graphql"), Playground: named("playground"), REST: named("rest"),
		Door: server.NewDoor(bothKeys, server.Throttle{}), Log: log,
	}
}

// ask sends a request with headers given as "Name: value" and returns the answer.
func ask(t *testing.T, h http.Handler, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for _, line := range headers {
		name, value, ok := strings.Cut(line, ": ")
		require.True(t, ok, line)
		r.Header.Add(name, value)
	}
	return send(h, r)
}

func send(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// requireProblem holds the answer to be a problem of the status, and returns it.
func requireProblem(t *testing.T, answer *http.Response, status int) map[string]any {
	t.Helper()
	require.Equal(t, status, answer.StatusCode)
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	var p map[string]any
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &p), string(text))
	require.EqualValues(t, status, p["status"])
	require.Equal(t, http.StatusText(status), p["title"])
	require.NotEmpty(t, p["detail"])
	require.Equal(t, answer.Header.Get("X-Request-Id"), p["request_id"])
	return p
}
