package model

import (
	"errors"
	"fmt"
	"sync"
)

// Group is a set of rows that were read together. What hangs on one of them is read for all of
// them at once, when the first is asked, so the number of questions to the database follows the
// depth of a query and never the number of its rows, whichever way the query reaches them (nodes,
// edges, or through another row).
//
// A Group belongs to one request and is safe for concurrent use.
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

var errPanicked = errors.New("another row's read has panicked")

// Together returns what load returns for all rows of the group. It is called once for each key; a
// key names the field and its arguments, and always goes with the same V. An error is a *Failure,
// the same for all rows.
func Together[T, V any](g *Group[T], key string, load func(rows []*T) (V, error)) (V, error) {
	g.mu.Lock()
	if g.reads == nil {
		g.reads = map[string]*read{}
	}
	r, ok := g.reads[key]
	if !ok {
		r = &read{}
		g.reads[key] = r
	}
	g.mu.Unlock()
	r.once.Do(func() {
		r.err = errPanicked // stays if load never returns
		value, err := load(g.Rows)
		if r.value, r.err = value, nil; err != nil {
			r.err = &Failure{cause: fmt.Errorf("%s: %w", key, err)}
		}
	})
	if r.err != nil {
		var none V
		return none, r.err
	}
	return r.value.(V), nil
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
func grouped[M, T any](rows []M, wrap func(M, *Group[T]) T) []*T {
	g := &Group[T]{Rows: make([]*T, len(rows))}
	wrapped := make([]T, len(rows))
	for i, row := range rows {
		wrapped[i] = wrap(row, g)
		g.Rows[i] = &wrapped[i]
	}
	return g.Rows
}
