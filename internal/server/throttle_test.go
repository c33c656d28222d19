package server_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

// Each key has its own count, over all routes that need one; routes that need none are not counted.
func TestAKeyThatAsksTooOftenIsToldToWait(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.Door = server.NewDoor(bothKeys, server.Throttle{PerMinute: 2, Concurrent: 5})
	h := server.New(o)
	for _, path := range []string{"/data", "/stats"} {
		require.Equal(t, http.StatusOK, ask(t, h, "GET", path, "x-api-key: "+readKey).StatusCode)
	}
	refused := ask(t, h, "POST", "/graphql", "x-api-key: "+readKey)
	require.Equal(t, `"key";q=2;w=60`, refused.Header.Get("RateLimit-Policy"))
	require.NotEmpty(t, refused.Header.Get("Retry-After"))
	require.Contains(t, requireProblem(t, refused, http.StatusTooManyRequests)["detail"], "2 requests within a minute")
	require.Equal(t, http.StatusOK, ask(t, h, "GET", "/data", "x-api-key: "+adminKey).StatusCode)
	require.Equal(t, http.StatusOK, ask(t, h, "GET", "/health", "x-api-key: "+readKey).StatusCode)
}
