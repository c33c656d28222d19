package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/server"
)

// kept are keys in memory, as a store.
type kept []market.LiveKey

func (k kept) LiveKeys(context.Context) ([]market.LiveKey, error) { return k, nil }

func (kept) NoteKeyUses(context.Context, map[string]time.Duration) error { return nil }

// withStored is a server that knows a stored key besides those of the settings, and trusts some proxies.
func withStored(t *testing.T, trusted ...string) (h http.Handler, stored string) {
	t.Helper()
	id, stored := apikey.New()
	ring := apikey.NewRing(kept{{KeyID: id, Digest: apikey.Digest(stored), Scope: market.ScopeAdmin}})
	require.NoError(t, ring.Refresh(t.Context()))
	o := options(slog.New(slog.DiscardHandler))
	o.Door = server.NewDoor(server.Keys{Read: readKey, Admin: adminKey, Stored: ring}, server.Throttle{})
	for _, network := range trusted {
		o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(network))
	}
	o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, _ := market.ActorOf(r.Context())
		w.Header().Set("X-Actor", actor.Name+" at "+actor.Address)
	})
	return server.New(o), stored
}

// knock asks with a key from an address; further headers come as "Name: value".
func knock(h http.Handler, from, key string, forwarded ...string) *http.Response {
	r := httptest.NewRequest("GET", "/graphql", nil)
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(from), 4711).String()
	r.Header.Set("X-Api-Key", key)
	for _, line := range forwarded {
		r.Header.Add("X-Forwarded-For", line)
	}
	return send(h, r)
}

// exhaust sends wrong keys until they are not looked at any more, and returns how many were.
func exhaust(t *testing.T, h http.Handler, from string, forwarded ...string) (looked int) {
	t.Helper()
	for range 100 {
		answer := knock(h, from, "guess "+strconv.Itoa(looked), forwarded...)
		if answer.StatusCode == http.StatusTooManyRequests {
			require.NotEmpty(t, answer.Header.Get("Retry-After"))
			require.Contains(t, requireProblem(t, answer, http.StatusTooManyRequests)["detail"], "Too many wrong keys have come from this address")
			return looked
		}
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
		looked++
	}
	require.Fail(t, "all of them were looked at")
	return 0
}

func TestWrongKeysAreLimitedByAddress(t *testing.T) {
	h, stored := withStored(t)
	require.InDelta(t, 10, exhaust(t, h, "192.0.2.1"), 1)
	for _, key := range []string{"another guess", readKey, adminKey} {
		require.Equal(t, http.StatusTooManyRequests, knock(h, "192.0.2.1", key).StatusCode, "not even a right one that could be guessed is looked at")
	}
	require.Equal(t, http.StatusOK, knock(h, "192.0.2.1", stored).StatusCode, "nobody guesses this one")
	require.Equal(t, http.StatusUnauthorized, send(h, httptest.NewRequest("GET", "/graphql", nil)).StatusCode, "no key is no guess")
	for _, key := range []string{readKey, adminKey, stored} {
		require.Equal(t, http.StatusOK, knock(h, "192.0.2.2", key).StatusCode, "elsewhere")
	}
}

// A stranger says that the wrong keys come from somebody else, or from everywhere.
func TestNobodyIsBelievedWhereHeComesFrom(t *testing.T) {
	h, _ := withStored(t, "10.0.0.0/8")
	exhaust(t, h, "198.51.100.1", "192.0.2.1")
	require.Equal(t, http.StatusOK, knock(h, "192.0.2.1", readKey).StatusCode)
	require.Equal(t, http.StatusTooManyRequests, knock(h, "198.51.100.1", readKey, "192.0.2.9").StatusCode)
	exhaust(t, h, "10.0.0.1", "203.0.113.77, 203.0.113.1") // through our proxy, and the first of the two is made up
	require.Equal(t, http.StatusOK, knock(h, "10.0.0.1", readKey, "203.0.113.77").StatusCode)
	require.Equal(t, http.StatusOK, knock(h, "10.0.0.1", readKey).StatusCode)
	require.Equal(t, http.StatusTooManyRequests, knock(h, "10.0.0.2", readKey, "203.0.113.1").StatusCode, "through another proxy")
}

// Sockets bring their keys later, and are limited alike.
func TestWrongKeysOfSocketsAreLimited(t *testing.T) {
	id, stored := apikey.New()
	ring := apikey.NewRing(kept{{KeyID: id, Digest: apikey.Digest(stored), Scope: market.ScopeRead}})
	require.NoError(t, ring.Refresh(t.Context()))
	o := options(slog.New(slog.DiscardHandler))
	o.Door = server.NewDoor(server.Keys{Read: readKey, Stored: ring}, server.Throttle{})
	var last error
	o.GraphQL = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for range 20 {
			_, last = o.Door.Admit(r.Context(), "wrong")
		}
		_, err := o.Door.Admit(r.Context(), stored)
		require.NoError(t, err)
	})
	h := server.New(o)
	require.Equal(t, http.StatusOK, ask(t, h, "GET", "/graphql", upgrade...).StatusCode)
	require.ErrorContains(t, last, "Too many wrong keys")
	require.Equal(t, http.StatusTooManyRequests, ask(t, h, "GET", "/data", "x-api-key: "+readKey).StatusCode)
}

// What is done with a key is done by its id, from where it came.
func TestTheActorIsTheKey(t *testing.T) {
	h, stored := withStored(t, "10.0.0.0/8")
	id, _ := apikey.Parse(stored)
	require.Equal(t, "key_"+id+" at 192.0.2.1", knock(h, "192.0.2.1", stored).Header.Get("X-Actor"))
	require.Equal(t, "ADMIN_API_KEY at 2001:db8::1", knock(h, "10.0.0.1", adminKey, "2001:db8::1").Header.Get("X-Actor"))
	require.Equal(t, "API_KEY at 10.0.0.1", knock(h, "10.0.0.1", readKey).Header.Get("X-Actor"))
}
