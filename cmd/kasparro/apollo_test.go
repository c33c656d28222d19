package main

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// request is what Apollo Client sent for a query that it names by its hash, and what it got.
type request struct {
	Method string
	Query  bool // the text came along
	Code   string
	Data   bool
}

// apolloSaw is a line of the script, of one kind each.
type apolloSaw struct {
	List       string
	Requests   int
	TotalCount int
	IDs        []string

	Persisted string
	Sources   []string
	Sent      []request

	Error  string
	Codes  []string
	Status int
}

func TestApolloClient(t *testing.T) {
	t.Parallel()
	s := serveCoins(t, 60)
	p := s.startClient("apollo.mjs")
	lists, sent, errs := map[string]apolloSaw{}, map[string][]request{}, map[string]apolloSaw{}
	for line := range p.lines {
		switch saw := told[apolloSaw](p, line); {
		case saw.List != "":
			lists[saw.List] = saw
		case saw.Sent != nil:
			sent[saw.Persisted] = saw.Sent
		case saw.Persisted != "":
			require.Equal(t, []string{"coingecko", "coinpaprika", "csv"}, saw.Sources)
		default:
			errs[saw.Error] = saw
		}
	}
	require.Zero(t, p.wait(), p.stderr.String())
	t.Run("pages lists to their end", func(t *testing.T) { sawAll(t, s, lists) })
	t.Run("sends queries by their hashes", func(t *testing.T) {
		require.Equal(t, map[string][]request{
			"ByPost": {{"POST", false, "PERSISTED_QUERY_NOT_FOUND", false}, {"POST", true, "", true}, {"POST", false, "", true}},
			"ByGet":  {{"GET", false, "PERSISTED_QUERY_NOT_FOUND", false}, {"POST", true, "", true}, {"GET", false, "", true}},
		}, sent)
	})
	t.Run("learns what is wrong", func(t *testing.T) {
		require.Equal(t, map[string]apolloSaw{
			"first":  {Error: "first", Codes: []string{"BAD_USER_INPUT"}},
			"cursor": {Error: "cursor", Codes: []string{"BAD_CURSOR"}},
			"field":  {Error: "field", Codes: []string{"BAD_USER_INPUT"}},
			"scope":  {Error: "scope", Codes: []string{"FORBIDDEN"}},
			"key":    {Error: "key", Codes: []string{}, Status: 401},
		}, errs)
	})
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
}

// sawAll holds what the cache of the client held in the end against what there is.
func sawAll(t *testing.T, s *apiOnly, lists map[string]apolloSaw) {
	t.Helper()
	for name, c := range map[string]struct {
		size  int
		table string
	}{"records": {500, "records"}, "assets": {7, "assets"}} {
		var rows int
		require.NoError(t, s.db.NewRaw("SELECT count(*) FROM "+c.table).Scan(t.Context(), &rows))
		require.Greater(t, rows, 2*c.size, name)
		saw := lists[name]
		require.Equal(t, rows, saw.TotalCount, name)
		require.Equal(t, (rows+c.size-1)/c.size, saw.Requests, name)
		require.Len(t, saw.IDs, rows, name)
		require.Len(t, distinct(saw.IDs), rows, name)
	}
}
