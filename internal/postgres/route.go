package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/kasparro/kasparro/internal/market"
)

// route is where the questions of one view go.
type route struct {
	router *Router
	fixed  bool // to the primary, whatever becomes of it

	mu       sync.Mutex
	at       *server
	reads    int     // that have begun
	answered bool    // by at
	torn     bool    // not all answers came from one server
	seen     *moment // the last one known; nil before the first
}

// moment is the version of the data when so many reads had begun.
type moment struct {
	version int64
	reads   int
}

// errTorn is that the answers are of no one version.
var errTorn = errors.New("the reads were moved to another server in the middle")

// routeOf returns the route of the view that is asked under. A question without one has a route of its own, to the primary.
func (r *Router) routeOf(ctx context.Context) *route {
	v := market.ViewOf(ctx)
	if v == nil || v.Current {
		return &route{router: r, fixed: true, at: r.primary}
	}
	return v.Hold(func() market.Held { return &route{router: r, at: r.choose(ctx, nil)} }).(*route)
}

// ask has the question answered by the server of the view and, where that fails, once more by another.
func ask[T any](ctx context.Context, r *Router, question func(context.Context, *Store) (T, error)) (T, error) {
	on := r.routeOf(ctx)
	on.begin()
	return answer(ctx, on, func(ctx context.Context, s *server) (T, error) { return question(ctx, s.store) })
}

func answer[T any](ctx context.Context, on *route, question func(context.Context, *server) (T, error)) (T, error) {
	s := on.server()
	on.count(&s.reads)
	value, err := put(ctx, s, question)
	failed := on.router.failed(ctx, s, err)
	if failed {
		if other := on.move(ctx, s); other != s {
			on.count(&s.moved)
			on.count(&other.reads)
			s = other
			value, err = put(ctx, s, question)
			failed = on.router.failed(ctx, s, err)
		}
	}
	if !failed {
		on.answeredBy(s)
	}
	return value, err
}

// put asks one server.
func put[T any](ctx context.Context, s *server, question func(context.Context, *server) (T, error)) (T, error) {
	ctx, release := s.within(ctx)
	defer release()
	value, err := question(ctx, s)
	if err != nil && errors.Is(context.Cause(ctx), errGone) {
		err = fmt.Errorf("%w: %w: %w", market.ErrUnavailable, errGone, err)
	}
	return value, err
}

// failed tells whether a read should be tried elsewhere: not where the error is the answer, or nobody waits any more, or the
// time that a statement may take was not enough. A server that is away is left out.
func (r *Router) failed(ctx context.Context, s *server, err error) bool {
	var large *market.TooLargeError
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, &large), errors.Is(err, market.ErrNotFound), errors.Is(err, market.ErrForgotten):
		return false
	case errors.Is(err, market.ErrUnavailable):
		r.leaveOut(s)
		return true
	case errors.Is(err, context.DeadlineExceeded):
		return false
	}
	return s != r.primary // a standby cancels what stands in the way of its replay, or may be a migration behind
}

// count counts a read that a replica might answer.
func (on *route) count(n *atomic.Int64) {
	if !on.fixed {
		n.Add(1)
	}
}

func (on *route) begin() {
	on.mu.Lock()
	defer on.mu.Unlock()
	on.reads++
}

func (on *route) server() *server {
	on.mu.Lock()
	defer on.mu.Unlock()
	return on.at
}

// move goes on at another server than the one that failed: the primary, which is never behind, or a replica while
// that is away. It returns the one that failed where there is no other.
func (on *route) move(ctx context.Context, from *server) *server {
	on.mu.Lock()
	defer on.mu.Unlock()
	if on.fixed || on.at != from { // another read has moved on already
		return on.at
	}
	on.at = on.router.primary
	if !on.at.fit.Load() {
		on.at = on.router.choose(ctx, from)
	}
	if on.at != from {
		on.torn, on.answered = on.torn || on.answered, false
	}
	return on.at
}

func (on *route) answeredBy(s *server) {
	on.mu.Lock()
	defer on.mu.Unlock()
	on.answered = on.answered || s == on.at
	on.torn = on.torn || s != on.at
}

// version reads the version of the data that has been read, unless it is known.
func (on *route) version(ctx context.Context) (int64, error) {
	on.mu.Lock()
	seen, reads, torn := on.seen, on.reads, on.torn
	on.mu.Unlock()
	if seen != nil && seen.reads == reads && !torn {
		return seen.version, nil
	}
	version, err := answer(ctx, on, func(ctx context.Context, s *server) (int64, error) {
		v, err := s.version(ctx)
		if err == nil {
			raise(&s.known, v)
		}
		return v, err
	})
	if err != nil {
		return 0, err
	}
	on.mu.Lock()
	defer on.mu.Unlock()
	on.seen = &moment{version, reads}
	if on.torn {
		return version, errTorn
	}
	return version, nil
}

// Shown implements market.Held: from now on nobody is answered from an older version than this answer may be of.
func (on *route) Shown(ctx context.Context) {
	if version, err := on.version(ctx); err == nil || errors.Is(err, errTorn) {
		raise(&on.router.floor, version)
	}
}
