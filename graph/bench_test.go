package graph_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkRecords500 is a page of 500 records with all that hangs on them.
func BenchmarkRecords500(b *testing.B) {
	w := newWorld(b)
	w.coins(b, 250, 2)
	for name, query := range map[string]string{
		"flat": `{ records(first: 500) { edges { cursor node { id source externalId observedAt priceUsd marketCapUsd rank } } pageInfo { endCursor } } }`,
		"deep": `{ records(first: 500) { nodes { id priceUsd raw asset { slug listings { source { name } } consensus { priceUsd } } } } }`,
	} {
		b.Run(name, func(b *testing.B) {
			body := `{"query": "` + query + `"}`
			before := w.statements.Load()
			for b.Loop() {
				request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
				request.Header.Set("Content-Type", "application/json")
				w.ServeHTTP(httptest.NewRecorder(), request)
			}
			b.ReportMetric(float64(w.statements.Load()-before)/float64(b.N), "statements/op")
		})
	}
}
