package market

import (
	"context"
	"sync"
)

// View has the questions of one request answered by one and the same copy of the data. Without one, Reader answers
// from what is committed now.
type View struct {
	// Current keeps to the copy that has all that is committed; any other may be a little behind.
	Current bool

	mu   sync.Mutex
	held Held
}

// Held is what a Reader that has several copies keeps of a view.
type Held interface {
	// Shown is told that an answer has been made under the view, before it is sent.
	Shown(ctx context.Context)
}

type viewKey struct{}

// WithView returns a context for the questions of one request.
func WithView(ctx context.Context, v *View) context.Context {
	return context.WithValue(ctx, viewKey{}, v)
}

// WithoutView returns a context whose questions are answered from what is committed now.
func WithoutView(ctx context.Context) context.Context { return WithView(ctx, nil) }

// ViewOf returns the view that questions are asked under, and nil where there is none.
func ViewOf(ctx context.Context) *View {
	v, _ := ctx.Value(viewKey{}).(*View)
	return v
}

// Hold returns what begin returned when it was first asked.
func (v *View) Hold(begin func() Held) Held {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held == nil {
		v.held = begin()
	}
	return v.held
}

// Shown tells the Reader, where it keeps anything, that an answer has been made. It is safe on nil.
func (v *View) Shown(ctx context.Context) {
	if v == nil {
		return
	}
	v.mu.Lock()
	held := v.held
	v.mu.Unlock()
	if held != nil {
		held.Shown(ctx)
	}
}
