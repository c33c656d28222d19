package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
)

// preflightFor is how long a browser may remember what it was told of other origins, in seconds: no browser takes more.
const preflightFor = 24 * 60 * 60

// What pages of other origins may send and read, beside what they always may. A key is a header that the page must know: the
// browser adds none by itself, so nothing is allowed that has to do with cookies.
var (
	headersSent = []string{
		"Accept", "Authorization", "Content-Type", "If-None-Match", "Last-Event-ID", "X-Api-Key", requestIDHeader, "Traceparent", "Tracestate", "Baggage",
		"X-Requested-With", "GraphQL-Require-Preflight", "Apollo-Require-Preflight", "ApolloGraphQL-Client-Name", "ApolloGraphQL-Client-Version",
	}
	headersRead = []string{"ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate", requestIDHeader}
)

// Origins are whose pages may ask the service from within a browser: exact ones, such as https://app.example.com, or "*" alone
// for those of every site. With none, no other pages than its own may.
type Origins struct{ list *cors.Cors } // nil for none

// NewOrigins takes origins as browsers send them.
func NewOrigins(list []string) Origins {
	if len(list) == 0 {
		return Origins{}
	}
	return Origins{cors.New(cors.Options{
		AllowedOrigins: list, AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: headersSent, ExposedHeaders: headersRead, MaxAge: preflightFor,
	})}
}

// answered tells browsers what they want to know of an answer, and answers those that only ask whether they may ask, which
// they do without a key.
func (o Origins) answered(w http.ResponseWriter, r *http.Request) bool {
	asks := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	if o.list == nil || asks && r.Header.Get("Origin") == "" { // no browser asks so
		return false
	}
	o.list.HandlerFunc(w, r)
	return asks
}

// MayConnect tells whether a WebSocket may be opened, of which browsers do not ask before: by our own pages, by those of the
// origins, and by what is no browser and so says nothing.
func (o Origins) MayConnect(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	from, err := url.Parse(origin)
	if err == nil && strings.EqualFold(from.Host, r.Host) {
		return true
	}
	return o.list != nil && o.list.OriginAllowed(r)
}
