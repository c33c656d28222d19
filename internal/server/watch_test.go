package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/server"
)

type seenKey struct{}

func TestEveryRequestIsWatchedByItsRoute(t *testing.T) {
	var told []string
	o := options(slog.New(slog.DiscardHandler))
	o.GraphQL = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/graphql", r.Context().Value(seenKey{}))
		panic("inside")
	})
	o.Watch = func(r *http.Request, route string, _ bool) (context.Context, func(int, int64)) {
		require.NotEmpty(t, market.RequestID(r.Context()))
		return context.WithValue(r.Context(), seenKey{}, route), func(status int, bytes int64) {
			told = append(told, fmt.Sprintf("%s %s %d %t", r.Method, route, status, bytes > 0))
		}
	}
	h := server.New(o)
	key := "x-api-key: " + readKey
	ask(t, h, "GET", "/data?limit=1", key)
	ask(t, h, "GET", "/data", "x-api-key: wrong")
	ask(t, h, "POST", "/graphql", key)
	ask(t, h, "GET", "/playground/any/asset.js")
	ask(t, h, "GET", "/nowhere/"+readKey, key)
	ask(t, h, "DELETE", "/data", key)
	require.Equal(t, []string{"GET /data 200 false", "GET /data 401 true", "POST /graphql 500 true", "GET /playground 200 false", "GET  404 true", "DELETE  405 true"}, told)
}

// One of ours is who asks from a trusted address itself: what a proxy of ours hands on of a stranger is the stranger's.
func TestWhoseRequestsAreOurs(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // httptest asks from 192.0.2.1
	var told []bool
	o.Watch = func(r *http.Request, _ string, ours bool) (context.Context, func(int, int64)) {
		told = append(told, ours)
		return r.Context(), func(int, int64) {}
	}
	for _, headers := range [][]string{nil, {"X-Forwarded-For: 198.51.100.7"}, {"X-Forwarded-For: 198.51.100.7, 192.0.2.9"}, {"X-Forwarded-For: 192.0.2.9"}} {
		ask(t, server.New(o), "GET", "/livez", headers...)
	}
	o.TrustedProxies = nil
	ask(t, server.New(o), "GET", "/livez")
	require.Equal(t, []bool{true, false, false, true, false}, told)
}

func TestMetricsAreForAdministrators(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	requireProblem(t, ask(t, server.New(o), "GET", "/metrics", "x-api-key: "+adminKey), http.StatusNotFound)
	o.Metrics = named("metrics")
	h := server.New(o)
	requireProblem(t, ask(t, h, "GET", "/metrics"), http.StatusUnauthorized)
	requireProblem(t, ask(t, h, "GET", "/metrics", "x-api-key: "+readKey), http.StatusForbidden)
	for _, header := range []string{"x-api-key: ", "authorization: Bearer "} {
		answer := ask(t, h, "GET", "/metrics", header+adminKey)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, "metrics", answer.Header.Get("X-Answered-By"))
	}
}
