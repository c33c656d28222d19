package wire

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// stream is an answer as server-sent events, one operation each: the "distinct connections mode" of GraphQL
// over SSE.
type stream struct {
	out    io.Writer
	to     deadlines
	flush  func() error
	waits  Times
	cancel context.CancelCauseFunc

	mu    sync.Mutex // guards what follows, and writing
	timer *time.Timer
	wrote time.Time
	ended bool
}

// deadlines are those of the connection that a stream is written to.
type deadlines interface{ SetWriteDeadline(time.Time) error }

// Why a stream ends before its operation does.
var (
	errShutdown = errors.New("the service is shutting down")
	errKeyGone  = errors.New("the key is not accepted any more")
	errLater    = errors.New("nobody can tell whether the key is good")
)

// stream answers with events. Once it has begun, whatever is wrong is told by an event: a browser shows a
// page nothing of another answer. A subscription takes the connection over, as a socket does: the request is
// over with it, and of the buffers for it nothing is kept.
func (h Handler) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, op *graphql.OperationContext, errs gqlerror.List) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	gone := context.AfterFunc(r.Context(), func() { cancel(r.Context().Err()) })
	to := http.NewResponseController(w)
	s := &stream{out: w, to: to, flush: to.Flush, waits: h.Live.Times.orDefault(), cancel: cancel}
	if !h.Live.join(s, func() { cancel(errShutdown) }) {
		h.refuse(w, r, asJSON, refusal{http.StatusServiceUnavailable, errShutdown.Error()})
		return
	}
	lasts := r.ProtoMajor == 1 && len(errs) == 0 && op.Operation.Operation == ast.Subscription
	header := w.Header()
	header.Set("Content-Type", string(asEvents)+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would wait for more
	if lasts {
		header.Set("Transfer-Encoding", "identity") // not in chunks: it ends with the connection
	}
	w.WriteHeader(http.StatusOK)
	begun := s.write(":\n\n") == nil
	if conn := s.takeOver(to, begun && lasts); conn != nil {
		gone()
		go s.listen(conn)
		go h.flow(ctx, op, errs, s, conn.Close)
		return
	}
	h.flow(ctx, op, errs, s, func() error { return nil })
}

// takeOver has the stream write to the connection itself, which it returns, or nil where that cannot be.
func (s *stream) takeOver(to *http.ResponseController, wanted bool) net.Conn {
	if !wanted {
		return nil
	}
	conn, _, err := to.Hijack()
	if err != nil {
		return nil
	}
	s.out, s.to, s.flush = conn, conn, func() error { return nil }
	return conn
}

// listen notes that the client has gone, which is all that it can say.
func (s *stream) listen(conn net.Conn) {
	_, err := io.Copy(io.Discard, conn)
	s.cancel(cmp.Or(err, io.EOF))
}

// flow sends the events until the operation has ended, or the stream before it.
func (h Handler) flow(ctx context.Context, op *graphql.OperationContext, errs gqlerror.List, s *stream, hangUp func() error) {
	defer h.Live.part(s)
	defer s.cancel(nil)
	defer func() { _ = hangUp() }()
	context.AfterFunc(ctx, func() {
		if why := context.Cause(ctx); errors.Is(why, errShutdown) || errors.Is(why, errLater) { // a write that goes on is not waited for
			_ = hangUp()
		}
	})
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
	if _, err := door.Caller(ctx); err != nil {
		if passes(err) {
			s.cancel(errLater) // cut off without an end, so that the client comes again
		} else {
			s.cancel(errKeyGone)
		}
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
	if _, err := io.WriteString(s.out, strings.Join(parts, "")); err != nil {
		s.cancel(err)
		return err
	}
	if err := s.flush(); err != nil {
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
