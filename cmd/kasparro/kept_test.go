package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/simulator"
)

// tagOf asks for an answer, and whether it is still the one that a client has.
func tagOf(t *testing.T, target, have string) (status int, tag, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	request.Header.Set("X-Api-Key", testKey)
	if have != "" {
		request.Header.Set("If-None-Match", have)
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, answer.Header.Get("ETag"), string(text)
}

// A client that has the answer of today is told so until something is committed, and never behind that.
func TestAnswersAreKeptUntilTheDataChanges(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Coins: 50}))
	t.Cleanup(srv.Close)
	s := serveAPIOnly(t, "COINGECKO_BASE_URL="+srv.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1")
	targets := []string{"/data?limit=3", "/stats", "/runs", "/graphql?query=" + url.QueryEscape(`{ records(first: 3) { nodes { id asset { slug consensus { priceUsd } } } totalCount } }`)}
	have := make([]string, len(targets))
	run := 0
	for _, change := range []string{
		`mutation { startEtlRun(source: "csv") { id } }`, `mutation { startEtlRun(source: "coingecko") { id } }`,
		`mutation { unlinkListing(source: "csv", externalId: "BTC") { pinned } }`, `mutation { releaseListing(source: "csv", externalId: "BTC") { pinned } }`,
	} {
		if started, ok := query(t, s.base, testAdminKey, change)["startEtlRun"]; ok {
			run++
			require.NotNil(t, started)
			require.Equal(t, "SUCCEEDED", s.awaitRun(market.GlobalID(market.IDRun, int64(run)))["status"])
		}
		for i, target := range targets {
			status, tag, body := tagOf(t, s.base+target, have[i])
			require.Equal(t, http.StatusOK, status, "%s has changed: %s", target, change)
			require.NotEmpty(t, tag, target)
			require.NotEmpty(t, body, target)
			require.NotEqual(t, have[i], tag)
			have[i] = tag
			status, tag, body = tagOf(t, s.base+target, tag)
			require.Equal(t, http.StatusNotModified, status, target)
			require.Equal(t, have[i], tag)
			require.Empty(t, body)
		}
	}
}

// An answer from another database is another answer, though as much has happened in both: one is restored or made anew.
func TestAnotherDatabaseIsToldFromTheOneBefore(t *testing.T) {
	t.Parallel()
	const target = "/graphql?query={records{nodes{priceUsd}}}"
	have := ""
	for _, price := range []string{"100", "900"} {
		file := filepath.Join(t.TempDir(), "prices.csv")
		require.NoError(t, os.WriteFile(file, []byte("Symbol,Name,Date,Close\nBTC,Bitcoin,2024-01-01,"+price+"\n"), 0o600))
		s := serveAPIOnly(t, "CSV_PATH="+file)
		s.ingest("csv")
		status, tag, body := tagOf(t, s.base+target, have)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, `"priceUsd":"`+price+`"`)
		have = tag
	}
}

// A service that is given documents answers them by their ids, and does not start with one that the schema does not allow.
func TestServeWithDocuments(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "documents.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"totals": "{ stats { totalRecords } }"}`), 0o600))
	s := serveAPIOnly(t, "GRAPHQL_DOCUMENTS="+file, "GRAPHQL_DOCUMENTS_ONLY=on")
	status, _, body := tagOf(t, s.base+"/graphql?documentId=totals", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `{"data":{"stats":{"totalRecords":0}}`)
	code, _ := s.refused(testKey, "{ stats { totalRecords } }")
	require.Equal(t, "FORBIDDEN", code)

	require.NoError(t, os.WriteFile(file, []byte(`{"totals": "{ stats { totalCoins } }"}`), 0o600))
	p := launch(t, t.TempDir(), []string{"API_KEY=" + testKey, "GRAPHQL_DOCUMENTS=" + file, "PORT=0"}, "serve")
	require.Equal(t, exitUsage, p.wait())
	require.Contains(t, p.stderr.String(), `document "totals": input:1:11: Cannot query field "totalCoins"`)
}

// An answer under other settings is another answer, though the data is the same.
func TestSettingsThatChangeAnswersChangeTheirTags(t *testing.T) {
	cfg, documents := config.Config{}, graph.Documents{Texts: map[string]string{"a": "{ stats { totalRecords } }"}}
	before := programOf(cfg, documents)
	require.Equal(t, before, programOf(config.Config{}, graph.Documents{Texts: map[string]string{"a": "{ stats { totalRecords } }"}}))
	pages, schema := cfg, cfg
	pages.GraphQL.MaxPageSize, schema.GraphQL.Introspection = 10, true
	for _, after := range []string{
		programOf(pages, documents), programOf(schema, documents), programOf(cfg, graph.Documents{Texts: map[string]string{"a": "{ __typename }"}}),
	} {
		require.NotEqual(t, before, after)
	}
}
