package server_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

func TestKeys(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		scope   string // empty: refused
	}{
		"none":                    {nil, ""},
		"read key":                {[]string{"x-api-key: " + readKey}, "read"},
		"admin key":               {[]string{"x-api-key: " + adminKey}, "admin"},
		"bearer":                  {[]string{"Authorization: Bearer " + readKey}, "read"},
		"bearer, lower case":      {[]string{"Authorization: bearer " + adminKey}, "admin"},
		"wrong":                   {[]string{"x-api-key: wrong"}, ""},
		"a part of it":            {[]string{"x-api-key: " + readKey[1:]}, ""},
		"longer":                  {[]string{"x-api-key: " + readKey + "x"}, ""},
		"other case":              {[]string{"x-api-key: A-KEY-TO-READ"}, ""},
		"empty":                   {[]string{"x-api-key: "}, ""},
		"basic":                   {[]string{"Authorization: Basic " + readKey}, ""},
		"no scheme":               {[]string{"Authorization: " + readKey}, ""},
		"bearer of nothing":       {[]string{"Authorization: Bearer"}, ""},
		"wrong with right bearer": {[]string{"x-api-key: wrong", "Authorization: Bearer " + readKey}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := ask(t, handler(), "GET", "/data", c.headers...)
			if c.scope == "" {
				requireRefused(t, answer)
				return
			}
			require.Equal(t, http.StatusOK, answer.StatusCode)
			require.Equal(t, c.scope, answer.Header.Get("X-Scope"))
		})
	}
}

func requireRefused(t *testing.T, answer *http.Response) {
	t.Helper()
	require.Empty(t, answer.Header.Get("X-Answered-By"), "the route was reached")
	require.Equal(t, `ApiKey realm="kasparro"`, answer.Header.Get("WWW-Authenticate"))
	require.Equal(t, "Invalid or missing API Key", requireProblem(t, answer, http.StatusUnauthorized)["detail"])
}

func TestOnlyListedRoutesAreOpen(t *testing.T) {
	for _, path := range []string{"/health", "/livez", "/readyz", "/docs", "/docs/swagger-ui.css", "/openapi.json",
		"/playground", "/playground/assets/a.js"} {
		answer := ask(t, handler(), "GET", path)
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		require.Empty(t, answer.Header.Get("X-Scope"), path)
	}
	for _, target := range []string{"/", "/data", "/stats", "/runs", "/compare-runs", "/graphql", "/nowhere", "/healthz",
		"/docsx", "/data?x-api-key=" + readKey, "/data?api_key=" + readKey, "/docs/../data", "//data"} {
		requireRefused(t, ask(t, handler(), "GET", target))
	}
	requireRefused(t, ask(t, handler(), "POST", "/graphql"))
	requireRefused(t, ask(t, handler(), "POST", "/health"))
}

func TestKeyOnAnOpenRouteGivesItsScope(t *testing.T) {
	require.Equal(t, "admin", ask(t, handler(), "GET", "/health", "x-api-key: "+adminKey).Header.Get("X-Scope"))
}

func TestNoKeysAcceptsNone(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.Door = server.NewDoor(server.Keys{}, server.Throttle{})
	h := server.New(o)
	requireRefused(t, ask(t, h, "GET", "/data"))
	requireRefused(t, ask(t, h, "GET", "/data", "x-api-key: ", "Authorization: Bearer "))
	o.Door = server.NewDoor(server.Keys{Read: readKey}, server.Throttle{})
	requireRefused(t, ask(t, server.New(o), "GET", "/data"))
}
