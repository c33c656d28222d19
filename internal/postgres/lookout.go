package postgres

import (
	"context"
	"sync"
	"time"
)

const (
	// lookEvery is the time between two looks at the servers.
	lookEvery = time.Second
	// lookSoonest is the time between two looks when there is reason to look again.
	lookSoonest = 50 * time.Millisecond
	// lookWithin is how long a server may take to answer a look: one that does not is gone.
	lookWithin = 2 * time.Second
	// yieldAfter is how long no server must have what was shown before that is taken for lost.
	yieldAfter = 5 * time.Second
)

// lookPool is the connection that a server is looked at through.
var lookPool = Pool{Name: "lookout", MaxConns: 1, Deadline: lookWithin}

// Run looks at the servers every second, and sooner where there is reason to, until ctx ends.
func (r *Router) Run(ctx context.Context) {
	for ctx.Err() == nil {
		r.look(ctx)
		soonest := time.After(lookSoonest)
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		case <-r.bell:
			select {
			case <-ctx.Done():
			case <-soonest:
			}
		}
	}
}

// fitness is how a replica stands.
type fitness string

const (
	fit    fitness = "fit"
	away   fitness = "away"
	behind fitness = "behind"
	ahead  fitness = "ahead of the primary, which it does not follow"
)

// finding is what a look at a server found.
type finding struct {
	version int64
	err     error
}

// look asks the primary for its version, and then all replicas for theirs: what a replica has by then it had at most as late as
// the primary. Lag is time since the primary was seen at no more than that. It stands still while nothing is
// committed, and while the primary is away.
func (r *Router) look(ctx context.Context) {
	floor, before := r.floor.Load(), make([]int64, len(r.replicas))
	for i, s := range r.replicas {
		before[i] = s.known.Load()
	}
	began := time.Now()
	primary := r.primary.look(ctx)
	found := make([]finding, len(r.replicas))
	var all sync.WaitGroup
	for i, s := range r.replicas {
		all.Go(func() { found[i] = s.look(ctx) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return
	}
	r.primary.fit.Store(primary.err == nil)
	most := primary.version
	if primary.err == nil {
		r.primary.known.Store(primary.version)
		r.sightings.add(primary.version, began, r.limit)
	}
	for i, s := range r.replicas {
		r.settle(s, found[i], r.judge(found[i], before[i], primary))
		most = max(most, found[i].version)
	}
	r.yield(floor, most)
}

func (s *server) look(ctx context.Context) (f finding) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	f.err = s.looks.NewRaw(versionQuery).Scan(ctx, &f.version)
	return f
}

// judge tells how a replica stands that was at a version before the primary was looked at.
func (r *Router) judge(found finding, before int64, primary finding) fitness {
	lag, known := r.sightings.lag(found.version)
	switch {
	case found.err != nil:
		return away
	case primary.err == nil && before > primary.version:
		return ahead
	case !known || lag > r.limit:
		return behind
	}
	return fit
}

// settle has a replica read from or leaves it out, and says so where that is new.
func (r *Router) settle(s *server, f finding, now fitness) {
	s.known.Store(f.version) // 0 where it is away: it may come back from an older state
	s.fit.Store(now == fit)
	if now == away {
		s.gone()
	}
	if now == s.fitness {
		return
	}
	s.fitness = now
	if now == fit {
		r.log.Info("a replica is read from", "replica", s.name)
		return
	}
	r.log.Warn("a replica is left out", "replica", s.name, "reason", string(now), "version", f.version, "primary_version", r.primary.known.Load(), "error", f.err)
}

// yield gives up what was shown and no server has any more: a primary was lost with it, or restored to before it.
func (r *Router) yield(floor, most int64) {
	if floor <= most {
		r.stranded = time.Time{}
		return
	}
	if r.stranded.IsZero() {
		r.stranded = time.Now()
	}
	if most > 0 && time.Since(r.stranded) >= yieldAfter && r.floor.CompareAndSwap(floor, most) {
		r.log.Warn("the data has gone back: what was shown before is nowhere any more", "shown", floor, "found", most)
	}
}
