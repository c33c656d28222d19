package simulator

import (
	"context"
	"path"
	"slices"
	"sync"
	"time"
)

// Fault is a misbehaviour waiting for the requests that it fits.
type Fault struct {
	ID         int               `json:"id"`
	Upstream   string            `json:"upstream"`
	Path       string            `json:"path,omitempty"`        // below the base, * for one segment; empty is any
	Kind       string            `json:"kind"`                  // one of those that / lists
	Times      int               `json:"times"`                 // how many requests it still spoils
	After      int               `json:"after"`                 // how many it lets pass first
	RetryAfter string            `json:"retry_after,omitempty"` // sent as it is
	Delay      string            `json:"delay,omitempty"`       // of the kinds slow and trickle, a Go duration
	Location   string            `json:"location,omitempty"`    // of the kind redirect, an absolute URL
	Rows       int               `json:"rows,omitempty"`        // of the kinds that change a value: of how many rows, the first ones; -1 is all
	Rename     map[string]string `json:"rename,omitempty"`
	Remove     []string          `json:"remove,omitempty"`
	Retype     map[string]string `json:"retype,omitempty"`
}

// faultQueue holds the faults in the order in which they came: one that fits
// is used up before the next one that fits. Safe for concurrent use.
type faultQueue struct {
	mu       sync.Mutex
	lastID   int
	pending  []*Fault
	stalled  int           // requests being held
	released chan struct{} // closed to let them go
}

func newFaultQueue() *faultQueue { return &faultQueue{released: make(chan struct{})} }

// add queues a checked fault and returns it with its id.
func (q *faultQueue) add(f Fault) Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lastID++
	f.ID = q.lastID
	q.pending = append(q.pending, &f)
	return f
}

// list returns the faults still to come and the number of requests held.
func (q *faultQueue) list() ([]Fault, int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	faults := make([]Fault, len(q.pending))
	for i, f := range q.pending {
		faults[i] = *f
	}
	return faults, q.stalled
}

// clear forgets all faults and lets every held request go on.
func (q *faultQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = nil
	close(q.released)
	q.released = make(chan struct{})
}

// take returns the fault that spoils this request, or nil.
func (q *faultQueue) take(h hit) *Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.pending, func(f *Fault) bool { return f.fits(h) })
	if i < 0 {
		return nil
	}
	f := q.pending[i]
	if f.After > 0 {
		f.After--
		return nil
	}
	taken := *f
	if f.Times--; f.Times == 0 {
		q.pending = slices.Delete(q.pending, i, i+1)
	}
	return &taken
}

func (f *Fault) fits(h hit) bool {
	if f.Upstream != h.name() || f.spoilsLists() && h.endpoint != "/coins/markets" && h.endpoint != "/tickers" {
		return false
	}
	matched, _ := path.Match(f.Path, h.path) // the pattern was checked when it came
	return f.Path == "" || f.Path == h.path || matched
}

// hold keeps a stalled or slow request back. It reports whether the client is
// still there to be answered.
func (q *faultQueue) hold(ctx context.Context, f *Fault) bool {
	var enough <-chan time.Time
	switch f.Kind {
	case "stall": // until the client goes or the faults are cleared
	case "slow":
		delay, _ := time.ParseDuration(f.Delay) // checked when it came
		timer := time.NewTimer(delay)
		defer timer.Stop()
		enough = timer.C
	default:
		return true
	}
	released := q.enter()
	defer q.leave()
	select {
	case <-enough:
	case <-released:
	case <-ctx.Done():
		return false
	}
	return true
}

func (q *faultQueue) enter() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stalled++
	return q.released
}

func (q *faultQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stalled--
}
