package server

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestThrottle(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	th := newThrottle(Throttle{PerMinute: 3, Concurrent: 2}, func() time.Time { return now })
	ann, bob := [32]byte{1}, [32]byte{2}
	headers := func(v verdict) http.Header {
		h := http.Header{}
		th.tell(h, v)
		return h
	}
	require.Equal(t, http.Header{"Ratelimit-Policy": {`"key";q=3;w=60`}, "Ratelimit": {`"key";r=2;t=60`}}, headers(th.enter(ann)))
	require.Empty(t, th.enter(ann).refusal)
	now = now.Add(20*time.Second + time.Millisecond)
	third := th.enter(ann)
	require.Contains(t, third.refusal, "2 requests of this key are being answered")
	require.Equal(t, "1", headers(third).Get("Retry-After"))
	th.leave(ann, 0)
	fourth := th.enter(ann)
	require.Contains(t, fourth.refusal, "3 requests within a minute", "also those that were refused count")
	require.Equal(t, "40", headers(fourth).Get("Retry-After"))
	require.Equal(t, `"key";r=0;t=40`, headers(fourth).Get("RateLimit"))
	require.Empty(t, th.enter(bob).refusal, "another key")
	now = now.Add(40 * time.Second)
	require.Empty(t, th.enter(ann).refusal, "another minute")
	none, h := newThrottle(Throttle{}, time.Now), http.Header{}
	none.tell(h, none.enter(ann))
	require.Empty(t, h)
}

// What is being answered for a key may cost so much in all; a query that is alone may cost more.
func TestWhatIsBeingAnsweredMayCostSoMuch(t *testing.T) {
	th := newThrottle(Throttle{Cost: 100}, time.Now)
	ann, bob := [32]byte{1}, [32]byte{2}
	spend := func(key [32]byte, cost, met int, ok bool) {
		t.Helper()
		gotMet, gotOK := th.spend(key, cost)
		require.Equal(t, []any{met, ok}, []any{gotMet, gotOK})
	}
	for _, key := range [][32]byte{ann, ann, ann, bob} {
		require.Empty(t, th.enter(key).refusal)
	}
	spend(ann, 150, 150, true)
	spend(ann, 1, 151, false)
	spend(bob, 100, 100, true)
	th.leave(ann, 150)
	spend(ann, 60, 60, true)
	spend(ann, 40, 100, true)
	spend(ann, 1, 101, false)
	th.leave(ann, 40)
	spend(ann, 1, 61, true)
	th.leave(ann, 0)
	require.Zero(t, th.keys[ann].running)
}
