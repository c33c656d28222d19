package model

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Group is a set of rows that were read together. What hangs on one of them is read for all of
// them at once, when the first is asked, so the number of questions to the database follows the
// depth of a query and never the number of its rows, whichever way the query reaches them (nodes,
// edges, or through another row).
//
// A Group belongs to one request, or to one subscriber, and is safe for concurrent use.
type Group[T any] struct {
	Rows []*T

	mu    sync.Mutex
	reads map[string]*read
}

type read struct {
	once  sync.Once
	value any
	err   error
}

// Together returns what load returns for all rows of the group. It is called once for each key; a
// key names the field and its arguments, and always goes with the same V. An error is a *Failure,
// the same for all rows; a panic is one, too, and so is that the time ran out: what was too much once is not tried again. Nothing is
// read for a ctx that has ended: that of a page would be tried once for each of its fields.
func Together[T, V any](ctx context.Context, g *Group[T], key string, load func(rows []*T) (V, error)) (none V, err error) {
	if err := ctx.Err(); err != nil {
		return none, err
	}
	r := g.read(key)
	r.once.Do(func() {
		value, err := rescued(g.Rows, load)
		if r.value = value; err != nil {
			r.err = &Failure{cause: fmt.Errorf("%s: %w", key, err)}
		}
	})
	if r.err != nil {
		return none, r.err
	}
	return r.value.(V), nil
}

// read is the read under a key, whether it was done or not.
func (g *Group[T]) read(key string) *read {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reads == nil {
		g.reads = map[string]*read{}
	}
	r, ok := g.reads[key]
	if !ok {
		r = &read{}
		g.reads[key] = r
	}
	return r
}

// rescued makes an error of a panic, so that one row is not told of it in another way than the rest.
func rescued[T, V any](rows []*T, load func(rows []*T) (V, error)) (value V, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return load(rows)
}

// Failure is an error that many rows have in common, so that it need not be logged for each.
type Failure struct {
	cause error
	once  sync.Once
}

// Error names the read that failed and why.
func (f *Failure) Error() string { return f.cause.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.cause }

// Report calls log, but only the first time.
func (f *Failure) Report(log func()) { f.once.Do(log) }

// grouped wraps rows that were read together. They lie side by side in the memory.
func grouped[M, T any](rows []M, wrap func(*M, *Group[T]) T) []*T {
	g := &Group[T]{Rows: make([]*T, len(rows))}
	wrapped := make([]T, len(rows))
	for i := range rows {
		wrapped[i] = wrap(&rows[i], g)
		g.Rows[i] = &wrapped[i]
	}
	return g.Rows
}
