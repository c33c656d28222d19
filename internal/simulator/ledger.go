package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"
)

// kept is how many answers the ledger remembers where it is not told.
const kept = 200

// Stamp says which version of a coin an answer held.
type Stamp struct {
	ID          string `json:"id"`
	LastUpdated string `json:"last_updated"`
}

// Answer is one request and what was sent for it.
type Answer struct {
	At       time.Time `json:"at"` // simulated time, UTC
	Upstream string    `json:"upstream"`
	Path     string    `json:"path"` // below the base of the upstream
	Query    string    `json:"query,omitempty"`
	Status   int       `json:"status"`          // 0: the client left before it was answered
	Fault    string    `json:"fault,omitempty"` // its kind
	Rows     []Stamp   `json:"rows,omitempty"`  // those that were sent so that they can be read, in order; nil where that is not known
}

// Count is how often an endpoint was asked.
type Count struct {
	Upstream string `json:"upstream"`
	Path     string `json:"path"` // with {id} for an id; "other" for what does not exist
	Requests int    `json:"requests"`
}

// ledger remembers what was asked and served. Safe for concurrent use.
type ledger struct {
	mu     sync.Mutex
	counts map[Count]int
	served []Answer
	keep   int // how many of served, -1 for all
}

// add notes one request; rep is empty where none was sent.
func (l *ledger) add(at time.Time, h hit, r *http.Request, rep reply, f *Fault) {
	a := Answer{
		At: at, Upstream: h.name(), Path: h.path, Query: r.URL.RawQuery,
		Status: rep.status, Rows: rep.stamps,
	}
	if f != nil {
		a.Fault = f.Kind
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[Count{Upstream: h.name(), Path: cmp.Or(h.endpoint, "other")}]++
	l.served = append(l.served, a)
	if l.keep >= 0 && len(l.served) > l.keep {
		l.served = slices.Clone(l.served[len(l.served)-l.keep:])
	}
}

func (l *ledger) read() ([]Count, []Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := []Count{}
	for c, n := range l.counts {
		c.Requests = n
		counts = append(counts, c)
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Upstream, b.Upstream), cmp.Compare(a.Path, b.Path))
	})
	return counts, append([]Answer{}, l.served...)
}
