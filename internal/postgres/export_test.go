package postgres

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
)

// EnsurePartitions lets tests choose the month that it is.
var EnsurePartitions = (*Store).ensurePartitions

// statements counts what a server is sent.
type statements struct{ n *atomic.Int64 }

func (s statements) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (s statements) AfterQuery(context.Context, *bun.QueryEvent) { s.n.Add(1) }

// Count has the statements of reads counted, those at the primary first. It is called before the router is used.
func (r *Router) Count() []*atomic.Int64 {
	counts := make([]*atomic.Int64, 0, 1+len(r.replicas))
	for _, s := range append([]*server{r.primary}, r.replicas...) {
		n := &atomic.Int64{}
		s.store.db = s.store.db.WithQueryHook(statements{n})
		counts = append(counts, n)
	}
	return counts
}

// Floor is the version that has been shown.
func (r *Router) Floor() int64 { return r.floor.Load() }

// Known is the version that all replicas are known to have.
func (r *Router) Known() int64 {
	least := r.replicas[0].known.Load()
	for _, s := range r.replicas {
		least = min(least, s.known.Load())
	}
	return least
}

// Ask asks a question of the test's own.
func (r *Router) Ask(ctx context.Context, question func(context.Context, *bun.DB) error) error {
	_, err := ask(ctx, r, func(ctx context.Context, s *Store) (struct{}, error) {
		return struct{}{}, unavailable(question(ctx, s.db))
	})
	return err
}

// OnlyLooks has nobody asked whether they have caught up: what a look has found goes until the next.
func (r *Router) OnlyLooks() {
	for _, s := range r.replicas {
		s.askAgain = time.Now().AddDate(1, 0, 0)
	}
}

// Look looks once, as Run does again and again.
func (r *Router) Look(ctx context.Context) { r.look(ctx) }

// Seen is that the primary was at a version.
type Seen struct {
	Version int64
	At      time.Time
}

// Judge tells the state and the lag of a replica that was known to be at a version before the primary was last seen, and is found
// at another behind that.
func Judge(limit time.Duration, primary []Seen, version, before int64, follows, sameCluster bool) (string, time.Duration) {
	r := &Router{limit: limit, system: 1, log: slog.New(slog.DiscardHandler), primary: newServer("", nil)}
	for _, p := range primary {
		r.sightings.add(p.Version, p.At, limit+tellLag)
	}
	found := finding{version: version, follows: follows, system: 1}
	if !sameCluster {
		found.system = 2
	}
	s := newServer("", nil)
	r.settle(s, found, r.judge(found, before, finding{version: primary[len(primary)-1].Version, system: 1}))
	return s.state(), time.Duration(s.lag.Load())
}
