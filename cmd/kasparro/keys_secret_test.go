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
// can, counts and traces, and what the database holds, shows none of them, and no answer does but the one that a key is made with.
func TestNoKeyIsEverShown(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	env := append(away(t), "ADMIN_API_KEY="+testAdminKey, "LOG_LEVEL=debug", "OTEL_EXPORTER_OTLP_ENDPOINT="+c.URL, "TRUSTED_PROXIES=127.0.0.0/8")
	read, readID := makeKey(t, env, "a reader", "--scope", "read")
	admin, adminID := makeKey(t, env, "an operator", "--scope", "admin", "--expires", "1h")
	s := serveWith(t, env)
	made := query(t, s.base, admin, `mutation { createApiKey(name: "made over the API", scope: ADMIN) { key } }`)["createApiKey"].(map[string]any)["key"].(string)
	shown := map[string]string{}
	for _, key := range []string{read, admin, made} {
		shown["answers"] += s.use(t, key) + s.misplace(t, key)
	}
	for _, key := range []string{testKey, testAdminKey} {
		shown["answers"] += s.asked(t, "GET", "/stats", "", "X-Api-Key", key, "X-Request-Id", "for."+key)
	}
	shown["answers"] += s.mutate(t, `createApiKey(name: \"noted\", scope: READ) { apiKey { id } }`, "X-Request-Id", testAdminKey)
	revoked := s.mutate(t, `revokeApiKey(id: \"`+admin+`\") { id status }`)
	require.Contains(t, revoked, `"id":"`+adminID+`","status":"REVOKED"`, "by the key itself")
	lost := s.mutate(t, `revokeApiKey(id: \"`+made[:len(made)-1]+`-\") { id }`)
	require.Contains(t, lost, "NOT_FOUND", "it is not guessed which was meant")
	shown["metrics"] = s.asked(t, "GET", "/metrics", "", "X-Api-Key", testAdminKey)
	shown["answers"] += revoked + lost
	shown["the command line"] = s.failInside(t, env, made, readID)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
	shown["the log"], shown["traces"], shown["the database"] = s.stderr.String(), c.bytes.String(), contents(t, s)

	require.Contains(t, shown["the log"], "note in the audit log", "the log tells what goes wrong")
	require.Contains(t, shown["the log"], "_…", "and where a key has been cut down")
	require.Contains(t, shown["metrics"], `operation="other"`)
	require.Contains(t, shown["traces"], "graphql query other")
	require.Contains(t, shown["the database"], "made over the API")
	for name, text := range shown {
		for _, key := range []string{read, admin, made, testKey, testAdminKey} {
			require.NotContains(t, text, key, name)
			require.NotContains(t, text, key[max(0, len(key)-20):], "%s: the end of a key", name)
		}
	}
}

// asked is what the service answers, headers and all.
func (s *apiOnly) asked(t *testing.T, method, path, body string, headers ...string) string {
	t.Helper()
	_, text := ask(t, method, s.base+path, body, append(headers, "Content-Type", "application/json")...)
	return text
}

// mutate is what the service answers to an administrator.
func (s *apiOnly) mutate(t *testing.T, mutation string, headers ...string) string {
	t.Helper()
	return s.asked(t, "POST", "/graphql", `{"query": "mutation { `+mutation+` }"}`, append(headers, "X-Api-Key", testAdminKey)...)
}

// use sends a key where it belongs, and wrong ones, and returns what is answered.
func (s *apiOnly) use(t *testing.T, key string) (answers string) {
	wrong := key[:len(key)-1] + "-"
	for _, given := range []string{key, wrong} {
		answers += s.asked(t, "GET", "/runs", "", "X-Api-Key", given)
		_, _, _ = connect(t, s.base, given).ReadMessage()
	}
	answers += s.asked(t, "GET", "/runs", "", "Authorization", "Bearer "+key)
	for _, text := range []string{"{ stats { totalRecords } }", "{ apiKeys { nodes { id name } } auditLog { nodes { actor detail } } }"} {
		answers += s.asked(t, "POST", "/graphql", `{"query": "`+text+`"}`, "X-Api-Key", key)
	}
	return answers
}

// misplace sends a key where none belongs, and returns what is answered where it is not merely told what was sent.
func (s *apiOnly) misplace(t *testing.T, key string) (answers string) {
	for _, path := range []string{"/runs?x-api-key=" + key, "/health?key=" + key} {
		answers += s.asked(t, "GET", path, "")
	}
	for _, headers := range [][]string{
		{"X-Request-Id", key}, {"X-Request-Id", "key." + key[:40]},
		{"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Tracestate", "k=" + key},
		{"Traceparent", "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01", "Tracestate", "k=" + key, "X-Forwarded-For", "192.0.2.1"},
	} {
		answers += s.asked(t, "GET", "/stats", "", append(headers, "X-Api-Key", key)...)
	}
	answers += s.asked(t, "POST", "/graphql", `{"query": "query `+key+` { stats { totalRecords } }"}`, "X-Api-Key", key)
	answers += s.mutate(t, `createApiKey(name: \"noted\", scope: READ) { apiKey { id } }`, "X-Request-Id", key)
	answers += s.mutate(t, `createApiKey(name: \"`+key+`\", scope: READ) { apiKey { id } }`)
	for _, path := range []string{"/" + key, "/%0A" + key, "/x" + key, "/data?source=" + key, "/graphql?query=" + url.QueryEscape("{ asset(slug: \""+key+"\") { "+key+" } }")} {
		_ = s.asked(t, "GET", path, "", "X-Api-Key", key)
	}
	_ = s.mutate(t, `startEtlRun(source: \"`+key+`\") { id }`)
	return answers
}

// failInside has things fail that the log and the command line tell of, and returns what the latter does.
func (s *apiOnly) failInside(t *testing.T, env []string, admin, id string) (stderr string) {
	_, err := s.db.ExecContext(t.Context(), "ALTER TABLE audit_log RENAME TO elsewhere")
	require.NoError(t, err)
	text := s.asked(t, "POST", "/graphql", `{"query": "mutation { createApiKey(name: \"lost\", scope: READ) { key } }"}`, "X-Api-Key", admin)
	require.Contains(t, text, "internal error")
	code, _, failed := finish(t, t.TempDir(), env, "keys", "revoke", id)
	require.Equal(t, exitFailed, code)
	code, _, named := finish(t, t.TempDir(), env, "keys", "create", admin, "--scope", "read")
	require.Equal(t, exitFailed, code)
	return text + failed + named
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
