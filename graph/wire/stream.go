package wire

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// stream is an answer as server-sent events, one operation each: the "distinct connections mode" of GraphQL
// over SSE.
type stream struct {
	out    http.ResponseWriter
	to     *http.ResponseController
	waits  Times
	cancel context.CancelCauseFunc

	mu    sync.Mutex // guards what follows, and writing
	timer *time.Timer
	wrote time.Time
	ended bool
}

// Why a stream ends before its operation does.
var (
	errShutdown = errors.New("the service is shutting down")
	errKeyGone  = errors.New("the key is not accepted any more")
)

// stream answers with events. Once it has begun, whatever is wrong is told by an event: a browser shows a
// page nothing of another answer.
func (h Handler) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, op *graphql.OperationContext, errs gqlerror.List) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &stream{out: w, to: http.NewResponseController(w), waits: h.Live.Times.orDefault(), cancel: cancel}
	if !h.Live.join(s, func() { cancel(errShutdown) }) {
		h.refuse(w, r, asJSON, refusal{http.StatusServiceUnavailable, errShutdown.Error()})
		return
	}
	defer h.Live.part(s)
	header := w.Header()
	header.Set("Content-Type", string(asEvents)+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would wait for more
	w.WriteHeader(http.StatusOK)
	if s.write(":\n\n") != nil {
		return
	}
	s.mu.Lock()
	s.timer = time.AfterFunc(s.waits.Check, func() { s.beat(ctx, h.Live.Door) })
	s.mu.Unlock()
	defer s.end()
	defer h.rescue(ctx, s)
	h.follow(ctx, op, errs, s)
	if errors.Is(context.Cause(ctx), errKeyGone) { // told as an end, so that nobody tries again with that key
		s.fail(h.dispatchError(ctx, op, gqlerror.List{{Message: errKeyGone.Error(), Extensions: map[string]any{"code": h.NoKey}}}))
	}
}

// beat is what a stream does now and then: see that its key is still good, and that somebody is there.
func (s *stream) beat(ctx context.Context, door Door) {
	if _, good := door.Caller(ctx); !good {
		s.cancel(errKeyGone)
		return
	}
	s.mu.Lock()
	due := time.Since(s.wrote) >= s.waits.Ping
	s.mu.Unlock()
	if due && s.write(":\n\n") != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.timer.Reset(s.waits.Check)
	}
}

// end has nothing written any more: with the request, the connection goes to others.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.timer.Stop()
}

func (s *stream) next(answer *graphql.Response) error {
	return s.write("event: next\ndata: ", line(whole(answer)), "\n\n")
}

func (s *stream) fail(answer *graphql.Response) {
	if s.next(answer) == nil {
		s.complete()
	}
}

func (s *stream) complete() { _ = s.write("event: complete\ndata:\n\n") }

// write sends parts at once. A client that does not take them in time is given up.
func (s *stream) write(parts ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return http.ErrHandlerTimeout
	}
	s.wrote = time.Now()
	_ = s.to.SetWriteDeadline(s.wrote.Add(s.waits.Write)) // where the connection knows none, there is none
	defer func() { _ = s.to.SetWriteDeadline(time.Time{}) }()
	for _, part := range parts {
		if _, err := s.out.Write([]byte(part)); err != nil {
			s.cancel(err)
			return err
		}
	}
	if err := s.to.Flush(); err != nil {
		s.cancel(err)
		return err
	}
	return nil
}

// line is JSON in one line: a line end in it can only be white space, and would be one of the events'.
func line(text []byte) string {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
	return string(text)
}
