package wire

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// ended is why a socket has to be closed; the zero value is that it has not.
type ended struct {
	code int
	why  string
}

// unadmitted ends a socket whose key is not accepted: why says so, unless it may be again soon. Clients come back then.
func unadmitted(err error, why string) ended {
	if passes(err) {
		return ended{websocket.CloseTryAgainLater, err.Error()}
	}
	return ended{closeForbidden, why}
}

// take does what a message says.
func (s *socket) take(m message) ended {
	switch m.kind {
	case "connection_init":
		return s.open(m.key())
	case "subscribe":
		return s.ask(m)
	case "complete":
		s.stop(m.id)
	case "ping":
		_ = s.send(encode("", "pong", m.payload))
	}
	return ended{}
}

// open admits the caller.
func (s *socket) open(key string) ended {
	if s.ctx.Err() != nil { // closed meanwhile
		return ended{}
	}
	if s.admitted { // only this goroutine sets it
		return ended{closeInitTwice, "connection_init came twice"}
	}
	ctx, err := s.Live.Door.Admit(s.ctx, key)
	if err != nil {
		return unadmitted(err, err.Error())
	}
	if s.part, err = s.Live.connect(ctx); err != nil {
		return ended{websocket.CloseTryAgainLater, err.Error()}
	}
	s.mu.Lock()
	s.ctx, s.admitted, s.pinged = ctx, true, time.Now()
	if !s.closing {
		s.timer.Reset(s.waits.Check)
	}
	s.mu.Unlock()
	s.alive()
	_ = s.send([]byte(`{"type":"connection_ack"}`))
	return ended{}
}

// operation is one that was asked for over a socket.
type operation struct {
	socket *socket
	id     string
	cancel context.CancelFunc
}

// ask has an operation run.
func (s *socket) ask(m message) ended {
	if !s.admitted {
		return ended{closeNoInit, "subscribe came before connection_ack"}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	o := &operation{s, m.id, cancel}
	if !s.note(o) {
		cancel()
		return ended{closeDuplicate, "Subscriber for " + m.id + " already exists"}
	}
	ctx, err := s.Live.Door.Enter(ctx)
	if err != nil { // told by the reader, which so reads no more before it has been heard
		defer cancel()
		o.fail(s.Exec.DispatchError(s.ctx, s.excess(err)))
		return ended{}
	}
	s.running.Go(func() { o.run(ctx, m.params) })
	return ended{}
}

func (o *operation) run(ctx context.Context, params *graphql.RawParams) {
	s := o.socket
	defer o.cancel()
	defer s.Live.Door.Leave(ctx)
	defer o.over()
	defer s.rescue(ctx, o)
	var op *graphql.OperationContext
	var errs gqlerror.List
	apart(func() { op, errs = s.Exec.CreateOperationContext(graphql.StartOperationTrace(ctx), params) })
	s.follow(ctx, op, errs, o)
}

// note notes an operation as running, unless there is one of the same id.
func (s *socket) note(o *operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked[o.id] != nil {
		return false
	}
	if s.asked == nil {
		s.asked = map[string]*operation{}
	}
	s.asked[o.id] = o
	return true
}

// stop ends the operation that the client wants no more of. That it has ended meanwhile is no mistake.
func (s *socket) stop(id string) {
	s.mu.Lock()
	o := s.asked[id]
	s.mu.Unlock()
	if o != nil {
		o.over()
		o.cancel()
	}
}

// over forgets the operation, so that its id can be used again, and says whether it was running until now.
func (o *operation) over() bool {
	o.socket.mu.Lock()
	defer o.socket.mu.Unlock()
	if o.socket.asked[o.id] != o {
		return false
	}
	delete(o.socket.asked, o.id)
	return true
}

// errOver is that a client has completed an operation itself.
var errOver = errors.New("the operation is over")

func (o *operation) next(answer *graphql.Response) error {
	o.socket.mu.Lock()
	running := o.socket.asked[o.id] == o
	o.socket.mu.Unlock()
	if !running {
		return errOver
	}
	return o.socket.send(encode(o.id, "next", answer))
}

func (o *operation) fail(answer *graphql.Response) {
	if o.over() {
		_ = o.socket.send(encode(o.id, "error", answer.Errors))
	}
}

func (o *operation) complete() {
	if o.over() {
		_ = o.socket.send(encode(o.id, "complete", nil))
	}
}

// encode makes a message. The data of an answer is JSON already and goes as it is.
func encode(id, kind string, payload any) []byte {
	text := []byte(`{"type":"` + kind + `"`)
	if id != "" {
		quoted, _ := json.Marshal(id) // a text: it cannot fail
		text = append(append(text, `,"id":`...), quoted...)
	}
	switch payload := payload.(type) {
	case *graphql.Response:
		text = append(append(text, `,"payload":`...), whole(payload)...)
	case gqlerror.List:
		text = append(append(text, `,"payload":`...), listOf(payload)...)
	case map[string]json.RawMessage:
		if payload != nil {
			echoed, _ := json.Marshal(payload) // it was parsed: it cannot fail
			text = append(append(text, `,"payload":`...), echoed...)
		}
	}
	return append(text, '}')
}
