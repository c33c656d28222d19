package wire

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// outlet takes what an operation answers, to a socket or a stream. An error is that nobody hears it any more.
type outlet interface {
	next(*graphql.Response) error // one of any number of answers
	fail(*graphql.Response)       // the last answer, of which there are only errors
	complete()                    // there was the last
}

// follow has an operation run, or says what is wrong with it, and gives the outlet all that it answers until
// it ends or ctx does. One answer is in hand at a time: the next is made when it has been taken.
func (h Handler) follow(ctx context.Context, op *graphql.OperationContext, errs gqlerror.List, out outlet) {
	switch {
	case len(errs) > 0:
		out.fail(h.dispatchError(ctx, op, errs))
	case op.Operation.Operation == ast.Subscription:
		h.subscribe(ctx, op, out)
	default:
		ctx, cancel := h.within(ctx)
		defer cancel()
		switch answer := h.execute(ctx, op); {
		case answer == nil:
		case len(answer.Data) == 0:
			out.fail(answer)
		case out.next(answer) == nil:
			out.complete()
		}
	}
}

// rescue, which is to be deferred, makes an error of a panic that nobody else would survive.
func (h Handler) rescue(ctx context.Context, out outlet) {
	if cause := recover(); cause != nil {
		out.fail(h.Exec.DispatchError(ctx, gqlerror.List{gqlerror.WrapIfUnwrapped(newBroken(cause))}))
	}
}

// broken is a panic, with the stack on which it came about.
type broken struct{ error }

func newBroken(cause any) broken {
	if b, carried := cause.(broken); carried {
		return b
	}
	return broken{fmt.Errorf("panic: %v\n%s", cause, debug.Stack())}
}

// subscribe follows a subscription. The time of a request bounds its beginning, and what is read for each event.
func (h Handler) subscribe(ctx context.Context, op *graphql.OperationContext, out outlet) {
	release, err := h.Live.subscribe(ctx)
	if err != nil {
		out.fail(h.dispatchError(ctx, op, h.excess(err)))
		return
	}
	defer release()
	end := &ending{}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, endingKey{}, end))
	defer cancel() // whoever makes the events learns that nobody hears them
	responses, ctx, inTime := h.begin(ctx, cancel, op)
	if !inTime {
		out.fail(h.dispatchError(ctx, op, gqlerror.List{gqlerror.WrapIfUnwrapped(context.DeadlineExceeded)}))
		return
	}
	h.Live.Door.Leave(ctx)
	events := underRoot(ctx, op)
	for {
		answer := h.event(events, responses)
		switch {
		case ctx.Err() != nil: // whoever has ended it knows why, and an answer that was cut off says what is not so
			return
		case answer == nil && end.cause() != nil:
			out.fail(h.dispatchError(ctx, op, end.cause()))
			return
		case answer == nil:
			out.complete()
			return
		case len(answer.Data) == 0:
			out.fail(answer)
			return
		case out.next(answer) != nil:
			return
		}
	}
}

// begin has a subscription begin, in the time of a request.
func (h Handler) begin(ctx context.Context, cancel func(), op *graphql.OperationContext) (responses graphql.ResponseHandler, within context.Context, inTime bool) {
	var late *time.Timer
	if h.Time > 0 {
		late = time.AfterFunc(h.Time, cancel)
	}
	apart(func() { responses, within = h.Exec.DispatchOperation(ctx, op) })
	return responses, within, late == nil || late.Stop()
}

// apart does something that takes a deep stack, and returns when it has been done: whoever waits for long afterwards keeps
// a shallow one. A panic is the caller's.
func apart(do func()) {
	ended := make(chan any)
	go func() {
		var cause any
		defer func() { ended <- cause }()
		defer func() {
			if value := recover(); value != nil {
				cause = newBroken(value)
			}
		}()
		do()
	}()
	if cause := <-ended; cause != nil {
		panic(cause)
	}
}

// execute runs a query or a mutation. The answer is nil where whoever asked has gone.
func (h Handler) execute(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	responses, ctx := h.Exec.DispatchOperation(ctx, op)
	answer := responses(ctx)
	if answer == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) { // it ran out before anything was run
		return h.Exec.DispatchError(ctx, gqlerror.List{gqlerror.WrapIfUnwrapped(context.DeadlineExceeded)})
	}
	return answer
}

// dispatchError makes the answer that holds errors and nothing else.
func (h Handler) dispatchError(ctx context.Context, op *graphql.OperationContext, errs gqlerror.List) *graphql.Response {
	if h.Errors > 0 && len(errs) > h.Errors {
		errs = errs[:h.Errors]
	}
	return h.Exec.DispatchError(graphql.WithOperationContext(ctx, op), errs)
}

// endingKey is where the ending of a subscription stands in its context.
type endingKey struct{}

// ending is the error that a subscription ends with.
type ending struct {
	mu   sync.Mutex
	errs gqlerror.List
}

func (e *ending) cause() gqlerror.List {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.errs
}

// End has the subscription that ctx belongs to, that of its resolver, end with an error once its channel is
// closed, which is to be done next. Of several errors the first is told. Elsewhere nothing happens.
func End(ctx context.Context, err error) {
	e, ok := ctx.Value(endingKey{}).(*ending)
	if !ok || err == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.errs == nil {
		e.errs = gqlerror.List{gqlerror.WrapIfUnwrapped(err)}
	}
}
