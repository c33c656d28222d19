package server

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// guesser tries keys at a time of its own.
type guesser struct {
	*failures

	at time.Time
}

func newGuesser() *guesser {
	g := &guesser{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	g.failures = newFailures(func() time.Time { return g.at })
	return g
}

// guess tries a wrong key, and returns how long the address has to wait, 0 where the key was looked at.
func (g *guesser) guess(from string) time.Duration { return g.wrong(netip.MustParseAddr(from)).wait }

func (g *guesser) wrong(from netip.Addr) (refused tooManyFailures) {
	_ = errors.As(g.try(from, wrong), &refused)
	return refused
}

func wrong() bool { return false }

func right() bool { return true }

// exhaust fails until no more is looked at.
func (g *guesser) exhaust(t *testing.T, from string) {
	t.Helper()
	for range failuresAtOnce {
		require.Zero(t, g.guess(from))
	}
	require.Positive(t, g.guess(from))
}

func TestFailuresAreForgivenOneByOne(t *testing.T) {
	g := newGuesser()
	g.exhaust(t, "192.0.2.1")
	require.Equal(t, forgiveEvery, g.guess("192.0.2.1"), "being refused costs nothing more")
	require.Error(t, g.try(netip.MustParseAddr("192.0.2.1"), right), "it is not even looked at")
	g.at = g.at.Add(forgiveEvery - time.Nanosecond)
	require.Equal(t, time.Nanosecond, g.guess("192.0.2.1"))
	g.at = g.at.Add(time.Nanosecond)
	require.Zero(t, g.guess("192.0.2.1"))
	require.Equal(t, forgiveEvery, g.guess("192.0.2.1"))
	g.at = g.at.Add(failuresAtOnce * forgiveEvery)
	g.exhaust(t, "192.0.2.1")
}

// Of a place that is refused is told once, and again only after it was clean.
func TestAPlaceIsToldOfOnce(t *testing.T) {
	g := newGuesser()
	from := netip.MustParseAddr("192.0.2.1")
	for range 2 {
		for range failuresAtOnce {
			require.Zero(t, g.wrong(from))
		}
		require.True(t, g.wrong(from).first)
		for range 100 {
			require.False(t, g.wrong(from).first)
			g.at = g.at.Add(forgiveEvery)
			require.Zero(t, g.wrong(from))
		}
		g.at = g.at.Add(failuresAtOnce*forgiveEvery + time.Nanosecond)
	}
}

func TestARightKeyCostsNothing(t *testing.T) {
	g := newGuesser()
	for range 10 * failuresAtOnce {
		require.NoError(t, g.try(netip.MustParseAddr("192.0.2.1"), right))
	}
	require.Zero(t, g.kept.Len())
	g.exhaust(t, "192.0.2.1")
}

// Of IPv6 a network counts, of IPv4 an address, in whichever form it comes.
func TestWhatCountsAsOnePlace(t *testing.T) {
	g := newGuesser()
	for place, c := range map[string]struct{ same, others []string }{
		"192.0.2.1":       {[]string{"::ffff:192.0.2.1"}, []string{"192.0.2.2", "::c000:201"}},
		"2001:db8:1:2::1": {[]string{"2001:db8:1:2:ffff::", "2001:db8:1:2::1%eth0"}, []string{"2001:db8:1:3::1", "2001:db8:1::1"}},
		"fe80::1%eth0":    {[]string{"fe80::2%eth1"}, []string{"fe80:0:0:1::1"}},
	} {
		g.exhaust(t, place)
		for _, same := range c.same {
			require.Positive(t, g.guess(same), same)
		}
		for _, other := range c.others {
			require.Zero(t, g.guess(other), other)
		}
	}
	for range failuresAtOnce {
		require.Zero(t, g.wrong(netip.Addr{}))
	}
	require.Positive(t, g.wrong(netip.Addr{}).wait, "nowhere is a place as well")
}

// However many addresses fail, no more than so many are remembered, and those are the last.
func TestFailuresTakeNoMoreMemory(t *testing.T) {
	g := newGuesser()
	for i := range 3 * addressesKept {
		g.guess(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	require.Equal(t, addressesKept, g.kept.Len())
	g.exhaust(t, "192.0.2.1")
	for i := range addressesKept - 1 {
		g.guess(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	require.Positive(t, g.guess("192.0.2.1"))
}

// Many guesses at once are no more guesses than one after the other.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	g := newGuesser()
	var looked atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			_ = g.try(netip.MustParseAddr("192.0.2.1"), func() bool { looked.Add(1); return false })
		})
	}
	all.Wait()
	require.EqualValues(t, failuresAtOnce, looked.Load())
}
