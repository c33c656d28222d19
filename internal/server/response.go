package server

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
)

// problem is an error answer in the shape of RFC 9457.
type problem struct {
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Instance  string `json:"instance"`
	RequestID string `json:"request_id"`
}

func writeProblem(w http.ResponseWriter, r *http.Request, status int, detail string) {
	text, _ := json.Marshal(problem{ // strings and a number: it cannot fail
		Title: http.StatusText(status), Status: status, Detail: detail,
		Instance: r.URL.Path, RequestID: market.RequestID(r.Context()),
	})
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Del("Content-Length")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// response notes what was answered, and makes problems of the plain-text errors of the standard
// library (no such route, method not allowed) and of handlers that use http.Error.
type response struct {
	http.ResponseWriter
	connection
	request *http.Request
	status  int   // 0 while nothing was answered
	bytes   int64 // of the body, as far as it was sent
	held    int   // the status of a plain-text error whose text has not come yet, or 0
	swallow bool  // what is written now was already said by a problem
}

// WriteHeader sends the header, unless it is that of a plain-text error.
func (w *response) WriteHeader(status int) {
	if status >= 400 && w.status == 0 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		w.held = status
		return
	}
	w.held = 0
	if status >= 200 { // an informational answer is followed by another
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body. The first of a plain-text error becomes the problem's detail.
func (w *response) Write(part []byte) (int, error) {
	if w.held != 0 {
		w.replace(string(part))
	}
	if w.swallow {
		return len(part), nil
	}
	w.begin(http.StatusOK)
	n, err := w.send(w.ResponseWriter, part)
	w.bytes += int64(n)
	return n, err
}

// begin notes the status of the answer, and that the connection ends with it where some of the request has not been
// read: net/http would otherwise wait for the rest before it sends anything. HTTP/2 does not, and other requests share its connection.
func (w *response) begin(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if w.body.remains() && w.request.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
}

// finish sends the problem for a plain-text error that had no text, and begins an answer that has neither.
func (w *response) finish() {
	if w.held != 0 {
		w.replace("")
	}
	w.begin(http.StatusOK)
}

func (w *response) replace(text string) {
	status := w.held
	w.held = 0
	detail := cmp.Or(strings.TrimSpace(text), http.StatusText(status))
	switch path := w.request.URL.Path; status {
	case http.StatusNotFound:
		detail = fmt.Sprintf("There is nothing at %s. All routes are listed at /.", path)
	case http.StatusMethodNotAllowed:
		detail = fmt.Sprintf("%s is not allowed at %s: use %s.", w.request.Method, path, w.Header().Get("Allow"))
	}
	writeProblem(w, w.request, status, detail)
	w.swallow = true
}

// Flush sends what is buffered, for answers that are streams.
func (w *response) Flush() {
	w.begin(http.StatusOK)
	w.extend()
	_ = w.control.Flush()
	w.relax()
}

// Hijack hands the connection over, for WebSockets.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = cmp.Or(w.status, http.StatusSwitchingProtocols)
	conn, buffered, err := w.control.Hijack()
	if err == nil {
		w.taken = true
		boundUnsent(conn, 0)
	}
	return conn, buffered, err
}

// Unwrap is how http.ResponseController finds the rest.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// sent is the status that the client got.
func (w *response) sent() int { return cmp.Or(w.status, http.StatusOK) }
