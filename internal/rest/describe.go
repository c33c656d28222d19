package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

const title = "Kasparro"

// apiVersion is that of what the routes promise. That of the program is no business of strangers, who may read the document.
const apiVersion = "1"

// describe opens the OpenAPI document. It is written out rather than taken from
// huma.DefaultConfig, which adds a $schema field to every answer and pages that load scripts
// from elsewhere.
func describe() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: title, Version: apiVersion,
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
