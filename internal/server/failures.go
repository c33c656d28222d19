package server

import (
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

	mu    sync.Mutex
	clean *simplelru.LRU[netip.Prefix, time.Time] // when all will be forgiven
}

func newFailures(now func() time.Time) *failures {
	kept, err := simplelru.NewLRU[netip.Prefix, time.Time](addressesKept, nil)
	if err != nil {
		panic(err) // the size is wrong
	}
	return &failures{now: now, clean: kept}
}

// placeOf is what an address counts as. All whose address is not known are in one place.
func placeOf(from netip.Addr) netip.Prefix {
	bits := 32
	if from = from.Unmap().WithZone(""); from.Is6() {
		bits = 64
	}
	place, _ := from.Prefix(bits)
	return place
}

// try judges a key that comes from an address, which is not even looked at while too many from there were wrong: then
// wait says for how long. Many at once are judged one after the other.
func (f *failures) try(from netip.Addr, judge func() bool) (good bool, wait time.Duration) {
	place := placeOf(from)
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	clean, _ := f.clean.Peek(place)
	if clean.Before(now) {
		clean = now
	}
	if wait := clean.Sub(now) - (failuresAtOnce-1)*forgiveEvery; wait > 0 {
		return false, wait
	}
	if judge() {
		return true, 0
	}
	f.clean.Add(place, clean.Add(forgiveEvery))
	return false, 0
}
