package wire

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// closeWithin is how long a client may take to close its side of a socket.
const closeWithin = time.Second

// socket is one connection that speaks graphql-transport-ws. Its goroutine reads; each operation has one more.
type socket struct {
	Handler

	conn   *websocket.Conn
	ctx    context.Context // that of the request without its end; once admitted, that of the caller
	cancel context.CancelFunc
	timer  *time.Timer
	waits  Times
	part   func() // ends that it counts as a socket of the caller; nil until admitted

	writing sync.Mutex // held to write a message
	running sync.WaitGroup

	mu       sync.Mutex // guards what follows
	admitted bool
	closing  bool
	pinged   time.Time
	asked    map[string]*operation // those that are running, by id
}

// serve reads until the connection ends, and returns when all that was asked has ended too.
func (s *socket) serve() {
	defer s.Live.part(s)
	defer func() {
		if s.part != nil {
			s.part()
		}
	}()
	defer s.running.Wait()
	defer s.linger()
	defer s.timer.Stop()
	defer s.cancel()
	if s.conn.Subprotocol() != subprotocol {
		s.hangUp(closeProtocol, "the subprotocol must be "+subprotocol)
		return
	}
	for {
		frame, text, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		s.alive()
		var end ended
		apart(func() { end = s.heed(frame, text) })
		if end.code != 0 {
			s.hangUp(end.code, end.why)
			return
		}
	}
}

// heed does what a message says.
func (s *socket) heed(frame int, text []byte) ended {
	m, err := parse(frame, text)
	if err != nil {
		return ended{closeBadMessage, err.Error()}
	}
	return s.take(m)
}

// alive notes a sign of life: without another the connection is given up.
func (s *socket) alive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admitted && !s.closing {
		_ = s.conn.SetReadDeadline(time.Now().Add(2 * s.waits.Ping))
	}
}

// beat is what a socket does now and then: see that it was opened in time, that its key is still good, and
// that somebody is there.
func (s *socket) beat() {
	s.mu.Lock()
	ctx, admitted, due := s.ctx, s.admitted, time.Since(s.pinged) >= s.waits.Ping
	if due {
		s.pinged = time.Now()
	}
	s.mu.Unlock()
	if !admitted {
		s.hangUp(closeInitTooLate, "connection_init took too long")
		return
	}
	if _, err := s.Live.Door.Caller(ctx); err != nil {
		end := unadmitted(err, "the key is not accepted any more")
		s.hangUp(end.code, end.why)
		return
	}
	if due { // a message that is being written may be in its way, and will do as well
		_ = s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(closeWithin))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing && s.ctx.Err() == nil {
		s.timer.Reset(s.waits.Check)
	}
}

// hangUp closes the socket with a code: all that was asked ends, and the reader wakes.
func (s *socket) hangUp(code int, why string) {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return
	}
	s.closing = true
	s.mu.Unlock()
	s.cancel()
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason(why)), time.Now().Add(closeWithin))
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
}

// linger closes the connection when the client has, or does not within a second: closed before, what it has
// sent meanwhile would have its system forget the code that it was told.
func (s *socket) linger() {
	conn := s.conn.NetConn()
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = conn.SetReadDeadline(time.Now().Add(closeWithin))
		_, _ = io.Copy(io.Discard, conn)
	}
	_ = conn.Close()
}

// send writes one message. A client that does not take it in time is given up.
func (s *socket) send(text []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.waits.Write))
	err := s.conn.WriteMessage(websocket.TextMessage, text)
	if err != nil {
		s.giveUp()
	}
	return err
}

// giveUp cuts the connection, unless it is being closed already: TLS would say goodbye first, for five seconds.
func (s *socket) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.closing = true
		s.cancel()
		conn := s.conn.NetConn()
		if outer, ok := conn.(interface{ NetConn() net.Conn }); ok {
			conn = outer.NetConn()
		}
		_ = conn.Close()
	}
}
