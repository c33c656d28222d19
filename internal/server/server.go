// Package server is the HTTP front of the service: the one place where its routes are listed,
// and what every request passes on its way to them: an id, the log, rescue from panics, security
// headers, the key and the limit on bodies.
package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/kasparro/kasparro/internal/market"
)

// defaultMaxBody is 1 MiB.
const defaultMaxBody = 1 << 20

// Options are what the server is made of. All but Program, DataVersion, Origins, TrustedProxies, Metrics, Watch, MaxBody, BodyWithin
// and PieceWithin are required.
type Options struct {
	GraphQL    http.Handler
	Playground http.Handler // serves /playground and everything below it
	REST       http.Handler // serves the other routes
	Door       *Door        // who may ask, and how much
	// Program changes with whatever but the data changes what is answered; DataVersion is that of the data. Without the
	// latter no answer gets an ETag.
	Program     string
	DataVersion func(context.Context) (int64, error)

	Origins Origins // whose pages may ask from within a browser
	// TrustedProxies are those whose X-Forwarded-For is believed, and what comes from whom is ours; nobody else's is.
	TrustedProxies []netip.Prefix

	Metrics http.Handler // serves /metrics to administrators; nil: there is no such route
	// Watch, where set, is told of each request as it begins, with the path of its route, or "" where there is none, and whether it comes from
	// one of ours. It returns the context to answer it in, and what is to be told of its end.
	Watch func(r *http.Request, route string, ours bool) (context.Context, func(status int, bytes int64))

	Log         *slog.Logger
	MaxBody     int64         // bytes of a request body; 0 is 1 MiB
	BodyWithin  time.Duration // for a request body to arrive; 0 is 15 seconds
	PieceWithin time.Duration // for a client to take 64 KiB of its answer; 0 is 30 seconds
}

// New returns the handler of the whole service.
func New(o Options) http.Handler {
	g := gate{mux: http.NewServeMux(), routes: make(map[string]route), door: o.Door, origins: o.Origins, maxBody: cmp.Or(o.MaxBody, defaultMaxBody)}
	tags := tagger{program: o.Program, version: o.DataVersion}
	for _, r := range routes(o) {
		if r.tagged {
			r.handler = tags.wrap(r.handler)
		}
		for _, pattern := range r.patterns() {
			g.mux.Handle(pattern, r.handler)
			g.routes[pattern] = r
		}
	}
	return front{
		next: g, log: o.Log, watch: o.Watch, routeOf: g.routeOf, proxies: o.TrustedProxies,
		bodyWithin: cmp.Or(o.BodyWithin, bodyWithin), pieceWithin: cmp.Or(o.PieceWithin, pieceWithin),
	}
}

// Aside returns the handler of a port for those who watch, who need no key there: with the headers, the log and the times of
// the service.
func Aside(handler http.Handler, log *slog.Logger) http.Handler {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header(), false, r.TLS != nil)
		handler.ServeHTTP(w, r)
	})
	return front{next: next, log: log, bodyWithin: bodyWithin, pieceWithin: pieceWithin}
}

// gate decides, route by route, what may pass.
type gate struct {
	mux     *http.ServeMux
	routes  map[string]route // by pattern of the mux
	door    *Door
	origins Origins
	maxBody int64
}

// ServeHTTP asks for a key on every route that is not listed as open, those that do not exist
// among them. Only what would become a WebSocket may come without one where the route says so: a browser
// cannot send it, and the socket asks for it then.
func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, pattern := g.mux.Handler(r)
	to, known := g.routes[pattern]
	harden(w.Header(), to.page, r.TLS != nil)
	if g.origins.answered(w, r) {
		return
	}
	key := keyOf(r)
	ctx, err := g.door.Admit(r.Context(), key)
	if key == "" && to.sockets && websocket.IsWebSocketUpgrade(r) {
		g.serve(w, r)
		return
	}
	if err != nil && (!known || to.Key != "") {
		refuse(w, r, err)
		return
	}
	if err != nil {
		g.serve(w, r)
		return
	}
	if to.Key == market.ScopeAdmin && market.ScopeOf(ctx) != market.ScopeAdmin {
		writeProblem(w, r, http.StatusForbidden, "This needs the key of an administrator.")
		return
	}
	if to.Key != "" {
		var v verdict
		ctx, v = g.door.enter(ctx)
		g.door.throttle.tell(w.Header(), v)
		if v.refusal != "" {
			writeProblem(w, r, http.StatusTooManyRequests, v.refusal)
			return
		}
		defer g.door.Leave(ctx)
	}
	g.serve(w, r.WithContext(ctx))
}

// refuse says why a key does not let in.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var wait tooManyFailures
	switch {
	case errors.As(err, &wait):
		w.Header().Set("Retry-After", strconv.Itoa(wait.seconds()))
		writeProblem(w, r, http.StatusTooManyRequests, err.Error())
	case errors.Is(err, ErrKey):
		w.Header().Set("WWW-Authenticate", `ApiKey realm="kasparro"`)
		writeProblem(w, r, http.StatusUnauthorized, err.Error())
	default:
		w.Header().Set("Retry-After", "1")
		writeProblem(w, r, http.StatusServiceUnavailable, err.Error())
	}
}

// routeOf is the path of the route that a request goes to, "" where there is none.
func (g gate) routeOf(r *http.Request) string {
	_, pattern := g.mux.Handler(r)
	return g.routes[pattern].Path
}

// serve bounds the size of the body and answers.
func (g gate) serve(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > g.maxBody {
		writeProblem(w, r, http.StatusRequestEntityTooLarge,
			fmt.Sprintf("The body has %d bytes; at most %d are allowed.", r.ContentLength, g.maxBody))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, g.maxBody)
	g.mux.ServeHTTP(w, r)
}
