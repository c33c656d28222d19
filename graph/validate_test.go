package graph_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kasparro/kasparro/graph"
)

// watcher notes the document that the gate hands on, and the one that is run.
type watcher struct{ handed, run *ast.QueryDocument }

func (*watcher) ExtensionName() string                   { return "Watcher" }
func (*watcher) Validate(graphql.ExecutableSchema) error { return nil }
func (w *watcher) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	w.run = op.Doc
	return nil
}

func (w *watcher) MutateOperationParameters(ctx context.Context, _ *graphql.RawParams) *gqlerror.Error {
	w.handed = graphql.GetOperationContext(ctx).Doc
	return nil
}

// What the gate has parsed is what is run, whether or not it is kept for the next one who asks.
func TestQueriesAreParsedOnce(t *testing.T) {
	w := newWorld(t)
	seen := &watcher{}
	w.Handler = graph.NewHandlerWith(w.options(w.store), seen)
	const short = "{ __typename }"
	long := short + " # " + strings.Repeat("x", 20_000)
	for query, kept := range map[string]bool{short: true, long: false} {
		w.data(t, query)
		first := seen.handed
		require.NotNil(t, first)
		require.Same(t, first, seen.run)
		w.data(t, query)
		require.Same(t, seen.handed, seen.run)
		require.Equal(t, kept, first == seen.run)
	}
}

// All that is wrong is told, up to a number, with guesses where they are few and the query is short.
func TestAllThatIsWrongIsTold(t *testing.T) {
	w := newWorld(t)
	a := w.ask(t, `{ record { id } assets(firs: 1) { totalCount } health { statu } }`)
	require.Len(t, a.Errors, 3)
	for _, e := range a.Errors {
		require.Equal(t, "BAD_USER_INPUT", e.Extensions["code"])
		require.Contains(t, e.Message, "Did you mean")
	}
	a = w.ask(t, `{ record { id } } #`+strings.Repeat("x", 20_000))
	require.Equal(t, `Cannot query field "record" on type "Query".`, a.Errors[0].Message)
	a = w.ask(t, `{ health { `+numbered(11, "statu%d ")+`} }`)
	require.Len(t, a.Errors, 10)
	require.NotContains(t, a.Errors[0].Message, "Did you mean")
	require.Equal(t, "BAD_USER_INPUT", w.ask(t, "fragment F on Query { __typename }").Errors[0].Extensions["code"], "nothing to run")
}

// Of thousands of rows that fail in one way, some are told, and how many more there are.
func TestFailuresOfManyRowsAreCounted(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 60, 1)
	a := w.ask(t, `{ records(first: 500) { nodes { asset { latest(source: "nowhere") { id } } } } }`)
	require.Len(t, a.Errors, 101)
	require.Equal(t, "20 more fields failed", a.Errors[100].Message)
	require.Equal(t, a.Errors[0].Extensions, a.Errors[100].Extensions)
}

// Numbers that are written into a query are as exact as texts, where a Decimal is expected.
func TestDecimalsInQueriesAreExact(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 1, 1)
	spread, _ := dig(t, w.data(t, `{ asset(slug: "coin-000") { consensus { spreadPercent } } }`), "asset", "consensus", "spreadPercent").(string)
	for _, format := range []string{`{ disagreements(minSpreadPercent: %s) { totalCount } }`, `{ disagreements(minSpreadPercent: "%s") { totalCount } }`,
		`query ($v: Decimal! = %s) { disagreements(minSpreadPercent: $v) { totalCount } }`} {
		for figure, want := range map[string]int{spread: 1, spread + "0000000000000000000000000000": 1, spread + "0000000000000000000000000001": 0, "1e-30": 1, "1e30": 0, "0.000": 1, "-0": 1} {
			require.EqualValues(t, want, dig(t, w.data(t, fmt.Sprintf(format, figure)), "disagreements", "totalCount"), fmt.Sprintf(format, figure))
		}
	}
}
