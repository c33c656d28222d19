package graph

import "net/http"

// NewStockHandler leaves all writing to the executor.
func NewStockHandler(o Options) http.Handler { return newHandler(o) }
