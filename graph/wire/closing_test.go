package wire_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/wire"
)

func TestTheSubprotocolIsOurs(t *testing.T) {
	w := newLiveWorld(t, nil)
	for _, other := range []string{"", "graphql-ws", "graphql-transport-ws2"} {
		w.dialAs(t, other).closed(4406, "the subprotocol must be graphql-transport-ws")
	}
	c := w.dialAs(t, "graphql-ws, graphql-transport-ws")
	require.Equal(t, "graphql-transport-ws", c.Subprotocol())
	c.say(`{"type": "ping"}`)
	c.hears(`{"type": "pong"}`)
}

func TestInitComesInTime(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Times = wire.Times{Init: quick.Init} })
	w.dial(t).closed(4408, "connection_init took too long")
	c := w.dial(t)
	c.say(`{"type": "ping"}`)
	c.hears(`{"type": "pong"}`)
	c.closed(4408, "connection_init took too long")
}

func TestInitComesOnce(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	c.ask("a", "subscription { ticks }")
	begun := <-w.begun
	c.say(`{"type": "connection_init", "payload": {"x-api-key": "` + goodKey + `"}}`)
	c.closed(4429, "connection_init came twice")
	<-begun.Done()
}

func TestNothingIsServedBeforeInit(t *testing.T) {
	w := newLiveWorld(t, nil)
	heard := w.listens()
	for _, key := range []string{"", goodKey} { // in a header
		c := w.dial(t, "X-Key", key)
		c.ask("a", "{ any }")
		c.closed(4401, "subscribe came before connection_ack")
	}
	require.Empty(t, heard.RawQuery)
}

func TestAnIDIsUsedOnceAtATime(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	c.ask("a", "subscription { ticks }")
	begun := <-w.begun
	c.ask("a", "{ any }")
	c.closed(4409, "Subscriber for a already exists")
	<-begun.Done()
}

func TestMessagesThatAreNone(t *testing.T) {
	w := newLiveWorld(t, nil)
	id := strings.Repeat("i", 257)
	for text, why := range map[string]string{
		``:                                "the message is no JSON object",
		`nothing`:                         "the message is no JSON object",
		`[{"type": "ping"}]`:              "the message is no JSON object",
		`null`:                            "the message is no JSON object",
		`{"type": "ping"} {}`:             "the message is no JSON object",
		`{}`:                              "the type of the message is not known",
		`{"TYPE": "ping"}`:                "the type of the message is not known",
		`{"type": "start"}`:               "the type of the message is not known",
		`{"type": "connection_ack"}`:      "the type of the message is not known",
		`{"type": 1}`:                     "type must be a text",
		`{"type": "ping", "payload": []}`: "payload must be an object",
		`{"type": "ping", "id": 1}`:       "id must be a text",
		`{"type": "complete"}`:            "the id must be a text of 1 to 256 bytes",
		`{"type": "subscribe", "payload": {"query": "{ any }"}}`:                               "the id must be a text of 1 to 256 bytes",
		`{"type": "subscribe", "id": "` + id + `", "payload": {"query": "{ any }"}}`:           "the id must be a text of 1 to 256 bytes",
		`{"type": "subscribe", "id": "a"}`:                                                     `there is no query: send {"query": "..."}`,
		`{"type": "subscribe", "id": "a", "payload": {"query": 1}}`:                            "query must be a text, or left out",
		`{"type": "subscribe", "id": "a", "payload": {"query": "{ any }", "variables": "no"}}`: "variables must be an object, or left out",
		"{\"type\": \"ping\", \"id\": \"\xff\"}":                                               "the message is no UTF-8",
	} {
		c := w.opened(t)
		c.say(text)
		c.closed(4400, why)
	}
	c := w.opened(t)
	require.NoError(t, c.WriteMessage(websocket.BinaryMessage, []byte(`{"type": "ping"}`)))
	c.closed(4400, "the message is binary, not text")
}

func TestMessagesAreNoLargerThanBodies(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	c.say(`{"type": "ping"}` + strings.Repeat(" ", largest-16))
	c.hears(`{"type": "pong"}`)
	c.say(`{"type": "ping"}` + strings.Repeat(" ", largest-15))
	c.closed(websocket.CloseMessageTooBig, "")
}

// The code is heard although the client has sent more than the service has read.
func TestTheCodeIsHeardByWhoeverTalksOn(t *testing.T) {
	w := newLiveWorld(t, nil)
	for range 20 {
		c := w.opened(t)
		c.say(`{}`)
		for range 50 {
			_ = c.WriteMessage(websocket.TextMessage, []byte(`{"type": "ping"}`+strings.Repeat(" ", 900)))
		}
		c.closed(4400, "the type of the message is not known")
	}
}

func TestSocketsAreClosedWhenTheServiceEnds(t *testing.T) {
	w := newLiveWorld(t, nil)
	open, asking, fresh := w.opened(t), w.opened(t), w.dial(t)
	asking.ask("a", "subscription { ticks }")
	begun := <-w.begun
	ended := make(chan struct{})
	go func() { w.Live.Close(); close(ended) }()
	for _, c := range []client{open, asking, fresh} {
		c.closed(websocket.CloseGoingAway, "the service is shutting down")
	}
	<-begun.Done()
	<-ended
	w.dial(t).closed(websocket.CloseGoingAway, "the service is shutting down")
	require.Equal(t, http.StatusServiceUnavailable, w.events(t, http.MethodGet, "/?query={any}", "").StatusCode)
}

// A client that does not read is given up when a write takes too long: nothing is kept for it.
func TestAClientThatDoesNotRead(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Times = wire.Times{Write: quick.Write} })
	t.Run("socket", func(t *testing.T) {
		c := w.opened(t)
		c.ask("a", "subscription { ticks }")
		w.flood(t)
		require.NoError(t, c.Close())
	})
	t.Run("stream", func(t *testing.T) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.Listener.Addr().String())
		require.NoError(t, err)
		askByEvents(t, conn)
		w.flood(t)
		require.NoError(t, conn.Close())
	})
}

// flood feeds large events until nobody takes one.
func (w *liveWorld) flood(t *testing.T) {
	ctx := <-w.begun
	event := `{"ticks":"` + strings.Repeat("x", 1<<20) + `"}`
	for taken := 0; ; taken++ {
		select {
		case w.feed <- event:
			require.Less(t, taken, 100, "far more than what systems keep")
		case <-ctx.Done():
			return
		}
	}
}
