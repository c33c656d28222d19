package wire_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/wire"
)

func TestKeysThatAreNotAccepted(t *testing.T) {
	w := newLiveWorld(t, nil)
	for _, payload := range []string{`null`, `{}`, `{"x-api-key": "wrong"}`, `{"x-api-key": 1}`, `{"authorization": "Basic ` + goodKey + `"}`,
		`{"authorization": "` + goodKey + `"}`, `{"key": "` + goodKey + `"}`} {
		c := w.dial(t)
		c.say(`{"type": "connection_init", "payload": ` + payload + `}`)
		c.closed(4403, "no such key")
	}
	c := w.dial(t, "X-Key", goodKey) // a better one in the header makes it none better
	c.say(`{"type": "connection_init", "payload": {"x-api-key": "wrong"}}`)
	c.closed(4403, "no such key")
}

func TestAKeyIsTakenAway(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Times = wire.Times{Check: quick.Check} })
	c := w.opened(t)
	c.ask("a", "subscription { ticks }")
	begun := <-w.begun
	w.keys.revoke(otherKey)
	c.ask("b", "{ any }")
	c.hears(`{"type": "next", "id": "b", "payload": {"data": {"any": 1}}}`)
	c.hears(`{"type": "complete", "id": "b"}`)
	w.keys.revoke(goodKey)
	c.closed(4403, "the key is not accepted any more")
	<-begun.Done()
}

// A revoked key is refused within five seconds: four go by at most before the door knows, and the rest is for looking.
func TestKeysAreLookedAtEverySecond(t *testing.T) {
	require.LessOrEqual(t, wire.DefaultTimes.Check, time.Second)
}

func TestAStreamEndsWithItsKey(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Times = wire.Times{Check: quick.Check} })
	res := w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")
	<-w.begun
	w.keys.revoke(goodKey)
	require.Equal(t, "event: next\ndata: {\"errors\":[{\"message\":\"the key is not accepted any more\",\"extensions\":{\"code\":\"NO_KEY\"}}]}\n\n"+
		"event: complete\ndata:\n\n", all(t, res))
}

// Where nobody can tell whether a key is good, nothing goes on, and clients are told to come again.
func TestTheKeysAreAway(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Times = wire.Times{Check: quick.Check} })
	c, fresh := w.opened(t), w.dial(t)
	c.ask("a", "subscription { ticks }")
	begun := <-w.begun
	res := w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")
	<-w.begun
	w.keys.goAway()
	c.closed(websocket.CloseTryAgainLater, "the keys are away")
	<-begun.Done()
	require.Empty(t, all(t, res), "no end, after which nobody would come again")
	fresh.say(`{"type": "connection_init", "payload": {"x-api-key": "` + goodKey + `"}}`)
	fresh.closed(websocket.CloseTryAgainLater, "the keys are away")
}
