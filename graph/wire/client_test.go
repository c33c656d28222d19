package wire_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

const eventStream = "text/event-stream"

// client is one end of a socket.
type client struct {
	*websocket.Conn
	t testing.TB
}

// dial opens a socket with headers given in pairs.
func (w *liveWorld) dial(t testing.TB, headers ...string) client {
	t.Helper()
	return w.dialAs(t, "graphql-transport-ws", headers...)
}

func (w *liveWorld) dialAs(t testing.TB, subprotocol string, headers ...string) client {
	t.Helper()
	h := http.Header{}
	if subprotocol != "" {
		h.Set("Sec-WebSocket-Protocol", subprotocol)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.URL, "http"), h)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	return client{conn, t}
}

// opened is a socket that has been admitted.
func (w *liveWorld) opened(t testing.TB) client {
	t.Helper()
	c := w.dial(t)
	c.say(`{"type": "connection_init", "payload": {"x-api-key": "` + goodKey + `"}}`)
	c.hears(`{"type": "connection_ack"}`)
	return c
}

func (c client) say(message string) {
	c.t.Helper()
	require.NoError(c.t, c.WriteMessage(websocket.TextMessage, []byte(message)))
}

// ask asks for an operation.
func (c client) ask(id, query string) {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"type": "subscribe", "id": id, "payload": map[string]any{"query": query}})
	require.NoError(c.t, err)
	c.say(string(text))
}

// hear is the next message.
func (c client) hear() string {
	c.t.Helper()
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(waitAtMost)))
	_, text, err := c.ReadMessage()
	require.NoError(c.t, err)
	return string(text)
}

// hears requires that the next message be this one.
func (c client) hears(message string) {
	c.t.Helper()
	require.JSONEq(c.t, message, c.hear())
}

// closed requires that the socket be closed next, with a code and a reason.
func (c client) closed(code int, reason string) {
	c.t.Helper()
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(waitAtMost)))
	_, text, err := c.ReadMessage()
	require.Error(c.t, err, "%s", text)
	var closing *websocket.CloseError
	require.ErrorAs(c.t, err, &closing)
	require.Equal(c.t, code, closing.Code, closing.Text)
	require.Equal(c.t, reason, closing.Text)
}
