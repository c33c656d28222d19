package wire_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/wire"
)

// Between two events there may be more time than a client has to take one, though HTTP/2 ends a stream whose deadline passes.
func TestEventsOverTLS(t *testing.T) {
	times := wire.Times{Write: 100 * time.Millisecond, Ping: time.Hour}
	w := newLiveWorld(t, func(w *liveWorld) { w.secure, w.Live.Times = true, times })
	one := w.Client().Transport.(*http.Transport).Clone()
	one.ForceAttemptHTTP2, one.TLSClientConfig.NextProtos = false, nil
	for version, over := range map[int]http.RoundTripper{2: w.Client().Transport, 1: one} {
		w.Client().Transport = over
		res := w.events(t, http.MethodPost, "/", `{"query": "subscription { ticks }"}`)
		require.Equal(t, version, res.ProtoMajor)
		<-w.begun
		from := bufio.NewReader(res.Body)
		for range 2 {
			over := make(chan struct{})
			time.AfterFunc(3*times.Write, func() { close(over) })
			<-over
			w.feed <- `{"any":1}`
			upTo(t, from, "event: next")
		}
		require.NoError(t, res.Body.Close())
	}
	one.CloseIdleConnections()
}

// A socket over TLS tells why it closes, as any other does, and is given up at once by whoever is not read.
func TestASocketOverTLS(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) {
		w.secure, w.Live.Times = true, wire.Times{Write: 50 * time.Millisecond}
		w.Live.MayConnect = func(r *http.Request) bool { return r.Header.Get("Origin") == "https://friend.example" }
		w.event = nil
	})
	dial := func(origin string) (*websocket.Conn, int) {
		tls := w.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		tls.NextProtos = nil
		dialer := websocket.Dialer{TLSClientConfig: tls, Subprotocols: []string{"graphql-transport-ws"}}
		conn, res, err := dialer.DialContext(t.Context(), "wss"+strings.TrimPrefix(w.URL, "https"), http.Header{"Origin": {origin}, "X-Key": {goodKey}})
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
		}
		require.NoError(t, res.Body.Close())
		return conn, res.StatusCode
	}
	_, status := dial(w.URL)
	require.Equal(t, http.StatusForbidden, status, "who may is decided elsewhere")

	conn, status := dial("https://friend.example")
	require.Equal(t, http.StatusSwitchingProtocols, status)
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(`{"type": "nonsense"}`)))
	_, _, err := conn.ReadMessage()
	require.True(t, websocket.IsCloseError(err, 4400), "%v", err)

	deaf, _ := dial("https://friend.example")
	require.NoError(t, deaf.WriteMessage(websocket.TextMessage, []byte(`{"type": "connection_init"}`)))
	require.NoError(t, deaf.WriteMessage(websocket.TextMessage, []byte(`{"type": "subscribe", "id": "1", "payload": {"query": "subscription { ticks }"}}`)))
	ctx := <-w.begun
	much := `{"any":"` + strings.Repeat("a", 1<<20) + `"}`
	started := time.Now()
	for ctx.Err() == nil {
		select {
		case w.feed <- much:
		case <-ctx.Done():
		}
	}
	ended := make(chan struct{})
	go func() { w.Live.Close(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(waitAtMost):
		require.Fail(t, "it is not given up")
	}
	require.Less(t, time.Since(started), 4*time.Second, "nothing was waited for that TLS still wanted to say")
}
