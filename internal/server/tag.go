package server

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
)

// lasting is the Cache-Control of an answer that stays what it is until the data changes. A handler that answers a
// GET so has it tagged with the version of the data, and is not asked again while that stands.
const lasting = "private, no-cache"

// tagger gives lasting answers a strong ETag, and answers 304 to a client that has the one of today: from the
// version of the data alone, without reading any.
type tagger struct {
	program string                               // what else than data an answer depends on: it changes with the program
	version func(context.Context) (int64, error) // of the data
}

// wrap tags the answers of a handler.
func (t tagger) wrap(next http.Handler) http.Handler {
	if t.version == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead || r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		r = r.WithContext(market.WithView(r.Context(), &market.View{})) // the version and what it stands for, of one copy of the data
		version, err := t.version(r.Context())
		if err != nil { // the handler says what is wrong with the database
			next.ServeHTTP(w, r)
			return
		}
		tag := t.tag(r, version)
		if has(r.Header.Values("If-None-Match"), tag) {
			label(w.Header(), tag)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		next.ServeHTTP(&taggedResponse{ResponseWriter: w, star: has(r.Header.Values("If-None-Match"), "*"), tag: func() string {
			if after, err := t.version(r.Context()); err != nil || after != version {
				return "" // it may hold some of both
			}
			return tag
		}}, r)
	})
}

// tag names the answer: it is the same to the byte, but for what it says of its own making, wherever all of this is.
func (t tagger) tag(r *http.Request, version int64) string {
	sum := sha256.New()
	for _, part := range []string{t.program, fmt.Sprint(version), string(market.ScopeOf(r.Context())), r.URL.Path, r.URL.RawQuery, strings.Join(r.Header.Values("Accept"), ",")} {
		_, _ = fmt.Fprintf(sum, "%d %s ", len(part), part) // a hash takes everything
	}
	return `"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:18]) + `"`
}

// has tells whether a tag, or "*", is among those that a client has. RFC 9110 compares weakly here: a proxy that has packed
// an answer may have called it weak.
func has(given []string, tag string) bool {
	for candidate := range strings.SplitSeq(strings.Join(given, ","), ",") {
		if strings.TrimPrefix(strings.TrimSpace(candidate), "W/") == tag {
			return true
		}
	}
	return false
}

func label(h http.Header, tag string) {
	h.Set("ETag", tag)
	h.Set("Cache-Control", lasting)
	if !slices.Contains(h.Values("Vary"), "Accept") {
		h.Add("Vary", "Accept")
	}
}

// taggedResponse tags a lasting answer as its header is sent.
type taggedResponse struct {
	http.ResponseWriter
	tag    func() string // empty where the data has changed meanwhile
	star   bool          // the client has sent *: it wants no answer where there is one
	sent   bool
	silent bool // the answer is that there is one
}

// WriteHeader decides whether the answer gets its tag.
func (w *taggedResponse) WriteHeader(status int) {
	if !w.sent && status >= http.StatusOK {
		w.sent = true
		if h := w.Header(); h.Get("Cache-Control") == lasting {
			tag := ""
			if status == http.StatusOK {
				tag = w.tag()
			}
			if tag == "" {
				h.Set("Cache-Control", "no-store")
			} else {
				label(h, tag)
			}
			if w.star && status == http.StatusOK { // known only now: what is wrong with a request is said to everybody
				w.silent, status = true, http.StatusNotModified
				h.Del("Content-Type")
				h.Del("Content-Length")
			}
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (w *taggedResponse) Write(part []byte) (int, error) {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
	if w.silent {
		return len(part), nil
	}
	return w.ResponseWriter.Write(part)
}

// Unwrap is how http.ResponseController finds the rest.
func (w *taggedResponse) Unwrap() http.ResponseWriter { return w.ResponseWriter }
