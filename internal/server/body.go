package server

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// bodyWithin is how long the body of a request may take to arrive.
	bodyWithin = 15 * time.Second
	// lingerWithin is how long what is left of a body is taken in once the request has been answered: closed at once, the
	// connection would be reset by what still arrives, and the answer lost with it.
	lingerWithin = 500 * time.Millisecond
)

// body is a request body that has to arrive in time, so that one that trickles in holds nothing for long. The deadline
// is taken back where the body has been read to its end: what is asked may take longer to answer. After any other end
// it stays, since net/http waits for the rest of a body in several places.
type body struct {
	io.ReadCloser
	connection *http.ResponseController
	whole      bool // it has been read to its end
}

// limitBody gives the body of a request its time, whoever may read it, and returns it, or nil where there is none. Where
// the connection knows no deadlines, as in tests without one, time is not bounded.
func limitBody(r *http.Request, connection *http.ResponseController, within time.Duration) *body {
	if r.Body == nil || r.Body == http.NoBody { // net/http is reading already, to see whether the client goes
		return nil
	}
	_ = connection.SetReadDeadline(time.Now().Add(within))
	b := &body{ReadCloser: r.Body, connection: connection}
	r.Body = b
	return b
}

// Read takes the deadline back at the end of the body.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.whole = true
		_ = b.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}

// remains tells whether some of the body may not have been read.
func (b *body) remains() bool { return b != nil && !b.whole }
