package simulator

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"sync"
	"time"
)

const (
	bombSize  = 1 << 30 // bytes of gzip_bomb when it is unpacked
	floodSize = 2 << 30 // bytes of huge_body
)

// pour writes a body in a manner of its own.
type pour func(w http.ResponseWriter, r *http.Request, body []byte)

// pouring is how a fault wants the body to be written, nil for at once.
func (q *faultQueue) pouring(f *Fault) pour {
	switch f.Kind {
	case "trickle":
		pause, _ := time.ParseDuration(f.Delay) // checked when it came
		return func(w http.ResponseWriter, r *http.Request, body []byte) { q.trickle(w, r, body, pause) }
	case "huge_body":
		return q.flood
	}
	return nil
}

// trickle writes a byte after each pause. The rest follows at once when the
// faults are cleared.
func (q *faultQueue) trickle(w http.ResponseWriter, r *http.Request, body []byte, pause time.Duration) {
	released := q.enter()
	defer q.leave()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	flush := http.NewResponseController(w).Flush
	for i := range body {
		if flush() != nil {
			return
		}
		select {
		case <-ticker.C:
			_, _ = w.Write(body[i : i+1])
		case <-released:
			_, _ = w.Write(body[i:]) // a client that left is no concern of ours
			return
		case <-r.Context().Done():
			return
		}
	}
}

// flood writes an endless empty list. The connection is dropped when the
// faults are cleared.
func (q *faultQueue) flood(w http.ResponseWriter, r *http.Request, _ []byte) {
	released := q.enter()
	defer q.leave()
	block := bytes.Repeat([]byte(" "), 1<<16)
	_, _ = w.Write([]byte("["))
	for range floodSize / len(block) {
		select {
		case <-released:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		default:
		}
		if _, err := w.Write(block); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte("]"))
}

// gzipBomb is an empty JSON list with much room in it. A gzip stream may be
// made of several, so the same block of room can be sent again and again.
var gzipBomb = sync.OnceValue(func() []byte {
	const block = 1 << 20
	room := compress(bytes.Repeat([]byte(" "), block), gzip.BestCompression)
	return bytes.Join([][]byte{
		compress([]byte("["), gzip.BestCompression),
		bytes.Repeat(room, bombSize/block),
		compress([]byte("]"), gzip.BestCompression),
	}, nil)
})
