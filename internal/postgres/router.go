package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
)

// Router answers the questions of market.Reader from standbys of the database, in turn. Questions under a market.View go
// to one server together, and only to one that has all that this process has shown before; a read that fails
// is asked of another. Whatever is asked without a view goes to the primary. It implements market.Reader and is safe for
// concurrent use.
type Router struct {
	primary   *server
	replicas  []*server
	limit     time.Duration // that a replica may be behind
	log       *slog.Logger
	sightings sightings     // of Run alone, as is what follows
	system    int64         // the identifier of the primary's cluster; 0 before it was seen
	stranded  time.Time     // since when no server is as far as the floor; zero where one is
	bell      chan struct{} // asks for a look

	turn  atomic.Uint32
	floor atomic.Int64 // the version that has been shown: nobody is answered from an older one
}

// NewRouter makes a router over the pool of API reads at the primary, and over pools like it at the replicas. A replica that
// is further behind than limit is left out. Nothing is read from replicas before Run.
func NewRouter(primary *bun.DB, primaryURL string, replicaURLs []string, p Pool, limit time.Duration, log *slog.Logger) (*Router, error) {
	r := &Router{limit: limit, log: log, bell: make(chan struct{}, 1)}
	looks, err := Open(primaryURL, lookPool)
	if err != nil {
		return nil, err
	}
	r.primary = newServer("the primary", looks)
	r.primary.store = New(primary, nil)
	r.primary.fit.Store(true)
	for i, url := range replicaURLs {
		s, err := openReplica(url, p)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("replica %d: %w", i+1, err), r.Close())
		}
		s.name = r.unlike(s.name)
		r.replicas = append(r.replicas, s)
	}
	return r, nil
}

// unlike returns a name that no replica has yet: several may be reached at one address, through a pooler say.
func (r *Router) unlike(name string) string {
	other := name
	for n := 2; slices.ContainsFunc(r.replicas, func(s *server) bool { return s.name == other }); n++ {
		other = fmt.Sprintf("%s #%d", name, n)
	}
	return other
}

// Close closes the pools that the router has opened.
func (r *Router) Close() error {
	errs := []error{r.primary.looks.Close()}
	for _, s := range r.replicas {
		errs = append(errs, s.looks.Close(), s.store.db.Close())
	}
	return errors.Join(errs...)
}

// choose returns the replica whose turn it is, of those that are fit and have all that was shown; the primary where there
// is none.
func (r *Router) choose(ctx context.Context, except *server) *server {
	floor, first, skipped := r.floor.Load(), r.turn.Add(1), false
	for i := range r.replicas {
		s := r.replicas[(int(first)+i)%len(r.replicas)]
		if s == except || !s.fit.Load() {
			continue
		}
		if s.reached(ctx, floor) {
			return s
		}
		s.passed.Add(1)
		skipped = true
	}
	if skipped { // where it stays behind, that should be known
		r.wake()
	}
	return r.primary
}

// wake asks for a look, without waiting for it.
func (r *Router) wake() {
	select {
	case r.bell <- struct{}{}:
	default:
	}
}

// leaveOut keeps reads from a server until the next look.
func (r *Router) leaveOut(s *server) {
	s.lag.Store(unknownLag) // before it is seen to be gone
	s.fit.Store(false)
	r.wake()
}
