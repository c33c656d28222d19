package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// killer is a query that is cheap to send and dear to answer.
type killer struct {
	name, query string
	code        string // of the refusal
	says        string
}

// doubling are fragments of which each holds the next one twice.
func doubling(levels int, around, last string) string {
	var text strings.Builder
	fmt.Fprintf(&text, around, "...F0")
	for i := range levels {
		next := fmt.Sprintf("...F%d ...F%d", i+1, i+1)
		if i == levels-1 {
			next = last
		}
		fmt.Fprintf(&text, " fragment F%d on Query { %s }", i, next)
	}
	return text.String()
}

func killers() []killer {
	repeat := strings.Repeat
	numbered := func(n int, format string) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, format, i)
		}
		return text.String()
	}
	nodes := strings.ReplaceAll(doubling(24, "{ records { nodes { %s } } }", "id"), "Query", "Record")
	return []killer{
		{"24 doubling fragments", doubling(24, "{ %s }", "__typename"), "QUERY_TOO_COMPLEX", "fields"},
		{"24 doubling fragments in a list", nodes, "QUERY_TOO_COMPLEX", "fields"},
		{"50,000 aliases", "{ " + numbered(50_000, "a%d: __typename ") + "}", "QUERY_TOO_COMPLEX", "4001 or more tokens"},
		{"101 aliases", "{ health { " + numbered(101, "a%d: version ") + "} }", "QUERY_TOO_COMPLEX", "101 aliases; at most 100"},
		{"101 aliases of the root", "{ " + numbered(101, "a%d: __typename ") + "}", "QUERY_TOO_COMPLEX", "101 aliases; at most 100"},
		{"5,000 duplicate fields", "{ health { " + repeat("version ", 5000) + "} }", "QUERY_TOO_COMPLEX", "tokens"},
		{"500 duplicate root fields", "{ " + repeat("__typename ", 500) + "}", "QUERY_TOO_COMPLEX", "500 root fields; at most 20"},
		{"10,000 directives", "{ __typename " + repeat("@aa", 10_000) + " }", "QUERY_TOO_COMPLEX", "tokens"},
		{"51 directives", "{ health { version " + repeat("@skip(if: false) ", 51) + "} }", "QUERY_TOO_COMPLEX", "51 directives; at most 50"},
		{"circular introspection", "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }",
			"BAD_USER_INPUT", "introspection depth"},
		{"deep nesting", repeat("{ asset(slug: \"x\") ", 1) + repeat("{ listings { asset ", 30) + "{ id }" + repeat("} }", 30) + "}", "QUERY_TOO_COMPLEX", "levels"},
		{"very deep nesting", repeat("{ a ", 1900) + repeat("}", 1900), "QUERY_TOO_COMPLEX", "levels"},
		{"pages in pages", "{ assets(first: 500) { nodes { records(first: 500) { nodes { id } } } } }", "QUERY_TOO_COMPLEX", "points of cost"},
		{"many operations of one fragment", numbered(15, "query Q%d { ...F } ") + "fragment F on Query { health { " + repeat("status ", 100) + "} }", "QUERY_TOO_COMPLEX", "fields; at most 1000"},
		{"duplicates that are dear to validate", "{ health { " + repeat("version ", 1500) + "} }", "QUERY_TOO_COMPLEX", "1501 fields; at most 1000"},
		{"drifts of drifts", `{ node(id: "run_1") { ... on EtlRun { drifts { run { drifts { run { drifts { run { id } } } } } } } } }`, "QUERY_TOO_COMPLEX", "points of cost"},
		{"payloads over and over", "{ assets(first: 500) { nodes { records(first: 1) { nodes { " + numbered(98, "r%d: raw ") + "} } } } }", "QUERY_TOO_COMPLEX", "points of cost"},
		{"a long list", `{ records(filter: {symbol: [` + repeat(`"X" `, 501) + `]}) { nodes { id } } }`, "QUERY_TOO_COMPLEX", "501 items in a list; at most 500"},
		{"a number beyond all numbers", "{ disagreements(minSpreadPercent: 1e9999999) { nodes { slug } } }", "BAD_USER_INPUT", "beyond all numbers"},
		{"a whole number beyond all numbers", "{ disagreements(minSpreadPercent: 99999999999999999999) { nodes { slug } } }", "BAD_USER_INPUT", "beyond all numbers"},
		{"fragments in a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "BAD_USER_INPUT", "within itself"},
	}
}

// The known killers are refused before anything is run, each in the words of the limit that it exceeds.
func TestKillersAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, k := range killers() {
		t.Run(k.name, func(t *testing.T) {
			before := w.statements.Load()
			a := w.ask(t, k.query)
			require.Nil(t, a.Data)
			require.NotEmpty(t, a.Errors)
			require.LessOrEqual(t, len(a.Errors), 10)
			require.Equal(t, k.code, a.Errors[0].Extensions["code"], a.Errors[0].Message)
			require.Contains(t, a.Errors[0].Message, k.says)
			require.Equal(t, before, w.statements.Load(), "statements were sent")
		})
	}
	require.Empty(t, w.log.String())
}

// Values that come with variables are checked before anything is run, as those in the query are.
func TestVariablesAreMeasured(t *testing.T) {
	w := newWorld(t)
	long := make([]string, 501)
	a := w.ask(t, `query ($s: [String!]) { records(filter: {symbol: $s}) { nodes { id } } }`, "s", long)
	require.Equal(t, "QUERY_TOO_COMPLEX", a.Errors[0].Extensions["code"])
	require.Equal(t, 501.0, a.Errors[0].Extensions["met"])
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

// BenchmarkKillers is what it costs to refuse each of them, parsing included.
func BenchmarkKillers(b *testing.B) {
	w := newWorld(b)
	for _, k := range killers() {
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				w.ask(b, k.query)
			}
		})
	}
}
