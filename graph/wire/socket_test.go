package wire_test

import (
	"testing"
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
