// Package playground serves the GraphQL IDE: GraphiQL, bundled by npm into dist and embedded, so that it
// works with no network. A binary built without the bundle says so on the page instead.
package playground

import (
	"embed"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/vearutop/statigz"
)

//go:embed all:dist
var dist embed.FS

// assetPath is where build.mjs puts what the page refers to, seen from outside.
const assetPath = "/playground/assets/"

// contentSecurityPolicy lets the page reach its own origin and nothing else, a WebSocket to it among that. Styles may be
// inline because Monaco makes style elements of its theme, and lines as HTML with positions in style attributes: neither
// takes a nonce from us. Scripts may not.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

const notBuiltPage = `<!doctype html>
<html lang="en">
<title>Playground not built</title>
<h1>The playground is not in this binary</h1>
<p>It is bundled with npm before the binary is built: <code>make build</code> makes both.
The API itself works without it: POST a query to <code>/graphql</code>.</p>
</html>
`

// Handler serves /playground and everything below it, for GET and HEAD; it needs no authentication. Where the
// bundle was not built before the binary, /playground answers 503 with a page that says what makes it.
func Handler() http.Handler { return newHandler(dist) }

func newHandler(files fs.ReadDirFS) http.Handler {
	mux := http.NewServeMux()
	page, err := fs.ReadFile(files, "dist/index.html")
	if err != nil {
		mux.HandleFunc("GET /playground", servePage(http.StatusServiceUnavailable, []byte(notBuiltPage)))
	} else {
		mux.HandleFunc("GET /playground", servePage(http.StatusOK, page))
	}
	mux.HandleFunc("GET /playground/{$}", redirectToPage)
	mux.Handle("GET "+assetPath, http.StripPrefix("/playground", assets(files)))
	return withPolicy(mux)
}

// servePage never lets the page be kept: it names the assets of one build by their hashes.
func servePage(status int, page []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.WriteHeader(status)
		_, _ = w.Write(page) // the client is gone: nobody is left to tell
	}
}

// redirectToPage keeps the query string: a link to the playground carries its GraphQL query there. It keeps nothing else: a
// request may name any host.
func redirectToPage(w http.ResponseWriter, r *http.Request) {
	target := url.URL{Path: "/playground", RawQuery: r.URL.RawQuery}
	http.Redirect(w, r, target.String(), http.StatusMovedPermanently)
}

// assets serves the compressed files of the bundle, unpacked for a client that takes no gzip. Their names
// hold a hash of their content, so what was fetched once is good for ever.
func assets(files fs.ReadDirFS) http.HandlerFunc {
	server := statigz.FileServer(files, statigz.FSPrefix("dist"))
	return func(w http.ResponseWriter, r *http.Request) {
		if !server.Found(r) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		server.ServeHTTP(w, r)
	}
}

func withPolicy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", contentSecurityPolicy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
