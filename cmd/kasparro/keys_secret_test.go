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
