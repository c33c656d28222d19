package main

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// The program itself: a socket that came without a key is served once it has given one, and what is live is
// ended when the program is told to stop, at once and not when the time for requests in flight is over.
func TestTheProgramHangsUp(t *testing.T) {
	t.Parallel()
	s := serveAPIOnly(t)
	to, h := "ws"+strings.TrimPrefix(s.base, "http")+"/graphql", http.Header{"Sec-WebSocket-Protocol": {"graphql-transport-ws"}}
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), to, h)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	defer conn.Close()
	require.NotEmpty(t, res.Header.Get("X-Request-Id"))
	for _, step := range [][2]string{
		{`{"type": "connection_init", "payload": {"x-api-key": "` + testKey + `"}}`, `{"type": "connection_ack"}`},
		{`{"type": "subscribe", "id": "1", "payload": {"query": "{ serviceConfig { maxConcurrentSubscriptions } }"}}`,
			`{"type": "next", "id": "1", "payload": {"data": {"serviceConfig": {"maxConcurrentSubscriptions": 5000}}, "extensions": {"cost": {"requested": 2, "limit": 200000}}}}`},
		{"", `{"type": "complete", "id": "1"}`},
		{`{"type": "subscribe", "id": "1", "payload": {"query": "{ nothing }"}}`,
			`{"type": "error", "id": "1", "payload": [{"message": "Cannot query field \"nothing\" on type \"Query\".", "locations": [{"line": 1, "column": 3}], "extensions": {"code": "BAD_USER_INPUT"}}]}`},
	} {
		if step[0] != "" {
			require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(step[0])))
		}
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
		_, text, err := conn.ReadMessage()
		require.NoError(t, err)
		require.JSONEq(t, step[1], string(text))
	}
	stopped := make(chan int, 1)
	go func() { stopped <- s.stop(syscall.SIGTERM) }()
	_, _, err = conn.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
	require.Equal(t, exitDone, <-stopped, s.stderr.String())
}
