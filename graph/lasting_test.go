package graph_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Only what follows from the data alone may be kept until that changes.
func TestWhatPassesWithTimeIsNotKept(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 1, 1)
	const lasting = "private, no-cache"
	for query, want := range map[string]string{
		`{ records { nodes { id asset { slug } } totalCount } }`:        lasting,
		`{ stats { totalRecords recentRuns { id } } sources { name } }`: lasting,
		`{ health { status } }`:             "",
		`{ serviceConfig { maxPageSize } }`: "",
		`{ sources { name nextRunAt } }`:    "",
		`{ stats { totalRecords } ...F } fragment F on Query { sources { ... on Source { fresh } } }`: "",
		`{ assets { nodes { listings { source { ...S } } } } } fragment S on Source { nextRunAt }`:    "",
		`{ records(first: 501) { nodes { id } } }`:                                                    "",
		`{ asset(slug: "coin-000") { name } missing: asset(slug: "none") { name } }`:                  lasting,
		`{ node(id: "nothing_1") { id } }`:                                                            lasting,
	} {
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/graphql?query="+url.QueryEscape(query), nil))
		require.Equal(t, http.StatusOK, answer.Code, "%s: %s", query, answer.Body)
		require.Equal(t, want, answer.Header().Get("Cache-Control"), "%s: %s", query, answer.Body)
	}
}
