package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// promised is how soon a revoked key is refused by every process.
const promised = 5 * time.Second

// makeKey makes a key on the command line and returns it with its id.
func makeKey(t *testing.T, env []string, args ...string) (key, id string) {
	t.Helper()
	code, stdout, stderr := finish(t, t.TempDir(), env, append([]string{"keys", "create"}, args...)...)
	require.Equal(t, exitDone, code, stderr)
	key = strings.TrimSuffix(stdout, "\n")
	id, ok := apikey.Parse(key)
	require.True(t, ok, "there is nothing but the key: %q", stdout)
	require.Contains(t, stderr, "key_"+id)
	require.NotContains(t, stderr, key)
	return key, "key_" + id
}

// statusOf is what a route answers to a key.
func statusOf(t *testing.T, url, key string) (status int, header http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", key)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, res.Header
}

// awaitStatus waits until a key is answered so.
func awaitStatus(t *testing.T, url, key string, want int, within time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool { status, _ := statusOf(t, url, key); return status == want }, within, 50*time.Millisecond)
}

func TestKeysOnTheCommandLine(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=" + postgrestest.EmptyURL(t)}
	_, id := makeKey(t, env, "a dashboard", "--scope", "read", "--expires", "90d")
	found, foundID := makeKey(t, env, "an operator", "--scope=admin")

	code, stdout, stderr := finish(t, t.TempDir(), env, "keys", "revoke", id)
	require.Equal(t, exitDone, code, stderr)
	require.Regexp(t, `^`+id+` \(a dashboard\) was revoked at 20`, stdout)
	code, stdout, stderr = finish(t, t.TempDir(), env, "keys", "revoke", found) // somebody has come across it
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, foundID)
	_, other := apikey.New()
	for _, wrong := range []string{other, "key_nobodys"} {
		code, _, stderr = finish(t, t.TempDir(), env, "keys", "revoke", wrong)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "there is no key with this id")
		require.NotContains(t, stderr, wrong)
	}

	code, stdout, stderr = finish(t, t.TempDir(), env, "keys", "list", "--json")
	require.Equal(t, exitDone, code, stderr)
	var listed []keyJSON
	for line := range strings.SplitSeq(strings.TrimSpace(stdout), "\n") {
		var k keyJSON
		require.NoError(t, json.Unmarshal([]byte(line), &k))
		listed = append(listed, k)
	}
	require.Len(t, listed, 2)
	require.Equal(t, []string{foundID, "an operator", "admin", "revoked"}, []string{listed[0].ID, listed[0].Name, listed[0].Scope, listed[0].Status})
	require.InDelta(t, 90*24, time.Until(*listed[1].ExpiresAt).Hours(), 1)
	_, stdout, _ = finish(t, t.TempDir(), env, "keys", "list", "--limit", "1")
	require.Contains(t, stdout, "There are more")

	_, stdout, _ = finish(t, t.TempDir(), env, "keys", "audit")
	require.Regexp(t, `(?s)audit_4 .* cli:\S+ .* api_key_revoked +`+foundID+` .*audit_1 .* api_key_created +`+id, stdout)
}

func TestKeysThatCannotBeMade(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=postgres://nobody@127.0.0.1:1/none"}
	for want, args := range map[string][]string{
		"--scope":         {"x"},
		"read":            {"x", "--scope", "root"},
		`"never"`:         {"x", "--scope", "read", "--expires", "never"},
		`"0d"`:            {"x", "--scope", "read", "--expires", "0d"},
		`"-1h"`:           {"x", "--scope", "read", "--expires=-1h"},
		"1 to 100":        {strings.Repeat("x", 101), "--scope", "read"},
		"is not allowed:": {" ", "--scope", "read"},
	} {
		code, stdout, stderr := finish(t, t.TempDir(), env, append([]string{"keys", "create"}, args...)...)
		require.Equal(t, exitUsage, code, stderr)
		require.Contains(t, stderr, want)
		require.NotContains(t, stdout, "kasparro_")
	}
}

// A key in the database is key enough for a service, one that is revoked or has expired is none.
func TestServeNeedsAKeySomewhere(t *testing.T) {
	t.Parallel()
	env := without(away(t), "API_KEY=")
	key, id := makeKey(t, env, "only one", "--scope", "read")
	s := serveWith(t, env)
	status, _ := statusOf(t, s.base+"/runs", key)
	require.Equal(t, http.StatusOK, status, "it is accepted from the first request on")
	status, _ = statusOf(t, s.base+"/runs", "")
	require.Equal(t, http.StatusUnauthorized, status)
	code, _, stderr := finish(t, t.TempDir(), env, "doctor")
	require.Equal(t, exitFailed, code, "the sources are away")
	require.NotContains(t, stderr, "API_KEY")
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())

	_, _, _ = finish(t, t.TempDir(), env, "keys", "revoke", id)
	code, _, stderr = finish(t, t.TempDir(), env, "serve")
	require.Equal(t, exitUsage, code, stderr)
	require.Contains(t, stderr, "kasparro keys create NAME --scope read")
}

// What is no id is not asked for: there is no database here, and it may be a key with a slip in it, which is no business of its log.
func TestWhatIsNoIDIsNotLookedFor(t *testing.T) {
	_, key := apikey.New()
	for _, given := range []string{"", "nobodys", key[:len(key)-1], key + "x", " " + key, key[22:], "abcdefghijk-", "abcdefghijklm", "abcdefghijkl\n"} {
		_, err := (&keyDesk{}).RevokeKey(t.Context(), given)
		require.ErrorIs(t, err, market.ErrNotFound)
		require.Contains(t, err.Error(), "there is no key with this id")
	}
}

// without is an environment without a variable.
func without(env []string, prefix string) (rest []string) {
	for _, line := range env {
		if !strings.HasPrefix(line, prefix) {
			rest = append(rest, line)
		}
	}
	return rest
}

// Two services share a database. A key that one of them makes is good at both, and one that is revoked at one of them, or on
// the command line, is refused by both.
func TestKeysOfTwoServices(t *testing.T) {
	t.Parallel()
	env := append(away(t), "ADMIN_API_KEY="+testAdminKey)
	one, two := serveWith(t, env), serveWith(t, env)
	made := query(t, one.base, testAdminKey, `mutation { createApiKey(name: "a client", scope: READ) { key apiKey { id status } } }`)["createApiKey"].(map[string]any)
	key, id := made["key"].(string), made["apiKey"].(map[string]any)["id"].(string)
	status, _ := statusOf(t, one.base+"/runs", key)
	require.Equal(t, http.StatusOK, status, "it is accepted at once where it was made")
	awaitStatus(t, two.base+"/runs", key, http.StatusOK, promised)
	code, _ := two.refused(key, startCSV)
	require.Equal(t, "FORBIDDEN", code)

	revoke := `mutation { revokeApiKey(id: "` + id + `") { status revokedAt } }`
	require.Equal(t, "REVOKED", query(t, one.base, testAdminKey, revoke)["revokeApiKey"].(map[string]any)["status"])
	status, _ = statusOf(t, one.base+"/runs", key)
	require.Equal(t, http.StatusUnauthorized, status, "it is refused at once where it was revoked")
	awaitStatus(t, two.base+"/runs", key, http.StatusUnauthorized, promised)

	key, id = makeKey(t, env, "another", "--scope", "admin")
	for _, s := range []*apiOnly{one, two} {
		awaitStatus(t, s.base+"/runs", key, http.StatusOK, promised)
	}
	started := query(t, two.base, key, startCSV)["run"].(map[string]any)["id"]
	log := query(t, one.base, key, `{ auditLog(first: 1) { nodes { actor address requestId action target detail } } }`)["auditLog"].(map[string]any)["nodes"].([]any)[0].(map[string]any)
	require.NotEmpty(t, log["requestId"])
	delete(log, "requestId")
	require.Equal(t, map[string]any{"actor": id, "address": "127.0.0.1", "action": "ETL_RUN_STARTED", "target": started, "detail": "csv"}, log)
	require.Eventually(t, func() bool {
		keys := query(t, one.base, testAdminKey, `{ apiKeys(first: 1) { nodes { id lastUsedAt } } }`)["apiKeys"].(map[string]any)["nodes"].([]any)
		return keys[0].(map[string]any)["lastUsedAt"] != nil
	}, time.Minute, 50*time.Millisecond)
	exit, _, stderr := finish(t, t.TempDir(), env, "keys", "revoke", id)
	require.Equal(t, exitDone, exit, stderr)
	for _, s := range []*apiOnly{one, two} {
		awaitStatus(t, s.base+"/runs", key, http.StatusUnauthorized, promised)
	}
}
