package main

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strings"
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
