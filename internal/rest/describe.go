package rest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/swaggest/swgui/v5emb"
)

const title = "Kasparro"

// pageAssets are the files that the Swagger UI page loads, all of them embedded.
var pageAssets = []string{
	"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js",
	"favicon-16x16.png", "favicon-32x32.png",
}

// describe opens the OpenAPI document. It is written out rather than taken from
// huma.DefaultConfig, which adds a $schema field to every answer and pages that load scripts
// from elsewhere.
func describe(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: title, Version: version,
				Description: "Crypto market data of several sources, normalised. The same data with more " +
					"ways to ask is served over GraphQL at /graphql.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"ApiKey": {Type: "apiKey", In: "header", Name: "x-api-key"},
					"Bearer": {Type: "http", Scheme: "bearer"},
				},
			},
		},
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{stamp},
	}
}

// keyed describes a route that needs a key.
func keyed(id, path, summary, tag string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{tag},
		Security: []map[string][]string{{"ApiKey": {}}, {"Bearer": {}}},
		Errors:   []int{http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},

		RejectUnknownQueryParameters: true,
	}
}

// open describes a route that needs no key.
func open(id, path, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"Health"},
		Security: []map[string][]string{},
	}
}

// serveDocs serves the finished document and the page that shows it.
func serveDocs(mux *http.ServeMux, doc *huma.OpenAPI) {
	text, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("rest: the OpenAPI document cannot be written: %v", err))
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	})
	page := v5emb.New(title, "/openapi.json", "/docs/")
	mux.Handle("GET /docs", page)
	mux.Handle("GET /docs/{$}", page)
	for _, name := range pageAssets {
		mux.Handle("GET /docs/"+name, page)
	}
}
