package server

import (
	"io"
	"net/http"
	"time"
)

// bodyWithin is how long the body of a request may take to arrive.
const bodyWithin = 15 * time.Second

// body is a request body with a deadline, so that one that trickles in holds nothing for long. The deadline
// is taken back with the end of the body: what is asked may take longer to answer.
type body struct {
	io.ReadCloser
	connection *http.ResponseController
}

// limitBody bounds the body of a request in size and time. Where the connection knows no deadlines, as in
// tests without one, time is not bounded.
func limitBody(w http.ResponseWriter, r *http.Request, most int64, within time.Duration) io.ReadCloser {
	limited := http.MaxBytesReader(w, r.Body, most)
	connection := http.NewResponseController(w)
	if r.Body == http.NoBody || connection.SetReadDeadline(time.Now().Add(within)) != nil {
		return limited
	}
	return &body{limited, connection}
}

// Read takes the deadline back at the end, whatever that is.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		_ = b.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}
