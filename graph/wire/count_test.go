package wire_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

const tooMany = `[{"message": "3 subscriptions of this key at a time are more than the 2 that are allowed",
	"extensions": {"code": "TOO_MANY", "met": 3, "limit": 2}}]`

// Sockets and streams of a key are counted together, and what has ended is not.
func TestSubscriptionsOfAKeyAreCounted(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Subscriptions = 2 })
	one, other := w.opened(t), w.opened(t)
	one.ask("a", "subscription { ticks }")
	<-w.begun
	stream := w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")
	begun := <-w.begun
	other.ask("b", "subscription { ticks }")
	other.hears(`{"type": "error", "id": "b", "payload": ` + tooMany + `}`)
	require.Contains(t, all(t, w.events(t, http.MethodGet, "/?query=subscription{ticks}", "")), `"met":3`)
	other.ask("c", "{ any }")
	other.hears(`{"type": "next", "id": "c", "payload": {"data": {"any": 1}}}`)
	require.Equal(t, http.StatusOK, w.events(t, http.MethodGet, "/?query=subscription{ticks}", "", "X-Key", otherKey).StatusCode)
	<-w.begun
	require.NoError(t, stream.Body.Close())
	<-begun.Done()
	require.Eventually(t, func() bool {
		again, ended := w.events(t, http.MethodGet, "/?query=subscription{ticks}", ""), make(chan struct{})
		go func() { _, _ = io.Copy(io.Discard, again.Body); close(ended) }()
		select {
		case <-w.begun:
			require.NoError(t, again.Body.Close())
			<-ended
			return true
		case <-ended:
			return false
		}
	}, waitAtMost, pollEvery)
}

// A key may have as many sockets as subscriptions, also where nothing is asked over them.
func TestSocketsOfAKeyAreCounted(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Live.Subscriptions = 2 })
	one := w.opened(t)
	w.opened(t)
	more := w.dial(t)
	more.say(`{"type": "connection_init", "payload": {"x-api-key": "` + goodKey + `"}}`)
	more.closed(websocket.CloseTryAgainLater, "3 sockets of this key at a time are more than the 2 that are allowed")
	other := w.dial(t)
	other.say(`{"type": "connection_init", "payload": {"x-api-key": "` + otherKey + `"}}`)
	other.hears(`{"type": "connection_ack"}`)
	require.NoError(t, one.Close())
	require.Eventually(t, func() bool {
		again := w.dial(t)
		again.say(`{"type": "connection_init", "payload": {"x-api-key": "` + goodKey + `"}}`)
		_, text, err := again.ReadMessage()
		return err == nil && strings.Contains(string(text), "connection_ack")
	}, waitAtMost, pollEvery)
}

// A subscription counts as a request until it has begun.
func TestAnOpenSubscriptionIsNoRequest(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.keys.most = 1 })
	begin := make(chan struct{})
	w.begin = func(context.Context) error { <-begin; return nil }
	c := w.opened(t)
	c.ask("a", "subscription { ticks }")
	c.ask("b", "{ any }")
	c.hears(`{"type": "error", "id": "b", "payload": [{"message": "1 operations are being answered", "extensions": {"code": "TOO_MANY"}}]}`)
	close(begin)
	require.Eventually(t, func() bool { return w.keys.answering() == 0 }, waitAtMost, pollEvery)
	c.ask("b", "{ any }")
	c.hears(`{"type": "next", "id": "b", "payload": {"data": {"any": 1}}}`)
	c.hears(`{"type": "complete", "id": "b"}`)
	require.Eventually(t, func() bool { return w.keys.answering() == 0 }, waitAtMost, pollEvery)
}

// The time of a request ends a query, and a subscription that does not begin, but none that has begun.
func TestTheTimeOfWhatIsLive(t *testing.T) {
	w := newLiveWorld(t, func(w *liveWorld) { w.Time = 100 * time.Millisecond })
	c := w.opened(t)
	w.begin = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	c.ask("a", "subscription { ticks }")
	c.hears(`{"type": "error", "id": "a", "payload": [{"message": "context deadline exceeded"}]}`)
	w.begin = func(context.Context) error { return nil }
	c.ask("a", "subscription { ticks }")
	ctx := <-w.begun
	_, bounded := ctx.Deadline()
	require.False(t, bounded)
	w.begin = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	c.ask("b", "subscription { ticks }") // its time ends after that of the first would have
	c.hears(`{"type": "error", "id": "b", "payload": [{"message": "context deadline exceeded"}]}`)
	require.NoError(t, ctx.Err())
	w.feed <- `{"ticks":1}`
	c.hears(`{"type": "next", "id": "a", "payload": {"data": {"ticks": 1}}}`)
}
