package server_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/server"
)

var upgrade = []string{"Connection: keep-alive, Upgrade", "Upgrade: websocket"}

// A browser cannot send a key with an upgrade: it is let through, to where it is asked for one. What comes
// with a key is judged by it, and no other route opens.
func TestOnlyAnUpgradeMayComeWithoutAKey(t *testing.T) {
	h := server.New(options(slog.New(slog.DiscardHandler)))
	through := ask(t, h, "GET", "/graphql", upgrade...)
	require.Equal(t, http.StatusOK, through.StatusCode)
	require.Equal(t, "graphql", through.Header.Get("X-Answered-By"))
	require.Empty(t, through.Header.Get("X-Scope"), "it may nothing yet")
	require.Equal(t, "read", ask(t, h, "GET", "/graphql", append(upgrade, "x-api-key: "+readKey)...).Header.Get("X-Scope"))
	requireProblem(t, ask(t, h, "GET", "/graphql", append(upgrade, "x-api-key: wrong")...), http.StatusUnauthorized)
	requireProblem(t, ask(t, h, "GET", "/graphql", upgrade[0]), http.StatusUnauthorized)
	requireProblem(t, ask(t, h, "GET", "/graphql", upgrade[1]), http.StatusUnauthorized)
	requireProblem(t, ask(t, h, "GET", "/data", upgrade...), http.StatusUnauthorized)
	requireProblem(t, ask(t, h, "GET", "/nothing", upgrade...), http.StatusUnauthorized)
}

func TestTheDoorAdmitsByKey(t *testing.T) {
	d := server.NewDoor(bothKeys, server.Throttle{})
	for key, scope := range map[string]market.Scope{readKey: market.ScopeRead, adminKey: market.ScopeAdmin} {
		ctx, err := d.Admit(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, scope, market.ScopeOf(ctx))
		again, err := d.Admit(ctx, "")
		require.NoError(t, err)
		require.Equal(t, scope, market.ScopeOf(again))
		name, err := d.Caller(ctx)
		require.NoError(t, err)
		require.Len(t, name, 16)
		require.NotContains(t, key, name)
		_, err = d.Admit(ctx, "wrong")
		require.ErrorIs(t, err, server.ErrKey, "a key that is given decides")
		_, err = server.NewDoor(server.Keys{Admin: "other"}, server.Throttle{}).Caller(ctx)
		require.ErrorIs(t, err, server.ErrKey, "of a door that does not know the key")
		_, err = server.NewDoor(server.Keys{Read: adminKey, Admin: readKey}, server.Throttle{}).Caller(ctx)
		require.ErrorIs(t, err, server.ErrKey, "of a door where it is good for something else")
	}
	_, err := d.Admit(t.Context(), "")
	require.ErrorIs(t, err, server.ErrKey)
	_, err = d.Caller(t.Context())
	require.ErrorIs(t, err, server.ErrKey)
}

// What is asked over a socket counts as the requests of the key do.
func TestTheDoorCountsOperations(t *testing.T) {
	d := server.NewDoor(bothKeys, server.Throttle{PerMinute: 4, Concurrent: 1})
	ann, err := d.Admit(t.Context(), readKey)
	require.NoError(t, err)
	bob, err := d.Admit(t.Context(), adminKey)
	require.NoError(t, err)
	first, err := d.Enter(ann)
	require.NoError(t, err)
	_, err = d.Enter(ann)
	require.ErrorContains(t, err, "1 requests of this key are being answered")
	var limit *market.LimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, [2]int{2, 1}, [2]int{limit.Met, limit.Limit})
	_, err = d.Enter(bob)
	require.NoError(t, err)
	d.Leave(first)
	d.Leave(first) // twice is as good as once
	d.Leave(ann)   // and outside as good as nothing
	second, err := d.Enter(ann)
	require.NoError(t, err)
	_, err = d.Enter(ann)
	require.ErrorContains(t, err, "1 requests of this key are being answered", "it has left once")
	d.Leave(second)
	_, err = d.Enter(ann)
	require.ErrorContains(t, err, "4 requests within a minute")
	require.ErrorAs(t, err, &limit)
	require.Equal(t, [2]int{5, 4}, [2]int{limit.Met, limit.Limit})
}

// A request that has become a stream leaves before it is over.
func TestAStreamIsNoRequest(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.Door = server.NewDoor(bothKeys, server.Throttle{Concurrent: 1})
	var inner int
	var h http.Handler
	o.GraphQL = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		require.Equal(t, http.StatusTooManyRequests, ask(t, h, "GET", "/data", "x-api-key: "+readKey).StatusCode)
		o.Door.Leave(r.Context())
		inner = ask(t, h, "GET", "/data", "x-api-key: "+readKey).StatusCode
	})
	h = server.New(o)
	require.Equal(t, http.StatusOK, ask(t, h, "GET", "/graphql", "x-api-key: "+readKey).StatusCode)
	require.Equal(t, http.StatusOK, inner)
	require.Equal(t, http.StatusOK, ask(t, h, "GET", "/data", "x-api-key: "+readKey).StatusCode, "it has left once")
}

// What is hung up is what would otherwise hold the shutdown up.
func TestServeHangsUp(t *testing.T) {
	l, err := server.Listen(t.Context(), "127.0.0.1:0", "PORT")
	require.NoError(t, err)
	begun, over, hungUp := make(chan struct{}), make(chan struct{}), make(chan struct{})
	stream := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		close(begun)
		<-over
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, l, stream, slog.New(slog.DiscardHandler), func() { close(over); <-hungUp })
	}()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	<-begun
	stop()
	<-over
	require.Empty(t, ended, "it is waited for")
	close(hungUp)
	require.NoError(t, <-ended)
}
