package rest_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestWrongParameters(t *testing.T) {
	h := service(seed(t), io.Discard)
	for target, want := range map[string]struct{ location, detail string }{
		"/data?limit=0":                    {"query.limit", ">= 1"},
		"/data?limit=101":                  {"query.limit", "<= 100"},
		"/data?limit=-1":                   {"query.limit", ">= 1"},
		"/data?limit=ten":                  {"query.limit", "integer"},
		"/data?limit=1.5":                  {"query.limit", "integer"},
		"/data?limit=99999999999999999999": {"query.limit", "integer"},
		"/data?limit=5&limit=6":            {"query.limit", "once"},
		"/data?page=0":                     {"query.page", ">= 1"},
		"/data?page=-3":                    {"query.page", ">= 1"},
		"/data?page=x":                     {"query.page", "integer"},
		"/data?page=2147483648":            {"query.page", "<= "},
		"/data?page=2&cursor=abc":          {"query.page", "cursor"},
		"/data?source=kraken":              {"query.source", "coingecko, coinpaprika, csv"},
		"/data?source=csv,kraken":          {"query.source", "kraken"},
		"/data?source=CSV":                 {"query.source", "coingecko, coinpaprika, csv"},
		"/data?source=csv,,coingecko":      {"query.source", "empty name"},
		"/data?asset=,":                    {"query.asset", "empty name"},
		"/data?symbol=a,":                  {"query.symbol", "empty name"},
		"/data?asset=a%00b":                {"query.asset", "control"},
		"/data?asset=%ff":                  {"query.asset", "UTF-8"},
		"/data?symbol=%ff":                 {"query.symbol", "UTF-8"},
		"/data?asset=" + strings.Repeat("a,", 100) + "a": {"query.asset", "at most 100"},
		"/data?from=yesterday":                           {"query.from", "2026-01-31"},
		"/data?from=1767355200":                          {"query.from", "2026-01-31"},
		"/data?from=2026-02-30":                          {"query.from", "2026-01-31"},
		"/data?from=0000-01-01":                          {"query.from", "years 1 to 9999"},
		"/data?from=2026-01-02T14:00:00+02:00":           {"query.from", "%2B"},
		"/data?to=2026-01-02%2012:00":                    {"query.to", "2026-01-31"},
		"/data?to=9999-12-31T23:59:59-14:00":             {"query.to", "years 1 to 9999"},
		"/data?from=2026-01-02&to=2026-01-01":            {"query.to", "before from"},
		"/data?from=2026-01-02&from=2026-01-03":          {"query.from", "once"},
		"/data?offset=3":                                 {"query.offset", "unknown"},
		"/data?Limit=3":                                  {"query.Limit", "unknown"},
		"/data?api_key=abc":                              {"query.api_key", "unknown"},
		"/stats?limit=3":                                 {"query.limit", "unknown"},
		"/runs?limit=101":                                {"query.limit", "<= 100"},
		"/runs?limit=0":                                  {"query.limit", ">= 1"},
		"/runs?source=kraken":                            {"query.source", "coingecko, coinpaprika, csv"},
		"/runs?source=,":                                 {"query.source", "empty name"},
		"/runs?page=1":                                   {"query.page", "unknown"},
		"/compare-runs?run1=run_1":                       {"query.run2", "missing"},
		"/compare-runs?run1=1&run2=run_1":                {"query.run1", "run_1"},
		"/compare-runs?run1=run_1&run2=asset_1":          {"query.run2", "run_1"},
		"/compare-runs?run1=run_0&run2=run_1":            {"query.run1", "run_1"},
	} {
		t.Run(target, func(t *testing.T) {
			p := requireProblem(t, get(t, h, target), http.StatusUnprocessableEntity)
			require.Len(t, p.Errors, 1)
			require.Equal(t, want.location, p.Errors[0].Location)
			require.Contains(t, p.Detail, want.detail)
			require.Contains(t, p.Detail, strings.TrimPrefix(want.location, "query."))
		})
	}
}

func TestEveryWrongParameterIsNamedAtOnce(t *testing.T) {
	p := requireProblem(t, get(t, service(seed(t), io.Discard), "/data?limit=0&page=0&from=x&to=y&source=,"), 422)
	var locations []string
	for _, e := range p.Errors {
		locations = append(locations, e.Location)
	}
	require.Equal(t, []string{"query.from", "query.limit", "query.page", "query.source", "query.to"}, locations)
}

func TestMalformedQuery(t *testing.T) {
	h := service(seed(t), io.Discard)
	for _, target := range []string{"/data?source=%zz", "/data?source=csv;limit=3"} {
		require.Contains(t, requireProblem(t, get(t, h, target), 422).Detail, "malformed", target)
	}
}

func TestASourceSeenLaterIsKnown(t *testing.T) {
	store := newStore(t)
	h := service(store, io.Discard)
	require.Contains(t, requireProblem(t, get(t, h, "/data?source=csv"), 422).Detail, "none has been ingested yet")
	ingest(t, store, "csv", succeeded, full())
	require.Len(t, ok[dataPage](t, get(t, h, "/data?source=csv")).Data, 1)
}

func TestUnauthorizedAndUnknownRoutes(t *testing.T) {
	h := service(newStore(t), io.Discard)
	for _, path := range []string{"/data", "/stats", "/runs", "/compare-runs"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		p := requireProblem(t, answer{w.Result(), w.Body.Bytes()}, http.StatusUnauthorized)
		require.Equal(t, "Invalid or missing API Key", p.Detail)

		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.Header.Set("X-Api-Key", key)
		w = httptest.NewRecorder()
		h.ServeHTTP(w, r)
		requireProblem(t, answer{w.Result(), w.Body.Bytes()}, http.StatusMethodNotAllowed)
		require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	}
	requireProblem(t, get(t, h, "/docs/nothing.js"), http.StatusNotFound)
	requireProblem(t, get(t, h, "/schemas/DataBody"), http.StatusNotFound)
}

// away is a store whose database does not answer: nobody listens there.
func away(t *testing.T) *postgres.Store {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return postgres.New(postgrestest.Open(t, "postgres://nobody@"+l.Addr().String()+"/none?sslmode=disable"), identity.Resolve)
}

func TestWithoutADatabase(t *testing.T) {
	var log bytes.Buffer
	h := service(away(t), &log)
	for _, target := range []string{"/data", "/data?source=csv", "/stats", "/runs", "/compare-runs?run1=run_1&run2=run_2", "/readyz"} {
		log.Reset()
		a := get(t, h, target)
		p := requireProblem(t, a, http.StatusServiceUnavailable)
		require.Contains(t, p.Detail, "database", target)
		require.NotContains(t, string(a.body), "127.0.0.1", target)
		require.Contains(t, log.String(), p.RequestID, target)
		require.Contains(t, log.String(), "127.0.0.1", "the log says what the answer does not")
	}
	require.Equal(t, http.StatusOK, get(t, h, "/livez").StatusCode)
	require.Equal(t, http.StatusOK, get(t, h, "/openapi.json").StatusCode)
}

func TestInternalErrorsShowNothingInternal(t *testing.T) {
	var log bytes.Buffer
	db := postgrestest.New(t)
	_, err := db.ExecContext(t.Context(), "ALTER TABLE etl_runs RENAME COLUMN heartbeat_at TO mislaid")
	require.NoError(t, err)
	a := get(t, service(postgres.New(db, identity.Resolve), &log), "/stats")
	p := requireProblem(t, a, http.StatusInternalServerError)
	require.Contains(t, p.Detail, p.RequestID)
	require.NotContains(t, string(a.body), "heartbeat_at")
	require.NotContains(t, string(a.body), "SQLSTATE")
	require.Contains(t, log.String(), "heartbeat_at")
	require.Contains(t, log.String(), p.RequestID)
}
