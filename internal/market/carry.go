package market

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Payloads are what upstreams made them, and an answer can repeat them: so what an answer carries of them is counted.

type loadKey struct{}

// load is what an answer carries.
type load struct {
	most    int64 // bytes
	carried atomic.Int64
}

// TooLargeError is that an answer would carry more payloads than it may.
type TooLargeError struct {
	Met   int64 // bytes, at least: counting stopped there
	Limit int64 // bytes
}

// Error says what was met, what is allowed, and what to do.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the answer has %d or more bytes of payloads; at most %d are allowed: ask for fewer rows at a time", e.Met, e.Limit)
}

// Figures are for clients that read no words.
func (e *TooLargeError) Figures() (met, limit int64) { return e.Met, e.Limit }

// WithPayloads returns a context for one answer, which may carry that many bytes of payloads; 0, or a context without, is
// any number.
func WithPayloads(ctx context.Context, most int64) context.Context {
	return context.WithValue(ctx, loadKey{}, &load{most: most})
}

// MostPayloads is how many bytes of payloads the answer that ctx belongs to may carry in all; 0 for any number.
func MostPayloads(ctx context.Context) int64 {
	if l, ok := ctx.Value(loadKey{}).(*load); ok {
		return l.most
	}
	return 0
}

// CarryPayloads counts bytes of payloads that go into the answer that ctx belongs to. It returns a TooLargeError, and has
// not counted them, where they are too many.
func CarryPayloads(ctx context.Context, bytes int64) error {
	l, ok := ctx.Value(loadKey{}).(*load)
	if !ok || l.most == 0 {
		return nil
	}
	if met := l.carried.Add(bytes); met > l.most {
		l.carried.Add(-bytes)
		return &TooLargeError{Met: met, Limit: l.most}
	}
	return nil
}
