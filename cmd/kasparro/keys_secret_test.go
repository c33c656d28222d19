package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// ask sends a request and returns what came back, headers and all.
func ask(t *testing.T, method, url, body string, headers ...string) (status int, all string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, fmt.Sprint(res.Header) + string(text)
}

// connect opens a socket with a key, "" for none.
func connect(t *testing.T, base, key string) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}
	conn, res, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/graphql", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"x-api-key": key}}))
	return conn
}

// Whatever is done with keys, right and wrong, and wherever clients put them: what the program writes while it logs all it
// can, and what the database holds, shows none of them, and no answer does but the one that a key is made with.
func TestNoKeyIsEverShown(t *testing.T) {
	t.Parallel()
	env := append(away(t), "ADMIN_API_KEY="+testAdminKey, "LOG_LEVEL=debug")
	read, readID := makeKey(t, env, "a reader", "--scope", "read")
	admin, _ := makeKey(t, env, "an operator", "--scope", "admin", "--expires", "1h")
	s := serveWith(t, env)
	made := query(t, s.base, admin, `mutation { createApiKey(name: "made over the API", scope: ADMIN) { key } }`)["createApiKey"].(map[string]any)["key"].(string)
	var answers strings.Builder
	for _, key := range []string{read, admin, made} {
		wrong := key[:len(key)-1] + "-"
		for _, request := range [][]string{
			{"GET", "/runs", "", "X-Api-Key", key},
			{"GET", "/runs", "", "Authorization", "Bearer " + key},
			{"GET", "/runs", "", "X-Api-Key", wrong},
			{"GET", "/runs?x-api-key=" + key, ""},
			{"GET", "/health?key=" + key, "", "X-Api-Key", key},
			{"GET", "/stats", "", "X-Api-Key", key, "X-Request-Id", key},
			{"POST", "/graphql", `{"query": "{ stats { totalRecords } }"}`, "X-Api-Key", key, "Content-Type", "application/json"},
			{"POST", "/graphql", `{"query": "{ apiKeys { nodes { id name } } auditLog { nodes { actor detail } } }"}`, "X-Api-Key", key, "Content-Type", "application/json"},
		} {
			_, text := ask(t, request[0], s.base+request[1], request[2], request[3:]...)
			if len(request) < 6 || request[5] != "X-Request-Id" { // which is sent back as it came
				answers.WriteString(text)
			}
		}
		// What is sent where no key belongs may be sent back, to whoever has sent it, and is not to be written down.
		for _, place := range []string{"/" + key, "/data?source=" + key, "/graphql?query=" + url.QueryEscape("{ asset(slug: \""+key+"\") { "+key+" } }")} {
			_, _ = ask(t, "GET", s.base+place, "", "X-Api-Key", key)
		}
		for _, mutation := range []string{`revokeApiKey(id: \"` + key + `\") { id }`, `startEtlRun(source: \"` + key + `\") { id }`} {
			_, text := ask(t, "POST", s.base+"/graphql", `{"query": "mutation { `+mutation+` }"}`, "X-Api-Key", admin, "Content-Type", "application/json")
			if strings.Contains(mutation, "revoke") {
				answers.WriteString(text)
			}
		}
		for _, given := range []string{key, wrong} {
			_, _, _ = connect(t, s.base, given).ReadMessage()
		}
	}
	_, err := s.db.ExecContext(t.Context(), "ALTER TABLE audit_log RENAME TO elsewhere") // it fails inside, and says so in the log
	require.NoError(t, err)
	_, text := ask(t, "POST", s.base+"/graphql", `{"query": "mutation { createApiKey(name: \"lost\", scope: READ) { key } }"}`, "X-Api-Key", made, "Content-Type", "application/json")
	require.Contains(t, text, "internal error")
	code, _, stderr := finish(t, t.TempDir(), env, "keys", "revoke", readID)
	require.Equal(t, exitFailed, code)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())

	held := contents(t, s)
	require.Contains(t, s.stderr.String(), "note in the audit log", "the log tells what goes wrong")
	require.Contains(t, s.stderr.String(), "_…", "and where a key has been cut down")
	require.Contains(t, held, "made over the API")
	for name, shown := range map[string]string{"the log": s.stderr.String(), "the command line": stderr, "answers": answers.String(), "the database": held} {
		for _, key := range []string{read, admin, made, testKey, testAdminKey} {
			require.NotContains(t, shown, key, name)
			require.NotContains(t, shown, key[max(0, len(key)-20):], "%s: the end of a key", name)
		}
	}
}

// contents is all that is in the database, as text, with what statements the server remembers.
func contents(t *testing.T, s *apiOnly) string {
	t.Helper()
	var tables []string
	require.NoError(t, s.db.NewRaw("SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')").Scan(t.Context(), &tables))
	require.Contains(t, tables, "api_keys")
	var all bytes.Buffer
	for _, table := range append(tables, "pg_stat_activity") {
		var rows []string
		require.NoError(t, s.db.NewRaw("SELECT x::text FROM "+table+" x").Scan(t.Context(), &rows), table)
		require.NoError(t, json.NewEncoder(&all).Encode(rows))
	}
	return all.String()
}

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
	stream := make(chan string, 1)
	begun := make(chan struct{})
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/graphql?query="+url.QueryEscape("subscription { recordAdded { priceUsd } }"), nil)
		if err != nil {
			return
		}
		req.Header.Set("X-Api-Key", key)
		req.Header.Set("Accept", "text/event-stream")
		res, err := http.DefaultClient.Do(req)
		close(begun)
		if err != nil {
			return
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		stream <- string(text)
	}()
	<-begun
	query(t, s.base, testAdminKey, `mutation { revokeApiKey(id: "`+id+`") { id } }`)
	var err error
	for err == nil { // the subscription may end first
		_, _, err = socket.ReadMessage()
	}
	var closed *websocket.CloseError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, &websocket.CloseError{Code: 4403, Text: "the key is not accepted any more"}, closed)
	require.Contains(t, <-stream, "the key is not accepted any more")
	require.NoError(t, other.WriteJSON(map[string]any{"type": "ping"}))
	_, text, err := other.ReadMessage()
	require.NoError(t, err)
	require.JSONEq(t, `{"type": "pong"}`, string(text))
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
