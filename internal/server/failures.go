package server

import (
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// failuresAtOnce is how many wrong keys an address may send in a row.
	failuresAtOnce = 10
	// forgiveEvery is the time in which one of them is forgiven.
	forgiveEvery = 6 * time.Second
	// addressesKept is how many addresses are remembered, those that failed last, in 3 MB. Whoever has more than that to
	// try from can try from each of them anyway.
	addressesKept = 20_000
)

// failures counts wrong keys by where they come from. Of a network of IPv6 the first 64 bits are one place: whoever has one
// address of it has them all. It is safe for concurrent use.
type failures struct {
	now func() time.Time

	mu   sync.Mutex
	kept *simplelru.LRU[netip.Prefix, record]
}

// record is what is known of a place.
type record struct {
	clean time.Time // when all will be forgiven
	told  bool      // that keys from there are refused, since it was clean
}

func newFailures(now func() time.Time) *failures {
	kept, err := simplelru.NewLRU[netip.Prefix, record](addressesKept, nil)
	if err != nil {
		panic(err) // the size is wrong
	}
	return &failures{now: now, kept: kept}
}

// tooManyFailures is that too many wrong keys came from where a key comes from.
type tooManyFailures struct {
	wait  time.Duration
	first bool // that is told so, since all were forgiven
}

// Error says how long to wait.
func (e tooManyFailures) Error() string {
	return fmt.Sprintf("Too many wrong keys have come from this address: no more are looked at for %d seconds.", e.seconds())
}

func (e tooManyFailures) seconds() int { return int(math.Ceil(e.wait.Seconds())) }

// placeOf is what an address counts as. All whose address is not known are in one place.
func placeOf(from netip.Addr) netip.Prefix {
	bits := 32
	if from = from.Unmap().WithZone(""); from.Is6() {
		bits = 64
	}
	place, _ := from.Prefix(bits)
	return place
}

// try judges a key that comes from an address, which is not even looked at while too many from there were wrong: then the error
// is a tooManyFailures, and otherwise ErrKey or nil. Many at once are judged one after the other.
func (f *failures) try(from netip.Addr, judge func() bool) error {
	place := placeOf(from)
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	known, _ := f.kept.Peek(place)
	if known.clean.Before(now) {
		known = record{clean: now}
	}
	if wait := known.clean.Sub(now) - (failuresAtOnce-1)*forgiveEvery; wait > 0 {
		first := !known.told
		if first {
			known.told = true
			f.kept.Add(place, known)
		}
		return tooManyFailures{wait, first}
	}
	if judge() {
		return nil
	}
	known.clean = known.clean.Add(forgiveEvery)
	f.kept.Add(place, known)
	return ErrKey
}
