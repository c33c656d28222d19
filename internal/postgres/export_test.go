package postgres

import (
	"context"
	"sync/atomic"

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

// Fit tells whether a replica is read from.
func (r *Router) Fit(replica int) bool { return r.replicas[replica].fit.Load() }

// Floor is the version that has been shown.
func (r *Router) Floor() int64 { return r.floor.Load() }

// Ask asks a question of the test's own.
func (r *Router) Ask(ctx context.Context, question func(context.Context, *bun.DB) error) error {
	_, err := ask(ctx, r, func(ctx context.Context, s *Store) (struct{}, error) {
		return struct{}{}, unavailable(question(ctx, s.db))
	})
	return err
}
