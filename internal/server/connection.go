package server

import (
	"io"
	"net/http"
	"time"
)

const (
	// pieceSize is how much of an answer is sent under one deadline, in bytes.
	pieceSize = 64 << 10
	// pieceWithin is how long a client may take to read a piece. Who does not read at all holds an answer in memory for
	// no longer than this; who reads slowly is served to the end.
	pieceWithin = 30 * time.Second
)

// connection is what a request came over: it bounds how long the client may take to send and to read. Where it knows
// no deadlines, there are none.
type connection struct {
	control *http.ResponseController
	body    *body         // of the request, or nil
	within  time.Duration // for each piece of the answer to be taken
	own     bool          // the handler sets deadlines itself, as what is live does
	taken   bool          // the handler has taken the connection over
}

// send writes piece by piece, each with a deadline of its own unless the handler has them.
func (c *connection) send(to io.Writer, part []byte) (sent int, err error) {
	for first := true; err == nil && (first || len(part) > 0); first = false {
		var n int
		c.extend()
		n, err = to.Write(part[:min(len(part), pieceSize)])
		c.relax()
		part, sent = part[n:], sent+n
	}
	return sent, err
}

// extend gives the client time for the next piece.
func (c *connection) extend() {
	if !c.own {
		_ = c.control.SetWriteDeadline(time.Now().Add(c.within))
	}
}

// relax takes the deadline of a piece that is gone back: HTTP/2 would end the answer at that moment though nothing is being sent.
func (c *connection) relax() {
	if !c.own {
		_ = c.control.SetWriteDeadline(time.Time{})
	}
}

// SetWriteDeadline is how a handler sets deadlines of its own. From then on there are no others.
func (c *connection) SetWriteDeadline(at time.Time) error {
	c.own = true
	return c.control.SetWriteDeadline(at)
}

// leave is called when the handler has ended: what is buffered is sent in time, and the rest of a body is not waited for.
func (c *connection) leave() {
	if c.taken {
		return
	}
	_ = c.control.SetWriteDeadline(time.Now().Add(c.within))
	if c.body.remains() {
		_ = c.control.SetReadDeadline(time.Now().Add(lingerWithin))
	}
}
