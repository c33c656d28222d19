package wire_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// Whatever clients send, they hear messages of the protocol or one of its codes, and others are served on.
func FuzzMessages(f *testing.F) {
	w := newLiveWorld(f, nil)
	begun := make(chan struct{})
	go func() {
		defer close(begun)
		for range w.begun {
		}
	}()
	f.Cleanup(func() { w.Live.Close(); close(w.begun); <-begun })
	for _, text := range []string{
		`{"type": "connection_init", "payload": {"x-api-key": "a-good-key"}}`, `{"type": "ping", "payload": {"a": 1}}`, `{"type": "pong"}`,
		`{"type": "subscribe", "id": "a", "payload": {"query": "{ any }", "variables": {"a": 1}, "operationName": null, "extensions": {}}}`,
		`{"type": "subscribe", "id": "a", "payload": {"query": "subscription { ticks }"}}`, `{"type": "complete", "id": "a"}`,
		`{"type": "subscribe", "id": "a", "payload": {"query": "query ($a: Int) { any(int: $a) }", "variables": {"a": 1e999}}}`,
		`[]`, `null`, `{"type": null, "id": 7}`, "{\"type\": \"\xff\"}", `{"payload": [[[[`,
	} {
		f.Add(true, text, text)
		f.Add(false, text, text)
	}
	f.Fuzz(func(t *testing.T, open bool, first, second string) {
		c := w.dial(t)
		if open {
			c.say(`{"type": "connection_init", "payload": {"x-api-key": "` + goodKey + `"}}`)
		}
		for _, text := range []string{first, second, `{"type": "ping", "payload": {"last": true}}`} {
			_ = c.WriteMessage(websocket.TextMessage, []byte(text)) // it may be closed already
		}
		require.NoError(t, c.SetReadDeadline(time.Now().Add(waitAtMost)))
		for {
			_, text, err := c.ReadMessage()
			if err != nil {
				require.True(t, websocket.IsCloseError(err, 1009, 4400, 4401, 4403, 4408, 4409, 4429), fmt.Sprint(err))
				return
			}
			require.Regexp(t, `^\{"type":"(connection_ack|pong|next|error|complete)"`, string(text))
			if string(text) == `{"type":"pong","payload":{"last":true}}` {
				return
			}
		}
	})
}
