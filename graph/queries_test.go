package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"go.uber.org/goleak"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

var (
	queriesSeed = flag.Uint64("queries.seed", 0, "of the random queries; 0 draws one")
	queriesFor  = flag.Duration("queries.for", 0, "how long random queries are asked; 0 is some hundreds of them")
)

// queriesShort is how many of them are asked at least.
const queriesShort = 600

// known are the codes that a query may be refused with.
var known = []string{"BAD_USER_INPUT", "BAD_CURSOR", "NOT_FOUND", "FORBIDDEN", "QUERY_TOO_COMPLEX"}

// asking sends queries and judges what comes back.
type asking struct {
	*testing.T

	w      *world
	q      *querying
	counts map[string]int // answers, by their worst code
	ears   *ears
}

// Random queries, whole ones and nearly whole ones, get answers that are what the schema and the query say, or errors that
// say why not; and leave nothing behind.
func TestRandomQueries(t *testing.T) {
	seed := *queriesSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-queries.seed=%d", seed)
	w := newWorld(t)
	w.populate(t)
	a := &asking{T: t, w: w, q: &querying{
		Rand: rand.New(rand.NewPCG(seed, 0)), schema: gqlparser.MustLoadSchema(&ast.Source{Input: graph.SDL()}), seen: map[string][]string{},
	}, counts: map[string]int{}, ears: w.listen(t)}
	for range queriesShort / 3 { // until everything is warm
		a.ask()
	}
	before, idle := heap(), goleak.IgnoreCurrent()
	began := time.Now()
	for n := 0; n < queriesShort || time.Since(began) < *queriesFor; n++ {
		a.ask()
	}
	t.Log(a.counts)
	require.Greater(t, a.counts["ok"], queriesShort/10, "most should be answered: %v", a.counts)
	for _, code := range []string{"event", "mutation"} {
		require.Positive(t, a.counts[code], "%v", a.counts)
	}
	require.Zero(t, w.db.Stats().InUse)
	goleak.VerifyNone(t, idle)
	require.Less(t, heap(), before+(64<<20), "memory is held")
	require.NotContains(t, w.log.String(), "field failed")
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// populate stores coins of two sources, one with more than the other, rejections, a run that has failed, and keys.
func (w *world) populate(t *testing.T) {
	for range 3 {
		_, _, err := w.desk.CreateKey(market.WithActor(t.Context(), market.Actor{Name: "somebody"}), market.NewAPIKey{Name: "a client", Scope: market.ScopeRead})
		require.NoError(t, err)
	}
	w.coins(t, 12, 4)
	w.run(t, "csv", market.Batch{
		Observations: []market.Observation{observe("Lone", "LON", "0.000000012", noon)},
		Rejections:   []market.Rejection{{ExternalID: "x", Reason: market.Reason{Code: "missing_price", Field: "price", Detail: "none"}, Payload: []byte("\xff{")}},
	}, market.RunEnd{Status: market.RunPartial, Error: "half of it", Anomalies: []string{"odd"}})
}

// ask asks one query.
func (a *asking) ask() {
	query, variables := a.q.draw()
	whole := a.q.IntN(4) > 0
	switch {
	case whole:
	case len(variables) > 0 && a.q.IntN(3) == 0:
		a.q.spoilVariables(variables)
	default:
		query = a.q.spoil(query)
	}
	request := a.request(query, variables, a.q.IntN(2) == 0 && (a.q.root == a.q.schema.Query || a.q.IntN(4) == 0))
	if a.q.root == a.q.schema.Subscription && a.q.IntN(8) > 0 {
		a.follow(request, query, variables, whole)
		return
	}
	accept := a.q.one("application/json", "application/graphql-response+json")
	request.Header.Set("Accept", accept)
	request = request.WithContext(market.WithScope(request.Context(), market.ScopeAdmin)) // who may see everything
	answer := httptest.NewRecorder()
	before := a.w.statements.Load()
	a.w.ServeHTTP(answer, request)
	told := func() string { return fmt.Sprintf("%s\n%v\n%d %.600s", query, variables, answer.Code, answer.Body) }
	require.Less(a, answer.Code, 500, told())
	data := a.judge(answer.Body.Bytes(), query, variables, !whole, told)
	require.Equal(a, answer.Code == http.StatusOK && (accept == "application/graphql-response+json" || len(data) > 0), len(data) > 0, told())
	require.True(a, len(data) > 0 || a.w.statements.Load() == before, told())
	if len(data) > 0 && string(data) != "null" && a.q.root == a.q.schema.Mutation {
		a.counts["mutation"]++
	}
}

// judge holds an answer to what was asked, and returns its data.
func (a *asking) judge(answer []byte, query string, variables map[string]any, spoilt bool, told func() string) json.RawMessage {
	var got struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	require.NoError(a, json.Unmarshal(answer, &got), told())
	worst := "ok"
	for _, e := range got.Errors {
		worst = e.Extensions.Code
		require.Contains(a, known, worst, told())
		require.NotEmpty(a, e.Message, told())
	}
	a.counts[worst]++
	require.True(a, len(got.Data) > 0 || len(got.Errors) > 0, told())
	if len(got.Data) > 0 && string(got.Data) != "null" {
		require.NoError(a, a.conforms(query, variables, got.Data, spoilt), told())
	}
	return got.Data
}

// request makes a POST or a GET of it.
func (a *asking) request(query string, variables map[string]any, get bool) *http.Request {
	values, err := json.Marshal(variables)
	require.NoError(a, err)
	if get {
		return httptest.NewRequestWithContext(a.caller(), http.MethodGet, "/graphql?query="+url.QueryEscape(query)+"&variables="+url.QueryEscape(string(values)), nil)
	}
	body, err := json.Marshal(map[string]any{"query": strings.ToValidUTF8(query, "?"), "variables": variables})
	require.NoError(a, err)
	r := httptest.NewRequestWithContext(a.caller(), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func (a *asking) conforms(query string, variables map[string]any, data json.RawMessage, spoilt bool) error {
	doc, errs := gqlparser.LoadQueryWithRules(a.q.schema, query, rules.NewDefaultRules())
	if len(errs) > 0 {
		return fmt.Errorf("a query was answered that is none: %w", errs)
	}
	c := checking{schema: a.q.schema, doc: doc, variables: variables, seen: a.q.seen, spoilt: spoilt}
	root := map[ast.Operation]*ast.Definition{ast.Query: a.q.schema.Query, ast.Mutation: a.q.schema.Mutation, ast.Subscription: a.q.schema.Subscription}
	return c.object(data, doc.Operations[0].SelectionSet, root[doc.Operations[0].Operation])
}
