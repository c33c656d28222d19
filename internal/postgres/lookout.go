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
	// tellLag is how much lag beyond the limit can be told; of more, no more than that.
	tellLag = 10 * time.Minute
)

// lookPool are the connections that a server is looked at through, and asked whether it has caught up.
var lookPool = Pool{Name: "lookout", MaxConns: 2, Deadline: lookWithin}

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
	fit      fitness = "fit"
	away     fitness = "away"
	behind   fitness = "behind"
	ahead    fitness = "ahead of the primary, which it does not follow"
	promoted fitness = "promoted: it follows nobody any more"
	stranger fitness = "of another cluster than the primary"
)

// follows tells whether what the replica has is what the primary had.
func (f fitness) follows() bool { return f == fit || f == behind }

// lookQuery asks a server what everybody may ask: its version, whether it follows another, and which cluster it is of.
const lookQuery = `SELECT version, pg_is_in_recovery() AS follows, (SELECT system_identifier FROM pg_control_system()) AS system FROM data_version`

// finding is what a look at a server found.
type finding struct {
	version int64
	follows bool
	system  int64
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
		r.system = primary.system
		r.sightings.add(primary.version, began, r.limit+tellLag)
	}
	for i, s := range r.replicas {
		now := r.judge(found[i], before[i], primary)
		if r.settle(s, found[i], now); now.follows() {
			most = max(most, found[i].version)
		}
	}
	r.yield(floor, most)
}

func (s *server) look(ctx context.Context) (f finding) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	f.err = s.looks.NewRaw(lookQuery).Scan(ctx, &f.version, &f.follows, &f.system)
	return f
}

// judge tells how a replica stands that was at a version before the primary was looked at.
func (r *Router) judge(found finding, before int64, primary finding) fitness {
	lag, known := r.sightings.lag(found.version)
	switch {
	case found.err != nil:
		return away
	case !found.follows:
		return promoted
	case r.system != 0 && found.system != r.system:
		return stranger
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
	lag := time.Duration(unknownLag)
	if now.follows() {
		lag = r.sightings.atLeast(f.version)
	}
	s.lag.Store(int64(lag))
	if now == away {
		s.gone()
	}
	if before := s.fitness.Swap(&now); before != nil && *before == now {
		return
	}
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
