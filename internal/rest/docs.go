package rest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/swaggest/swgui/v5emb"
)

// The page is ours, what it loads is Swagger UI's: the library's own page has scripts in it, which a strict policy
// forbids.
var (
	//go:embed page/index.html
	docsPage []byte
	//go:embed page/start.js
	docsScript []byte
)

// docsAssets are the files of Swagger UI that the page loads, all of them embedded.
var docsAssets = []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}

// docsPolicy lets the page reach its own origin and nothing else; scripts and styles come from files alone.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

// serveDocs serves the finished document and the page that shows it.
func serveDocs(mux *http.ServeMux, doc *huma.OpenAPI) {
	text, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("rest: the OpenAPI document cannot be written: %v", err))
	}
	mux.Handle("GET /openapi.json", serveText("application/json", text))
	page := ofDocs(serveText("text/html; charset=utf-8", docsPage))
	mux.Handle("GET /docs", page)
	mux.Handle("GET /docs/{$}", page)
	mux.Handle("GET /docs/start.js", ofDocs(serveText("text/javascript; charset=utf-8", docsScript)))
	assets := ofDocs(v5emb.New(title, "/openapi.json", "/docs/"))
	for _, name := range docsAssets {
		mux.Handle("GET /docs/"+name, assets)
	}
}

func serveText(kind string, text []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(text)
	}
}

// ofDocs serves a part of the page under its policy.
func ofDocs(part http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", docsPolicy)
		part.ServeHTTP(w, r)
	})
}
