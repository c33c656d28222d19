package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Values that come with variables are checked before anything is run, as those in the query are.
func TestVariablesAreMeasured(t *testing.T) {
	w := newWorld(t)
	long := make([]string, 501)
	a := w.ask(t, `query ($s: [String!]) { records(filter: {symbol: $s}) { nodes { id } } }`, "s", long)
	require.Equal(t, "QUERY_TOO_COMPLEX", a.Errors[0].Extensions["code"])
	require.Equal(t, 501.0, a.Errors[0].Extensions["met"])
	require.Equal(t, "QUERY_TOO_COMPLEX", w.ask(t, `{ __typename }`, "unused", map[string]any{"s": long}).Errors[0].Extensions["code"])
	require.Empty(t, w.ask(t, `{ __typename }`, "unused", strings.Repeat(`",\`, 30_000)).Errors, "these are no values")
	_, message := w.refused(t, `{ __typename }`, "unused", make([]map[string]int, 20_001))
	require.Equal(t, "variables has 20001 values; at most 20000 are allowed", message)
	require.Empty(t, w.ask(t, `query ($s: [String!]) { records(filter: {symbol: $s}) { nodes { id } } }`, "s", long[1:]).Errors)
	a = w.ask(t, `query ($n: Boolean = true) { health { status @include(if: $n) } }`, "n", nil)
	require.Equal(t, "BAD_USER_INPUT", a.Errors[0].Extensions["code"])
	require.Contains(t, a.Errors[0].Message, "must not be null")
	require.Empty(t, w.log.String())
}

// A fragment may have more fields than a query may have at its root.
func TestLargeFragmentsAreNoRoots(t *testing.T) {
	w := newWorld(t)
	w.data(t, `{ etlRuns(first: 1) { nodes { ...R } } } fragment R on EtlRun { id source stream trigger status scheduledAt startedAt finishedAt
		durationMs extracted inserted updated unchanged rejected coins pages retries waits waitedMs bytesFetched anomalies error }`)
}

// A page of errors helps nobody: a query with ten wrong directives gets few.
func TestErrorsOfAQueryAreBounded(t *testing.T) {
	w := newWorld(t)
	a := w.ask(t, "{ "+strings.Repeat("nothing ", 20)+"}")
	require.Len(t, a.Errors, 10)
}

// cost is what a query costs, as its answer says.
func (w *world) cost(t testing.TB, query string) any {
	t.Helper()
	a := w.ask(t, query)
	require.Empty(t, a.Errors)
	return a.Extensions["cost"].(map[string]any)["requested"]
}

func TestCostIsToldWithTheAnswer(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 2)
	for query, want := range map[string]float64{
		`{ health { status } }`: 2,
		`{ records(first: 500) { nodes { id priceUsd raw asset { slug listings { source { name } } consensus { priceUsd } } } } }`: 21_001,
		`{ records(first: 10) { nodes { id asset { name } } } }`:                                                                   1 + 10*(1+1+2),
		`query ($n: Int) { records(last: $n) { edges { node { id } } pageInfo { hasNextPage } } }`:                                 1 + 50*(1+1+1) + 2,
		`{ assets { ...A ...A } } fragment A on AssetConnection { totalCount nodes { latest { id } }}`:                             1 + 2*(50+50*(1+5*(1+1))),
	} {
		require.Equal(t, want, w.cost(t, query), query)
	}
}
