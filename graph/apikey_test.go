package graph_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

const (
	createKey = `mutation ($name: String! = "a client", $scope: ApiKeyScope! = READ, $expiresAt: DateTime) {
		createApiKey(name: $name, scope: $scope, expiresAt: $expiresAt) { key apiKey { id name scope status createdAt expiresAt revokedAt lastUsedAt } } }`
	revokeKey = `mutation ($id: ID!) { revokeApiKey(id: $id) { id status revokedAt } }`
	allKeys   = `query ($first: Int = 10, $after: String, $filter: ApiKeyFilter) {
		apiKeys(first: $first, after: $after, filter: $filter) { totalCount nodes { id } edges { cursor node { name } } pageInfo { hasNextPage } } }`
	whatWasDone = `query ($filter: AuditLogFilter) { auditLog(filter: $filter) { totalCount nodes { id createdAt actor address requestId action target detail } } }`
)

// desk makes keys that are their own ids, which the room for keys does otherwise.
type desk struct {
	*postgres.Store

	made atomic.Int64
}

func (d *desk) CreateKey(ctx context.Context, k market.NewAPIKey) (market.APIKey, string, error) {
	k.KeyID = fmt.Sprintf("K%d", d.made.Add(1))
	key := "the whole of " + k.KeyID
	k.Digest = sha256.Sum256([]byte(key))
	made, err := d.Store.CreateKey(ctx, k)
	return made, key, err
}

func TestAnAdministratorMakesAndRevokesKeys(t *testing.T) {
	w := newWorld(t)
	w.scope = market.ScopeAdmin
	made := dig(t, w.data(t, createKey), "createApiKey")
	require.Equal(t, "the whole of K1", dig(t, made, "key"))
	key := dig(t, made, "apiKey").(map[string]any)
	require.NotNil(t, key["createdAt"])
	delete(key, "createdAt")
	require.Equal(t, map[string]any{"id": "key_K1", "name": "a client", "scope": "READ", "status": "ACTIVE", "expiresAt": nil, "revokedAt": nil, "lastUsedAt": nil}, key)
	in := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	require.Equal(t, in, dig(t, w.data(t, createKey, "scope", "ADMIN", "expiresAt", in), "createApiKey", "apiKey", "expiresAt"))

	for range 2 {
		require.Equal(t, "REVOKED", dig(t, w.data(t, revokeKey, "id", "key_K1"), "revokeApiKey", "status"))
	}
	code, message := w.refused(t, revokeKey, "id", "a whole key")
	require.Equal(t, "NOT_FOUND", code)
	require.NotContains(t, message, "a whole key")
	for _, wrong := range [][]any{{"name", " "}, {"name", strings.Repeat("x", 101)}, {"name", "a\nb"}, {"scope", "ROOT"}, {"expiresAt", "2020-01-01T00:00:00Z"}} {
		code, _ := w.refused(t, createKey, wrong...)
		require.Equal(t, "BAD_USER_INPUT", code)
	}
	require.Empty(t, w.log.String())
	require.NotContains(t, w.json(t, allKeys), "the whole of")
}

func TestAdministratorsListKeys(t *testing.T) {
	w := newWorld(t)
	w.scope = market.ScopeAdmin
	for i := range 3 {
		w.data(t, createKey, "name", fmt.Sprint("client ", i), "scope", []string{"READ", "ADMIN"}[i%2])
	}
	w.data(t, revokeKey, "id", "key_K1")
	first := dig(t, w.data(t, allKeys, "first", 2), "apiKeys")
	require.Equal(t, []any{map[string]any{"id": "key_K3"}, map[string]any{"id": "key_K2"}}, dig(t, first, "nodes"))
	require.EqualValues(t, 3, dig(t, first, "totalCount"))
	require.Equal(t, true, dig(t, first, "pageInfo", "hasNextPage"))
	second := dig(t, w.data(t, allKeys, "after", dig(t, first, "edges", 1, "cursor")), "apiKeys", "edges")
	require.Equal(t, "client 0", dig(t, second, 0, "node", "name"))
	for want, filter := range map[string]map[string]any{
		"key_K1": {"status": []string{"REVOKED"}}, "key_K2": {"scope": []string{"ADMIN"}}, "key_K3": {"status": []string{"ACTIVE"}, "scope": []string{"READ"}},
	} {
		require.Equal(t, []any{map[string]any{"id": want}}, dig(t, w.data(t, allKeys, "filter", filter), "apiKeys", "nodes"))
	}
}

func TestAdministratorsSeeWhatWasDone(t *testing.T) {
	w := newWorld(t)
	w.scope, w.actor = market.ScopeAdmin, &market.Actor{Name: "key_A", Address: "192.0.2.1"}
	w.data(t, createKey)
	run := dig(t, w.data(t, startRun), "startEtlRun", "id")
	w.actor = &market.Actor{Name: "ADMIN_API_KEY"}
	w.data(t, revokeKey, "id", "key_K1")
	log := dig(t, w.data(t, whatWasDone), "auditLog")
	require.EqualValues(t, 3, dig(t, log, "totalCount"))
	entries := dig(t, log, "nodes").([]any)
	for _, e := range entries {
		require.NotNil(t, dig(t, e, "createdAt"))
		delete(e.(map[string]any), "createdAt")
	}
	require.Equal(t, []any{
		map[string]any{"id": "audit_3", "actor": "ADMIN_API_KEY", "address": nil, "requestId": "req-7", "action": "API_KEY_REVOKED", "target": "key_K1", "detail": "a client, scope read, never expires"},
		map[string]any{"id": "audit_2", "actor": "key_A", "address": "192.0.2.1", "requestId": "req-7", "action": "ETL_RUN_STARTED", "target": run, "detail": "coingecko"},
		map[string]any{"id": "audit_1", "actor": "key_A", "address": "192.0.2.1", "requestId": "req-7", "action": "API_KEY_CREATED", "target": "key_K1", "detail": "a client, scope read, never expires"},
	}, entries)
	require.EqualValues(t, 1, dig(t, w.data(t, whatWasDone, "filter", map[string]any{"actor": []string{"key_A"}, "action": []string{"ETL_RUN_STARTED"}}), "auditLog", "totalCount"))
}

func TestOnlyAdministratorsSeeKeys(t *testing.T) {
	w := newWorld(t)
	w.scope = market.ScopeAdmin
	w.data(t, createKey)
	for scope, want := range map[market.Scope]string{"": "UNAUTHENTICATED", market.ScopeRead: "FORBIDDEN", "other": "FORBIDDEN"} {
		w.scope = scope
		for _, text := range []string{allKeys, whatWasDone, createKey, strings.Replace(revokeKey, "ID!", `ID! = "key_K1"`, 1), "{ apiKeys { totalCount } }", "{ auditLog { __typename } }"} {
			code, _ := w.refused(t, text)
			require.Equal(t, want, code, text)
		}
		require.Nil(t, dig(t, w.data(t, `{ node(id: "key_K1") { id } }`), "node"))
	}
	w.scope = market.ScopeAdmin
	require.EqualValues(t, 1, dig(t, w.data(t, whatWasDone), "auditLog", "totalCount"), "nothing was done by those")
}
