package server_test

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/server"
)

func TestRequestID(t *testing.T) {
	for name, c := range map[string]struct {
		given string
		kept  bool
	}{
		"sane":     {"Trace-1.2_b", true},
		"longest":  {strings.Repeat("a", 64), true},
		"too long": {strings.Repeat("a", 65), false},
		"spaces":   {"a b", false},
		"markup":   {"<script>", false},
		"none":     {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			answer := ask(t, handler(), "GET", "/health", "X-Request-Id: "+c.given)
			id := answer.Header.Get("X-Request-Id")
			require.Regexp(t, `^[A-Za-z0-9._-]{1,64}$`, id)
			require.Equal(t, c.kept, id == c.given)
			require.Equal(t, id, answer.Header.Get("X-Seen-Id"), "the route sees the same id")
		})
	}
	_, key := apikey.New()
	for _, id := range []string{key, "x" + key[:30], "for." + readKey, readKey} {
		require.NotContains(t, ask(t, handler(), "GET", "/health", "X-Api-Key: "+readKey, "X-Request-Id: "+id).Header.Get("X-Request-Id"), id[len(id)-8:], "a key is none")
	}
	for _, id := range []string{readKey, adminKey} {
		require.Equal(t, id, ask(t, handler(), "GET", "/health", "X-Api-Key: wrong", "X-Request-Id: "+id).Header.Get("X-Request-Id"), "who guesses learns nothing")
	}
	first := ask(t, handler(), "GET", "/health").Header.Get("X-Request-Id")
	require.NotEqual(t, first, ask(t, handler(), "GET", "/health").Header.Get("X-Request-Id"))
}

func TestPanicBecomesAProblem(t *testing.T) {
	var book logbook
	o := options(book.logger(slog.LevelDebug))
	o.REST = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("SELECT secret") })
	answer := ask(t, server.New(o), "GET", "/data", "x-api-key: "+readKey, "X-Request-Id: trace-7")
	p := requireProblem(t, answer, http.StatusInternalServerError)
	require.Contains(t, p["detail"], "trace-7")
	require.NotContains(t, p["detail"], "SELECT")
	for _, want := range []string{"SELECT secret", "trace-7", "front_test.go", `"status":500`} {
		require.Contains(t, book.String(), want)
	}
}

func TestPanicAfterTheAnswerBeganCutsItOff(t *testing.T) {
	var book logbook
	o := options(book.logger(slog.LevelDebug))
	o.REST = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("too late")
	})
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		ask(t, server.New(o), "GET", "/data", "x-api-key: "+readKey)
	})
	require.Contains(t, book.String(), "too late")
}

func TestAccessLog(t *testing.T) {
	var book logbook
	h := server.New(options(book.logger(slog.LevelInfo)))
	ask(t, h, "GET", "/data?limit=3&x-api-key="+adminKey, "x-api-key: "+readKey, "X-Request-Id: trace-8")
	line := book.String()
	for _, want := range []string{`"method":"GET"`, `"path":"/data"`, `"status":200`, `"request_id":"trace-8"`, `"remote":"192.0.2.1"`} {
		require.Contains(t, line, want)
	}
	require.Equal(t, 1, strings.Count(line, "\n"))
	require.NotContains(t, line, readKey)
	require.NotContains(t, line, adminKey)

	for _, path := range []string{"/health", "/livez", "/readyz"} {
		ask(t, h, "GET", path)
	}
	require.Equal(t, line, book.String(), "probes are logged at debug level only")
	var all logbook
	ask(t, server.New(options(all.logger(slog.LevelDebug))), "GET", "/health")
	require.Contains(t, all.String(), `"path":"/health"`)
}

// The log names whoever asks, and not the proxy that passes it on.
func TestTheLogNamesWhereARequestComesFrom(t *testing.T) {
	var book logbook
	o := options(book.logger(slog.LevelInfo))
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	h := server.New(o)
	require.Equal(t, http.StatusOK, knock(h, "10.0.0.1", readKey, "203.0.113.7").StatusCode)
	require.Equal(t, http.StatusOK, knock(h, "198.51.100.1", readKey, "203.0.113.8").StatusCode)
	require.Regexp(t, `(?s)"remote":"203.0.113.7".*"remote":"198.51.100.1"`, book.String())
}

func TestPlainErrorsBecomeProblems(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.REST = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this is not it", http.StatusBadRequest)
		_, _ = w.Write([]byte("more"))
	})
	o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusNotAcceptable)
	})
	o.Playground = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("{}"))
	})
	h := server.New(o)
	answer := ask(t, h, "GET", "/data", "x-api-key: "+readKey)
	require.Equal(t, "this is not it", requireProblem(t, answer, http.StatusBadRequest)["detail"])
	requireProblem(t, ask(t, h, "GET", "/graphql", "x-api-key: "+readKey), http.StatusNotAcceptable)
	require.Equal(t, "application/json", ask(t, h, "GET", "/playground").Header.Get("Content-Type"))
}

func TestStreamsAndWebSocketsPassThrough(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	release := make(chan struct{})
	o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n"))
				_ = conn.Close()
			}
			return
		}
		_, _ = w.Write([]byte("first\n"))
		w.(http.Flusher).Flush()
		<-release
	})
	s := httptest.NewServer(server.New(o))
	defer s.Close()
	defer close(release)

	ctx, cancel := context.WithTimeout(t.Context(), waitAtMost)
	defer cancel()
	get := func(upgrade string) *http.Response {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/graphql", nil)
		require.NoError(t, err)
		r.Header.Set("X-Api-Key", readKey)
		if upgrade != "" {
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", upgrade)
		}
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		return answer
	}
	stream := get("")
	defer stream.Body.Close()
	line, err := bufio.NewReader(stream.Body).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "first\n", line, "the first event arrives while the answer goes on")

	socket := get("websocket")
	defer socket.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, socket.StatusCode)
}
