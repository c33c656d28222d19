package wire

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// eventKey is where the event of a subscription stands in its context.
type eventKey struct{}

// event is one answer of a subscription. The wait for what it tells of has no bound; what is then read for it has the time of
// a request. The executor does both in one call and with one context, so the time begins with the first field that
// takes a resolver. Of an event without such fields there is no clock.
type event struct {
	time time.Duration

	mu      sync.Mutex
	late    time.Time // when the time has run out; zero before it has begun
	cancels []context.CancelFunc
}

// underRoot puts the field that is subscribed to above what is answered of each event, where the executor leaves it out: errors name
// the path to their field.
func underRoot(ctx context.Context, op *graphql.OperationContext) context.Context {
	roots := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})
	if len(roots) != 1 {
		return ctx
	}
	return graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Subscription", Field: roots[0]})
}

// event waits for the next event of a subscription and answers it.
func (h Handler) event(ctx context.Context, responses graphql.ResponseHandler) *graphql.Response {
	if h.Time == 0 {
		return responses(ctx)
	}
	e := &event{time: h.Time}
	defer e.end()
	return responses(context.WithValue(ctx, eventKey{}, e))
}

// bound gives a field, and all below it, what is left of the event's time.
func (e *event) bound(ctx context.Context) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.late.IsZero() {
		e.late = time.Now().Add(e.time)
	}
	ctx, cancel := context.WithDeadline(ctx, e.late)
	e.cancels = append(e.cancels, cancel)
	return ctx
}

// end stops the clock.
func (e *event) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, cancel := range e.cancels {
		cancel()
	}
}

// EventTime is the executor's part in giving each event of a subscription the time of a request: the executor is to
// use it before all extensions that look at fields. What takes longer fails, and the subscription goes on.
type EventTime struct{}

// ExtensionName implements graphql.HandlerExtension.
func (EventTime) ExtensionName() string { return "EventTime" }

// Validate implements graphql.HandlerExtension.
func (EventTime) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField bounds fields of events that take a resolver, unless they are below one that is bounded.
func (EventTime) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	if !graphql.GetFieldContext(ctx).IsResolver {
		return next(ctx)
	}
	if _, bounded := ctx.Deadline(); bounded {
		return next(ctx)
	}
	if e, ok := ctx.Value(eventKey{}).(*event); ok {
		ctx = e.bound(ctx)
	}
	return next(ctx)
}
