package market

import "context"

// Scope is what the key of a request allows.
type Scope string

// Scopes. Whoever may administer may also read.
const (
	ScopeRead  Scope = "read"
	ScopeAdmin Scope = "admin"
)

type requestIDKey struct{}

type scopeKey struct{}

type runIDKey struct{}

// WithRequestID returns a context that carries the id of the request being answered.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id of the request being answered, and "" outside of one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// WithScope returns a context that carries what the request may do.
func WithScope(ctx context.Context, s Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// ScopeOf returns what the request may do, and "" where no key was given.
func ScopeOf(ctx context.Context) Scope {
	s, _ := ctx.Value(scopeKey{}).(Scope)
	return s
}

// WithRunID returns a context that carries the id of the run that what is done belongs to.
func WithRunID(ctx context.Context, id int64) context.Context {
	return context.WithValue(ctx, runIDKey{}, id)
}

// RunID returns the id of the run that what is done belongs to, and 0 outside of one.
func RunID(ctx context.Context) int64 {
	id, _ := ctx.Value(runIDKey{}).(int64)
	return id
}
