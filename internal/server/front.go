package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/apikey"
	"github.com/kasparro/kasparro/internal/market"
)

const requestIDHeader = "X-Request-Id"

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// front gives every request an id, its own if that is sane, and its connection time to send and to read; logs it, and
// survives its panics.
type front struct {
	next        http.Handler
	routeOf     func(*http.Request) string // for whoever watches
	proxies     proxies
	log         *slog.Logger
	bodyWithin  time.Duration                                                                                   // for the body of a request to arrive
	pieceWithin time.Duration                                                                                   // for a piece of the answer to be taken
	watch       func(r *http.Request, route string, ours bool) (context.Context, func(status int, bytes int64)) // nil: nobody does
}

// ServeHTTP answers through what is behind the front.
func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestIDOf(r)
	w.Header().Set(requestIDHeader, id)
	r = r.WithContext(withAddress(market.WithRequestID(r.Context(), id), f.proxies.origin(r)))
	end := func(int, int64) {}
	if f.watch != nil {
		var ctx context.Context
		ctx, end = f.watch(r, f.routeOf(r), f.proxies.has(addressOf(r.Context())))
		r = r.WithContext(ctx)
	}
	control := http.NewResponseController(w)
	answer := &response{ResponseWriter: w, request: r, connection: connection{
		control: control, body: limitBody(r, control, f.bodyWithin), within: f.pieceWithin,
	}}
	defer func() { end(answer.sent(), answer.bytes) }()
	defer f.logAccess(r, answer, time.Now())
	defer answer.leave()
	defer f.rescue(r, answer)
	f.next.ServeHTTP(answer, r)
	answer.finish()
}

// requestIDOf is the id of a request: its own if that is sane, and no key, which would stand in logs, traces and the audit log. Of the
// keys of the settings that one alone is looked for that the request has brought: otherwise the answer would tell who guesses right.
func requestIDOf(r *http.Request) string {
	id, key := r.Header.Get(requestIDHeader), keyOf(r)
	if !saneRequestID.MatchString(id) || apikey.Holds(id) || key != "" && strings.Contains(id, key) {
		return rand.Text()
	}
	return id
}

// logAccess logs one line a request, without its query, which may hold what is no log's business.
func (f front) logAccess(r *http.Request, answer *response, started time.Time) {
	level := slog.LevelInfo
	switch r.URL.Path {
	case "/health", "/livez", "/readyz", "/metrics": // asked every few seconds
		level = slog.LevelDebug
	}
	f.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", answer.sent()),
		slog.Int64("bytes", answer.bytes), slog.Duration("took", time.Since(started)),
		slog.String("request_id", market.RequestID(r.Context())), slog.String("remote", shown(addressOf(r.Context()))))
}

// rescue turns a panic into an internal error, or cuts the answer off where it has begun.
func (f front) rescue(r *http.Request, answer *response) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	id := market.RequestID(r.Context())
	f.log.ErrorContext(r.Context(), "panic while answering", "method", r.Method, "path", r.URL.Path,
		"request_id", id, "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
	if answer.status != 0 {
		panic(http.ErrAbortHandler)
	}
	writeProblem(answer, r, http.StatusInternalServerError,
		fmt.Sprintf("Something went wrong inside. Its cause is logged under request id %q.", id))
}
