package postgres_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

var ann = market.Actor{Name: "annsKey", Address: "192.0.2.7"}

// makeKey stores a key that expires in so long, or never for 0.
func makeKey(t *testing.T, s *postgres.Store, id string, scope market.Scope, in time.Duration) market.APIKey {
	t.Helper()
	k := market.NewAPIKey{KeyID: id, Digest: sha256.Sum256([]byte(id)), Name: "the key " + id, Scope: scope}
	if in != 0 {
		at := time.Now().Add(in).Round(time.Microsecond)
		k.ExpiresAt = &at
	}
	made, err := s.CreateKey(market.WithRequestID(market.WithActor(t.Context(), ann), "req-1"), k)
	require.NoError(t, err)
	return made
}

// live are the scopes of the keys that are accepted, by id.
func live(t *testing.T, s *postgres.Store) map[string]market.Scope {
	t.Helper()
	list, err := s.LiveKeys(t.Context())
	require.NoError(t, err)
	found := map[string]market.Scope{}
	for _, k := range list {
		require.Equal(t, sha256.Sum256([]byte(k.KeyID)), k.Digest)
		found[k.KeyID] = k.Scope
	}
	return found
}

func keyIDs(t *testing.T, s *postgres.Store, f market.KeyFilter, w market.Window[int64]) (ids []string, more bool) {
	t.Helper()
	page, err := s.Keys(t.Context(), f, w)
	require.NoError(t, err)
	for _, k := range page.Items {
		ids = append(ids, k.KeyID)
	}
	return ids, page.More
}

func TestTheLifeOfAKey(t *testing.T) {
	db := postgrestest.New(t)
	s := newStoreOn(db)
	require.Empty(t, live(t, s))
	a := makeKey(t, s, "A", market.ScopeRead, 0)
	require.Equal(t, "key_A", a.GlobalID())
	require.Equal(t, market.APIKey{ID: a.ID, KeyID: "A", Name: "the key A", Scope: market.ScopeRead, Status: market.KeyActive, CreatedAt: a.CreatedAt}, a)
	b := makeKey(t, s, "B", market.ScopeAdmin, time.Hour)
	require.Equal(t, market.KeyActive, b.Status)
	list, err := s.LiveKeys(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
	for _, k := range list {
		if k.KeyID == "A" {
			require.Nil(t, k.ExpiresIn)
			continue
		}
		require.InDelta(t, time.Until(*b.ExpiresAt).Seconds(), k.ExpiresIn.Seconds(), 30)
	}
	makeKey(t, s, "C", market.ScopeRead, 50_000*time.Hour*24) // further than a time.Duration of nanoseconds would be safe with
	require.Len(t, live(t, s), 3)

	_, err = db.ExecContext(t.Context(), "UPDATE api_keys SET expires_at = now() WHERE key_id = 'B'")
	require.NoError(t, err)
	require.Equal(t, map[string]market.Scope{"A": market.ScopeRead, "C": market.ScopeRead}, live(t, s))
	revoked, err := s.RevokeKey(t.Context(), "A")
	require.NoError(t, err)
	require.Equal(t, market.KeyRevoked, revoked.Status)
	require.NotNil(t, revoked.RevokedAt)
	again, err := s.RevokeKey(t.Context(), "A")
	require.NoError(t, err)
	require.Equal(t, revoked, again)
	_, err = s.RevokeKey(t.Context(), "nobodys")
	require.ErrorIs(t, err, market.ErrNotFound)
	require.NotContains(t, err.Error(), "nobodys", "it may be a key")
	require.Equal(t, map[string]market.Scope{"C": market.ScopeRead}, live(t, s))
	requireKeyLists(t, s)
}

// requireKeyLists: of the keys A (revoked), B (expired, for administrators) and C.
func requireKeyLists(t *testing.T, s *postgres.Store) {
	t.Helper()
	window := market.Window[int64]{Size: 10}
	for want, f := range map[string]market.KeyFilter{
		"[C B A]": {},
		"[A]":     {Statuses: []market.KeyStatus{market.KeyRevoked}},
		"[C B]":   {Statuses: []market.KeyStatus{market.KeyExpired, market.KeyActive}},
		"[B]":     {Scopes: []market.Scope{market.ScopeAdmin}},
		"[]":      {Scopes: []market.Scope{}},
	} {
		ids, more := keyIDs(t, s, f, window)
		require.Equal(t, want, fmt.Sprint(ids))
		require.False(t, more)
		n, err := s.CountKeys(t.Context(), f)
		require.NoError(t, err)
		require.EqualValues(t, len(ids), n)
	}
	first, more := keyIDs(t, s, market.KeyFilter{}, market.Window[int64]{Size: 2})
	require.Equal(t, []string{"C", "B"}, first)
	require.True(t, more)
	last, more := keyIDs(t, s, market.KeyFilter{}, market.Window[int64]{Size: 2, Backward: true})
	require.Equal(t, []string{"B", "A"}, last)
	require.True(t, more)
}

func TestKeysThatCannotBe(t *testing.T) {
	s := newStoreOn(postgrestest.New(t))
	past := time.Now()
	for name, k := range map[string]market.NewAPIKey{
		"name":      {Name: " ", Scope: market.ScopeRead},
		"scope":     {Name: "x", Scope: "root"},
		"expiresAt": {Name: "x", Scope: market.ScopeRead, ExpiresAt: &past},
	} {
		k.KeyID, k.Digest = name, sha256.Sum256([]byte(name))
		var wrong *market.InputError
		_, err := s.CreateKey(t.Context(), k)
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, name, wrong.Field)
	}
	require.Empty(t, live(t, s))
}

// The use of a key is written once a minute, by however many processes.
func TestTheUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	s := newStoreOn(postgrestest.New(t))
	makeKey(t, s, "A", market.ScopeRead, 0)
	makeKey(t, s, "B", market.ScopeRead, 0)
	last := func() (a, b *time.Time) {
		page, err := s.Keys(t.Context(), market.KeyFilter{}, market.Window[int64]{Size: 10})
		require.NoError(t, err)
		return page.Items[1].LastUsedAt, page.Items[0].LastUsedAt
	}
	note := func(ago time.Duration) {
		require.NoError(t, s.NoteKeyUses(t.Context(), map[string]time.Duration{"A": ago, "gone": 0}))
	}
	note(61 * time.Second)
	first, other := last()
	require.InDelta(t, 61, time.Since(*first).Seconds(), 30)
	require.Nil(t, other)
	note(10 * time.Second)
	second, _ := last()
	require.Equal(t, first, second, "within a minute of the last")
	note(0)
	third, _ := last()
	require.True(t, third.After(*first))
	for _, err := range race(10, func(int) error {
		return s.NoteKeyUses(context.WithoutCancel(t.Context()), map[string]time.Duration{"A": 0, "B": 0})
	}) {
		require.NoError(t, err)
	}
	fourth, other := last()
	require.Equal(t, third, fourth)
	require.NotNil(t, other)
}

// A change of a key is heard of as one, and not as a commit.
func TestKeysAreHeardOf(t *testing.T) {
	url := postgrestest.URL(t)
	s := newStoreOn(postgrestest.Open(t, url))
	commits, keys, ended := make(chan struct{}, 1000), make(chan struct{}, 1000), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		postgres.Listen(ctx, url, postgres.Wakes{Commits: func() { commits <- struct{}{} }, Keys: func() { keys <- struct{}{} }}, func(error) {})
	}()
	<-commits // it listens
	<-keys
	makeKey(t, s, "A", market.ScopeRead, 0)
	<-keys
	_, err := s.RevokeKey(t.Context(), "A")
	require.NoError(t, err)
	<-keys
	require.Empty(t, commits)
	cancel()
	<-ended
}
