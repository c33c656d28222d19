package server

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Throttle is what one key may ask of this process. 0 is no limit.
type Throttle struct {
	PerMinute  int // requests in a minute
	Concurrent int // requests at a time
	Cost       int // points of cost of the queries that are being answered at a time: what their answers take of the memory
}

// throttle counts the requests of each key.
type throttle struct {
	limits Throttle
	now    func() time.Time

	mu   sync.Mutex
	keys map[[32]byte]*usage // by the digest of the key
}

// usage is what a key has used.
type usage struct {
	from    time.Time // of the minute being counted
	asked   int
	running int
	cost    int // of those that are running
}

func newThrottle(limits Throttle, now func() time.Time) *throttle {
	return &throttle{limits: limits, now: now, keys: map[[32]byte]*usage{}}
}

// verdict is what became of a request that asked to be let in.
type verdict struct {
	refusal string // in words; empty where it was let in
	met     int    // what the limit would be exceeded with, where it was refused
	limit   int    // that it would exceed
	left    int    // requests left in the minute
	reset   int    // seconds until the minute is over
	wait    int    // seconds to wait before trying again
}

// enter counts a request of the key, and lets it in if that is within the limits: it is then to leave.
func (t *throttle) enter(key [32]byte) verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.keys[key]
	if u == nil {
		u = &usage{}
		t.keys[key] = u
	}
	now := t.now()
	if now.Sub(u.from) >= time.Minute {
		u.from, u.asked = now, 0
	}
	v := verdict{reset: int(math.Ceil((time.Minute - now.Sub(u.from)).Seconds()))}
	most := t.limits.PerMinute
	switch {
	case most > 0 && u.asked >= most:
		v.refusal, v.wait = fmt.Sprintf("This key has made %d requests within a minute, the most that are allowed.", most), v.reset
		v.met, v.limit = u.asked+1, most
		return v
	case t.limits.Concurrent > 0 && u.running >= t.limits.Concurrent:
		v.refusal, v.wait = fmt.Sprintf("%d requests of this key are being answered, the most that are allowed at a time.", u.running), 1
		v.met, v.limit = u.running+1, t.limits.Concurrent
	default:
		u.running++
	}
	u.asked++
	v.left = most - u.asked
	return v
}

// leave ends a request that was let in, and has spent so much.
func (t *throttle) leave(key [32]byte, cost int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys[key].running--
	t.keys[key].cost -= cost
}

// spend counts the cost of a query of a request that was let in. Where it is too much beside the others, it says what
// the limit would be exceeded with. A query that is alone is answered.
func (t *throttle) spend(key [32]byte, cost int) (met int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.keys[key]
	if met = u.cost + cost; t.limits.Cost > 0 && met > t.limits.Cost && u.cost > 0 {
		return met, false
	}
	u.cost = met
	return met, true
}

// tell writes what is left into the headers, in the fields of the IETF's draft on rate limits.
func (t *throttle) tell(h http.Header, v verdict) {
	if t.limits.PerMinute > 0 {
		h.Set("RateLimit-Policy", fmt.Sprintf(`"key";q=%d;w=60`, t.limits.PerMinute))
		h.Set("RateLimit", fmt.Sprintf(`"key";r=%d;t=%d`, v.left, v.reset))
	}
	if v.refusal != "" {
		h.Set("Retry-After", strconv.Itoa(v.wait))
	}
}
