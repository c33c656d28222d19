package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// What is open with a key ends when it is revoked, and says why; what is open with another goes on.
func TestWhatIsOpenWithARevokedKeyIsClosed(t *testing.T) {
	t.Parallel()
	env := append(away(t), "ADMIN_API_KEY="+testAdminKey)
	key, id := makeKey(t, env, "a subscriber", "--scope", "read")
	s := serveWith(t, env)
	socket, other := connect(t, s.base, key), connect(t, s.base, testKey)
	for _, conn := range []*websocket.Conn{socket, other} {
		_, text, err := conn.ReadMessage()
		require.NoError(t, err)
		require.JSONEq(t, `{"type": "connection_ack"}`, string(text))
	}
	require.NoError(t, socket.WriteJSON(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]string{"query": "subscription { recordAdded { priceUsd } }"}}))
	stream := s.streamOfRuns(t, key)
	revoked := time.Now()
	query(t, s.base, testAdminKey, `mutation { revokeApiKey(id: "`+id+`") { id } }`)
	var err error
	for err == nil { // the subscription may end first
		_, _, err = socket.ReadMessage()
	}
	var closed *websocket.CloseError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, &websocket.CloseError{Code: 4403, Text: "the key is not accepted any more"}, closed)
	rest, err := io.ReadAll(stream)
	require.NoError(t, err)
	require.Contains(t, string(rest), "the key is not accepted any more")
	require.Less(t, time.Since(revoked), promised)
	require.NoError(t, other.WriteJSON(map[string]any{"type": "ping"}))
	_, text, err := other.ReadMessage()
	require.NoError(t, err)
	require.JSONEq(t, `{"type": "pong"}`, string(text))
}

// streamOfRuns opens a stream with a key, and starts runs until it tells of one: then it has begun.
func (s *apiOnly) streamOfRuns(t *testing.T, key string) io.Reader {
	t.Helper()
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/graphql?query="+url.QueryEscape("subscription { etlRunChanged { status } }"), nil)
		require.NoError(t, err)
		req.Header.Set("X-Api-Key", key)
		req.Header.Set("Accept", "text/event-stream")
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		t.Cleanup(func() { _ = res.Body.Close() })
		_, _ = ask(t, "POST", s.base+"/graphql", `{"query": "mutation { startEtlRun(source: \"csv\") { id } }"}`, "X-Api-Key", testAdminKey, "Content-Type", "application/json")
		lines := bufio.NewReader(res.Body)
		for line := ""; err == nil; line, err = lines.ReadString('\n') {
			if strings.Contains(line, "etlRunChanged") && !strings.Contains(line, "errors") {
				return lines
			}
		}
	}
}

// While nothing can be read from the database no stored key is good, which is told apart from a wrong one; those of the
// settings go on. When it is back, so are the keys.
func TestKeysWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	env := append(away(t), "ADMIN_API_KEY="+testAdminKey)
	key, _ := makeKey(t, env, "a client", "--scope", "read")
	s := serveWith(t, env)
	socket := connect(t, s.base, key)
	_, _, err := socket.ReadMessage()
	require.NoError(t, err)
	var name string
	require.NoError(t, s.db.NewRaw("SELECT current_database()").Scan(t.Context(), &name))
	here, err := url.Parse(strings.TrimPrefix(env[0], "DATABASE_URL="))
	require.NoError(t, err)
	here.Path = "/postgres"
	elsewhere := postgrestest.Open(t, here.String())
	_, err = elsewhere.ExecContext(t.Context(), `ALTER DATABASE "`+name+`" ALLOW_CONNECTIONS false`)
	require.NoError(t, err)
	_, err = elsewhere.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ?", name)
	require.NoError(t, err)

	awaitStatus(t, s.base+"/", key, http.StatusServiceUnavailable, promised)
	_, header := statusOf(t, s.base+"/", key)
	require.Equal(t, "1", header.Get("Retry-After"))
	status, _ := statusOf(t, s.base+"/", testKey)
	require.Equal(t, http.StatusOK, status)
	status, _ = statusOf(t, s.base+"/", key[:50])
	require.Equal(t, http.StatusUnauthorized, status)
	_, _, err = socket.ReadMessage()
	var closed *websocket.CloseError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, websocket.CloseTryAgainLater, closed.Code)

	_, err = elsewhere.ExecContext(t.Context(), `ALTER DATABASE "`+name+`" ALLOW_CONNECTIONS true`)
	require.NoError(t, err)
	awaitStatus(t, s.base+"/", key, http.StatusOK, promised)
	require.Contains(t, s.stderr.String(), "the keys in the database cannot be looked at")
}

// Keys that nobody looks at any more are counted, and the log names where they come from, once.
func TestWhoIsLockedOutIsTold(t *testing.T) {
	t.Parallel()
	env := append(away(t), "ADMIN_API_KEY="+strings.Repeat("long", 8), "TRUSTED_PROXIES=127.0.0.0/8")
	s := serveWith(t, env)
	status := func(from, key string) int {
		status, _ := ask(t, "GET", s.base+"/", "", "X-Api-Key", key, "X-Forwarded-For", from+":5060")
		return status
	}
	require.Eventually(t, func() bool { return status("192.0.2.1", "wrong") == http.StatusTooManyRequests }, promised, time.Millisecond)
	require.Equal(t, http.StatusTooManyRequests, status("192.0.2.1", testKey))
	require.Equal(t, http.StatusOK, status("192.0.2.2", testKey))
	_, metrics := ask(t, "GET", s.base+"/metrics", "", "X-Api-Key", strings.Repeat("long", 8), "X-Forwarded-For", "192.0.2.1")
	require.Contains(t, metrics, "kasparro_keys_refused_total 2")
	require.Equal(t, 1, strings.Count(s.stderr.String(), "too many wrong keys have come from an address"))
	require.Regexp(t, `"level":"WARN","msg":"too many wrong keys.*"remote":"192.0.2.1"`, s.stderr.String())
}

// A key that is used for the first time just before the service ends was used all the same.
func TestTheLastUseOfAKeyIsNoted(t *testing.T) {
	t.Parallel()
	env := away(t)
	s := serveWith(t, env)
	key, _ := makeKey(t, env, "a client", "--scope", "read")
	awaitStatus(t, s.base+"/", key, http.StatusOK, promised)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
	_, stdout, stderr := finish(t, t.TempDir(), env, "keys", "list", "--json")
	var listed keyJSON
	require.NoError(t, json.Unmarshal([]byte(stdout), &listed), stderr)
	require.NotNil(t, listed.LastUsedAt)
}
