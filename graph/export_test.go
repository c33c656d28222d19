package graph

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
)

// NewStockHandler leaves all writing to the executor.
func NewStockHandler(o Options) http.Handler { return newHandler(o) }

// NewHandlerWith makes the handler with other extensions behind the gate.
func NewHandlerWith(o Options, more ...graphql.HandlerExtension) http.Handler {
	return newHandler(o, more...)
}
