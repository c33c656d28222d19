// Package wire serves GraphQL over HTTP, by the specification of that name: queries by GET and POST,
// in one of two media types, each with its own rules on status codes; and what goes on beyond one answer over
// WebSockets and as server-sent events. Who asks, how much and whether that is allowed is decided elsewhere.
package wire

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Handler answers GraphQL requests through an executor.
type Handler struct {
	// Exec parses, validates and runs operations, and makes errors presentable.
	Exec graphql.GraphExecutor
	// BadRequest is the code in the extensions of an error about a request that is no GraphQL request.
	BadRequest string
	// Time is how long a request may take; 0 is for ever.
	Time time.Duration
	// Lasting tells whether the answer to an operation says nothing but what the data says, so that it may be kept until
	// that changes; nil: none does.
	Lasting func(*graphql.OperationContext) bool
	// Errors is how many errors are told of a query that cannot be executed at most; 0 is all.
	Errors int
	// Live serves what goes on beyond one answer, subscriptions above all; where it is nil, nothing does.
	Live *Live
	// TooMany is the code of an error about a limit of the caller's, NoKey that about a key that is not good any
	// more. Both are for what is live.
	TooMany, NoKey string
}

// methods are those that the path answers.
const methods = "GET, HEAD, POST, OPTIONS"

// ServeHTTP answers one request.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answerIn, acceptable := negotiate(r.Header.Values("Accept"))
	w.Header().Add("Vary", "Accept")
	if websocket.IsWebSocketUpgrade(r) { // before all else: whoever asks for one may come without a key
		h.upgrade(w, r, answerIn)
		return
	}
	events := h.eventsFor(r)
	switch r.Method {
	case http.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", methods)
		h.refuse(w, r, answerIn, refusal{http.StatusMethodNotAllowed, "queries come by GET or POST"})
		return
	}
	if !acceptable && !events.able {
		h.refuse(w, r, answerIn, refusal{http.StatusNotAcceptable, h.offers()})
		return
	}
	params, err := read(r)
	if err != nil {
		h.refuse(w, r, answerIn, err)
		return
	}
	h.run(w, r, answerIn, events, params)
}

// run executes the operation that was asked for. Mutations change something, and so do not come by GET:
// a link that is followed must be harmless.
func (h Handler) run(w http.ResponseWriter, r *http.Request, answerIn mediaType, events eventStream, params *graphql.RawParams) {
	ctx := graphql.StartOperationTrace(r.Context())
	op, errs := h.Exec.CreateOperationContext(ctx, params)
	kind := ast.Query
	if len(errs) == 0 {
		kind = op.Operation.Operation
	}
	switch {
	case kind == ast.Mutation && r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST")
		h.refuse(w, r, answerIn, refusal{http.StatusMethodNotAllowed, "a mutation comes by POST"})
		return
	case events.first, events.able && kind == ast.Subscription:
		h.stream(ctx, w, r, op, errs)
		return
	case kind == ast.Subscription:
		h.refuse(w, r, answerIn, refusal{http.StatusBadRequest, h.whereTo()})
		return
	case len(errs) > 0:
		write(w, answerIn, answerIn.statusOfRequestError(), h.dispatchError(ctx, op, errs))
		return
	}
	ctx, cancel := h.within(ctx)
	defer cancel()
	answer := h.execute(ctx, op)
	if answer == nil {
		return
	}
	if h.Lasting != nil && r.Method != http.MethodPost && len(answer.Errors) == 0 && h.Lasting(op) {
		w.Header().Set("Cache-Control", "private, no-cache")
	}
	status := http.StatusOK
	if len(answer.Data) == 0 {
		status = answerIn.statusOfRequestError()
	}
	write(w, answerIn, status, answer)
}

func (h Handler) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if h.Time == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, h.Time)
}

// refusal is what is wrong with a request as far as HTTP goes.
type refusal struct {
	status int
	why    string
}

// Error says what is wrong, for whoever sent the request.
func (r refusal) Error() string { return r.why }

// refuse answers a request that is no GraphQL request.
func (h Handler) refuse(w http.ResponseWriter, r *http.Request, answerIn mediaType, err error) {
	status := http.StatusBadRequest
	var known refusal
	if errors.As(err, &known) {
		status = known.status
	}
	write(w, answerIn, status, h.Exec.DispatchError(r.Context(), gqlerror.List{told(err, h.BadRequest)}))
}
