package server

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/kasparro/kasparro/internal/market"
)

// route is a line of the list of routes, and of what / answers.
type route struct {
	Path    string       `json:"path"`
	Methods []string     `json:"methods"`
	Key     market.Scope `json:"key,omitempty"` // the least that is needed; empty where no key is
	About   string       `json:"about"`
	page    bool         // an HTML page, with assets below its path
	exact   bool         // the path alone, nothing below it
	tagged  bool         // its lasting answers get an ETag
	sockets bool         // WebSockets, which ask for the key themselves
	handler http.Handler
}

// routes lists every route of the service.
func routes(o Options) []route {
	get, graphql := []string{"GET"}, []string{"GET", "POST", "OPTIONS"}
	list := []route{
		{Path: "/graphql", Methods: graphql, Key: market.ScopeRead, About: "the whole of the data, over GraphQL", tagged: true, sockets: true, handler: o.GraphQL},
		{Path: "/playground", Methods: get, About: "IDE for /graphql", page: true, handler: o.Playground},
		{Path: "/data", Methods: get, Key: market.ScopeRead, About: "records, newest first", tagged: true, handler: o.REST},
		{Path: "/stats", Methods: get, Key: market.ScopeRead, About: "totals of every source and the last runs", tagged: true, handler: o.REST},
		{Path: "/runs", Methods: get, Key: market.ScopeRead, About: "runs, newest first", tagged: true, handler: o.REST},
		{Path: "/compare-runs", Methods: get, Key: market.ScopeRead, About: "two runs and how they differ", handler: o.REST},
		{Path: "/docs", Methods: get, About: "Swagger UI of /openapi.json", page: true, handler: o.REST},
		{Path: "/openapi.json", Methods: get, About: "OpenAPI 3.1 of the REST routes", handler: o.REST},
		{Path: "/health", Methods: get, About: "how the service and its sources stand", handler: o.REST},
		{Path: "/livez", Methods: get, About: "the process is alive", handler: o.REST},
		{Path: "/readyz", Methods: get, About: "the database is there", handler: o.REST},
	}
	if o.Metrics != nil {
		list = append(list, route{Path: "/metrics", Methods: get, Key: market.ScopeAdmin, About: "what Prometheus reads", handler: o.Metrics})
	}
	return append(list, route{
		Path: "/", Methods: get, Key: market.ScopeRead, About: "this list", exact: true, handler: index(list),
	})
}

// patterns are those of http.ServeMux, which answers GET patterns for HEAD too.
func (r route) patterns() []string {
	var all []string
	for _, method := range r.Methods {
		switch {
		case r.exact:
			all = append(all, method+" "+r.Path+"{$}")
		case r.page:
			all = append(all, method+" "+r.Path, method+" "+r.Path+"/")
		default:
			all = append(all, method+" "+r.Path)
		}
	}
	return all
}

// index answers with the list of routes.
func index(list []route) http.Handler {
	text, err := json.MarshalIndent(map[string]any{"service": "kasparro", "routes": list}, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("server: the list of routes cannot be written: %v", err))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(text, '\n'))
	})
}
