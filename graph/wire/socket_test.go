package wire_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/wire"
)

func TestASubscriptionOverASocket(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	c.ask("a", "subscription { ticks }")
	w.feed <- `{"ticks":1}`
	c.hears(`{"type": "next", "id": "a", "payload": {"data": {"ticks": 1}}}`)
	w.feed <- `{"ticks":2}`
	c.hears(`{"type": "next", "id": "a", "payload": {"data": {"ticks": 2}}}`)
	close(w.feed)
	c.hears(`{"type": "complete", "id": "a"}`)
}

func TestQueriesAndMutationsOverASocket(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	for _, query := range []string{"{ any }", "mutation { change }"} {
		heard := w.listens()
		c.ask("1", query)
		c.hears(`{"type": "next", "id": "1", "payload": {"data": {"any": 1}}}`)
		c.hears(`{"type": "complete", "id": "1"}`)
		require.Equal(t, query, heard.RawQuery)
	}
}

func TestWhatCannotBeExecutedIsAnErrorMessage(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	c.ask("1", "{ nothing other }")
	c.hears(`{"type": "error", "id": "1", "payload": [
		{"message": "Cannot query field \"nothing\" on type \"Query\".", "locations": [{"line": 1, "column": 3}], "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}},
		{"message": "Cannot query field \"other\" on type \"Query\".", "locations": [{"line": 1, "column": 11}], "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}`)
	w.begin = func(context.Context) error { return errors.New("it cannot begin") }
	c.ask("1", "subscription { ticks }")
	c.hears(`{"type": "error", "id": "1", "payload": [{"message": "it cannot begin"}]}`)
	w.answer = func(context.Context) *graphql.Response { panic("it breaks") }
	c.ask("1", "{ any }")
	require.Contains(t, c.hear(), `"type":"error","id":"1","payload":[{"message":"panic: it breaks`)
	w.says(`{"any":1}`)
	c.ask("1", "{ any }")
	c.hears(`{"type": "next", "id": "1", "payload": {"data": {"any": 1}}}`)
}

func TestTheProducerEndsASubscriptionWithAnError(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) {
		w.begin = func(ctx context.Context) error {
			wire.End(ctx, errors.New("too slow"))
			wire.End(ctx, errors.New("and another"))
			return nil
		}
	})
	c := w.opened(t)
	c.ask("a", "subscription { ticks }")
	w.feed <- `{"ticks":1}`
	c.hears(`{"type": "next", "id": "a", "payload": {"data": {"ticks": 1}}}`)
	close(w.feed)
	c.hears(`{"type": "error", "id": "a", "payload": [{"message": "too slow"}]}`)
	wire.End(t.Context(), errors.New("elsewhere it is nothing"))
}

// What the client completes is over for whoever makes the events, and its id is free again.
func TestTheClientCompletes(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	for range 3 {
		c.ask("a", "subscription { ticks }")
		begun := <-w.begun
		c.say(`{"type": "complete", "id": "a"}`)
		<-begun.Done()
	}
	c.say(`{"type": "complete", "id": "never asked for"}`)
	c.ask("a", "{ any }")
	c.hears(`{"type": "next", "id": "a", "payload": {"data": {"any": 1}}}`)
}

func TestManyOperationsOfOneSocket(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.opened(t)
	c.ask("a", "subscription { ticks }")
	c.ask("b", "subscription { ticks }")
	one, two := <-w.begun, <-w.begun
	c.ask("c", "{ any }")
	c.hears(`{"type": "next", "id": "c", "payload": {"data": {"any": 1}}}`)
	c.hears(`{"type": "complete", "id": "c"}`)
	require.NoError(t, c.Close())
	<-one.Done()
	<-two.Done()
}

func TestPingAndPong(t *testing.T) {
	w := newLiveWorld(t, nil)
	c := w.dial(t)
	c.say(`{"type": "ping"}`) // before it is opened, too
	c.hears(`{"type": "pong"}`)
	c.say(`{"type": "pong", "payload": {}}`)
	c.say(`{"type": "ping", "payload": {"at": [1, "x"]}}`)
	c.hears(`{"type": "pong", "payload": {"at": [1, "x"]}}`)
}

// quick are times for tests in which something has to be waited for.
var quick = wire.Times{Init: 50 * time.Millisecond, Check: 10 * time.Millisecond, Ping: 50 * time.Millisecond, Write: 200 * time.Millisecond}

// A peer that answers pings, as every WebSocket does by itself, is left open; one that does not is given up.
func TestDeadPeersAreFound(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Times = wire.Times{Check: quick.Check, Ping: 500 * time.Millisecond} })
	alive, dead := w.opened(t), w.opened(t)
	pings := make(chan struct{}, 100)
	answers := alive.PingHandler()
	alive.SetPingHandler(func(data string) error { pings <- struct{}{}; return answers(data) })
	dead.SetPingHandler(func(string) error { return nil })
	ended := make(chan error, 1)
	go func() { _, _, err := alive.ReadMessage(); ended <- err }()
	require.NoError(t, dead.SetReadDeadline(time.Now().Add(waitAtMost)))
	_, _, err := dead.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseAbnormalClosure), "%v", err)
	for range 3 { // more than twice the time in which one that is silent is given up
		<-pings
	}
	require.Empty(t, ended)
	require.NoError(t, alive.Close())
	<-ended
}

func TestTheKeyOfASocket(t *testing.T) {
	w := newLiveWorld(t, nil)
	for name, payload := range map[string]string{
		"x-api-key":                   `{"x-api-key": "` + goodKey + `"}`,
		"as headers may be written":   `{"X-API-Key": "` + goodKey + `", "other": 1}`,
		"bearer":                      `{"authorization": "Bearer ` + goodKey + `"}`,
		"bearer, otherwise written":   `{"Authorization": "bearer  ` + goodKey + `"}`,
		"x-api-key before the bearer": `{"authorization": "Bearer nobody's", "x-api-key": "` + otherKey + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t)
			c.say(`{"type": "connection_init", "payload": ` + payload + `}`)
			c.hears(`{"type": "connection_ack"}`)
		})
	}
	t.Run("in a header", func(t *testing.T) {
		for _, init := range []string{`{"type": "connection_init"}`, `{"type": "connection_init", "payload": null}`, `{"type": "connection_init", "payload": {}}`} {
			c := w.dial(t, "X-Key", goodKey)
			c.say(init)
			c.hears(`{"type": "connection_ack"}`)
		}
	})
}

// Browsers say where a page is from that opens a socket: no other site's may.
func TestOrigins(t *testing.T) {
	w := newLiveWorld(t, nil)
	require.NotNil(t, w.dial(t, "Origin", w.URL))
	h := http.Header{"Origin": {"https://elsewhere.example"}, "Sec-Websocket-Protocol": {"graphql-transport-ws"}}
	_, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.URL, "http"), h)
	require.ErrorIs(t, err, websocket.ErrBadHandshake)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.NoError(t, res.Body.Close())
}

// What asks for an upgrade may have come without a key, so it is never answered as anything else.
func TestAnUpgradeIsNothingElse(t *testing.T) {
	w := newLiveWorld(t, nil)
	heard := w.listens()
	up := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Content-Type", plain, "Accept", "text/event-stream"}
	require.Equal(t, http.StatusMethodNotAllowed, w.ask(t, http.MethodPost, "/", strings.NewReader(`{"query": "{ any }"}`), up...).StatusCode)
	require.Equal(t, http.StatusBadRequest, w.ask(t, http.MethodGet, "/?query={any}", nil, up...).StatusCode)
	w.Live = nil
	require.Equal(t, http.StatusBadRequest, w.ask(t, http.MethodGet, "/?query={any}", nil, up...).StatusCode)
	require.Empty(t, heard.RawQuery)
}
