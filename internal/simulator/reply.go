package simulator

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// reply is an answer before it is put on the wire.
type reply struct {
	status int
	header http.Header
	body   []byte
	stamps []Stamp
	cut    bool // send half of the body, then drop the connection
	pour   pour // writes the body, whose length is not told; nil: it is written at once
}

func newReply(status int, contentType string, body []byte) reply {
	return reply{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
}

// with sets a header and returns the reply.
func (rep reply) with(name, value string) reply {
	rep.header.Set(name, value)
	return rep
}

// unchanged turns a reply into the 304 that a client gets who has it already,
// by its own ETag or, without one, its Last-Modified.
func (rep reply) unchanged(r *http.Request) reply {
	if rep.status != http.StatusOK || !fresh(r, rep.header) {
		return rep
	}
	rep.header.Del("Content-Type")
	return reply{status: http.StatusNotModified, header: rep.header}
}

func fresh(r *http.Request, h http.Header) bool {
	if wanted := r.Header.Get("If-None-Match"); wanted != "" {
		for tag := range strings.SplitSeq(wanted, ",") {
			tag = strings.TrimSpace(tag)
			if etag := h.Get("ETag"); etag != "" && (tag == "*" || weak(tag) == weak(etag)) {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	if err != nil {
		return false
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	return err == nil && !modified.After(since)
}

func weak(tag string) string { return strings.TrimPrefix(tag, "W/") }

// send writes the reply, compressed where the client accepts it.
func (rep reply) send(w http.ResponseWriter, r *http.Request) {
	for name, values := range rep.header {
		w.Header()[name] = values
	}
	if rep.status == http.StatusNotModified {
		w.WriteHeader(rep.status)
		return
	}
	if rep.pour != nil {
		w.WriteHeader(rep.status)
		rep.pour(w, r, rep.body)
		return
	}
	body := rep.body
	if acceptsGzip(r) && rep.header.Get("Content-Encoding") == "" {
		body = compress(body, gzip.BestSpeed)
		w.Header().Set("Content-Encoding", "gzip")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(rep.status)
	if r.Method == http.MethodHead {
		return
	}
	if !rep.cut {
		_, _ = w.Write(body) // a client that left is no concern of ours
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler) // the one way to drop the connection
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}

func compress(body []byte, level int) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, level) // a valid one
	_, _ = z.Write(body)                     // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

// list joins JSON values to an array.
func list(rows [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(rows, []byte{','})...), ']')
}
