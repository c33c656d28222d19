package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// away is a reader whose database is away.
type away struct{ market.Reader }

var errAway = fmt.Errorf("%w: dial tcp 10.0.0.7:5432: connection refused", market.ErrUnavailable)

func (away) SourceStates(context.Context) ([]market.SourceState, error) { return nil, errAway }

// faulty reads records, and then fails in one way or another.
type faulty struct {
	market.Reader
	fail func() error
}

func (f faulty) AssetsByID(context.Context, []int64) ([]market.Asset, error) { return nil, f.fail() }

func TestBadInputIsNamed(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 2, 2)
	for query, message := range map[string]string{
		`{ records(first: 0) { totalCount } }`:                                            `first: "0" is not allowed: from 1 to 500`,
		`{ records(first: 501) { totalCount } }`:                                          `first: "501" is not allowed: from 1 to 500`,
		`{ assets(last: -1) { totalCount } }`:                                             `last: "-1" is not allowed: from 1 to 500`,
		`{ etlRuns(first: 5, last: 6) { totalCount } }`:                                   `first, last: "5, 6" is not allowed: only one of them, from 1 to 500`,
		`{ rejections(first: 99999999999) { totalCount } }`:                               `99999999999`,
		`{ records(first: 99999999999999999999999) { totalCount } }`:                      `99999999999999999999999`,
		`{ records(first: 1.5) { totalCount } }`:                                          `Int cannot represent non-integer value: 1.5`,
		`{ records(filter: {source: ["binance"]}) { totalCount } }`:                       `source: "binance" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ assets(filter: {source: ["csv", ""]}) { totalCount } }`:                        `source: "" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ etlRuns(filter: {source: ["Csv"]}) { totalCount } }`:                           `source: "Csv" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ rejections(filter: {source: ["x"]}) { totalCount } }`:                          `source: "x" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ rejections(filter: {run: "asset_1"}) { totalCount } }`:                         `run: "asset_1" is not allowed: the id of an EtlRun`,
		`{ drifts(filter: {source: ["x"]}) { totalCount } }`:                              `source: "x" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ drifts(filter: {run: "drift_1"}) { totalCount } }`:                             `run: "drift_1" is not allowed: the id of an EtlRun`,
		`{ drifts(filter: {kind: [GONE]}) { totalCount } }`:                               `Value "GONE" does not exist in "DriftKind!" enum.`,
		`{ drifts(first: 501) { totalCount } }`:                                           `first: "501" is not allowed: from 1 to 500`,
		`{ asset(slug: "coin-000") { latest(source: "x") { id } } }`:                      `source: "x" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ asset(slug: "coin-000") { records(first: 501) { totalCount } } }`:              `first: "501" is not allowed: from 1 to 500`,
		`{ asset(slug: "coin-000") { records(filter: {source: "x"}) { totalCount } } }`:   `source: "x" is not allowed: known are coingecko, coinpaprika, csv`,
		`{ records(filter: {observedAt: {gte: "yesterday"}}) { totalCount } }`:            `DateTime: "yesterday" is not allowed: RFC 3339, such as 2026-01-31T12:00:00Z`,
		`{ records(filter: {observedAt: {gte: "2026-02-30T00:00:00Z"}}) { totalCount } }`: `DateTime: "2026-02-30T00:00:00Z" is not allowed: RFC 3339, such as 2026-01-31T12:00:00Z`,
		`{ records(filter: {observedAt: {lt: 5}}) { totalCount } }`:                       `DateTime: "5" is not allowed: RFC 3339, such as 2026-01-31T12:00:00Z`,
		`{ asset(slug: "a\u0000b") { id } }`:                                              `String: "a\x00b" is not allowed: UTF-8 text without zero bytes`,
		`{ records(orderBy: PRICE) { totalCount } }`:                                      `Value "PRICE" does not exist in "RecordOrder!" enum.`,
		`{ records(orderBy: null) { totalCount } }`:                                       `Expected value of type "RecordOrder!", found null.`,
		`{ records { nodes { id ... @defer { asset { slug } } } } }`:                      `Unknown directive "@defer".`,
		`{ nothing }`: `Cannot query field "nothing" on type "Query".`,
		`{ health { `: `Expected Name, found <EOF>`,
		``:            `there is no query: send {"query": "..."}`,
		`query A { a: __typename } query B { b: __typename }`: `the query has 2 operations: operationName must name one of them`,
	} {
		t.Run(query, func(t *testing.T) {
			code, text := w.refused(t, query)
			require.Equal(t, "BAD_USER_INPUT", code, text)
			require.Contains(t, text, message)
		})
	}
	require.Empty(t, w.log.String(), "what a client did wrong is no news")
}

func TestVariablesAreCheckedLikeLiterals(t *testing.T) {
	w := newWorld(t)
	for _, first := range []any{99999999999, 1e30, "5", true, 1.5} {
		code, _ := w.refused(t, `query ($first: Int) { records(first: $first) { totalCount } }`, "first", first)
		require.Equal(t, "BAD_USER_INPUT", code)
	}
	for _, status := range []any{"failed", "GONE", 1} {
		code, _ := w.refused(t, `query ($s: RunStatus!) { etlRuns(filter: {status: [$s]}) { totalCount } }`, "s", status)
		require.Equal(t, "BAD_USER_INPUT", code)
	}
	code, _ := w.refused(t, `query ($k: DriftKind!) { drifts(filter: {kind: [$k]}) { totalCount } }`, "k", "new_path")
	require.Equal(t, "BAD_USER_INPUT", code)
	code, _ = w.refused(t, `query ($o: RecordOrder!) { records(orderBy: $o) { totalCount } }`, "o", "observed_at_asc")
	require.Equal(t, "BAD_USER_INPUT", code)
	code, _ = w.refused(t, `query ($f: RecordFilter) { records(filter: $f) { totalCount } }`,
		"f", map[string]any{"observedAt": map[string]any{"gte": "soon"}})
	require.Equal(t, "BAD_USER_INPUT", code)
}

func TestNullsAreLikeLeavingOut(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 2, 2)
	want := w.json(t, `{ records { nodes { id } } assets { nodes { id } } }`)
	require.Equal(t, want, w.json(t, `{
		records(first: null, after: null, last: null, before: null, filter: null) { nodes { id } }
		assets(first: null, after: null, last: null, before: null, filter: null) { nodes { id } } }`))
	require.Equal(t, want, w.json(t, `query ($n: Int, $s: String) {
		records(first: $n, after: $s) { nodes { id } }
		assets(last: $n, before: $s) { nodes { id } } }`, "n", nil, "s", nil))
	require.Equal(t, want, w.json(t, `query ($r: RecordOrder, $a: AssetOrder) {
		records(orderBy: $r) { nodes { id } } assets(orderBy: $a) { nodes { id } } }`))
	cursor := dig(t, w.data(t, `query ($r: RecordOrder) { records(first: 1, orderBy: $r) { pageInfo { endCursor } } }`),
		"records", "pageInfo", "endCursor")
	w.data(t, `query ($c: String) { records(after: $c, orderBy: OBSERVED_AT_DESC) { nodes { id } } }`, "c", cursor)
	require.Equal(t, w.json(t, `{ asset(slug: "coin-000") { latest { id } records { nodes { id } } } }`),
		w.json(t, `{ asset(slug: "coin-000") { latest(source: null) { id } records(first: null, filter: null) { nodes { id } } } }`))
}

func TestAQueryOfTooManyTokensIsRefused(t *testing.T) {
	w := newWorld(t)
	asking := func(symbols int) string {
		var text strings.Builder
		for n := 0; n < symbols; n += 400 {
			fmt.Fprintf(&text, "r%d: records(filter: {symbol: [%s]}) { totalCount } ", n, strings.Repeat(`"X" `, min(400, symbols-n)))
		}
		return "{ " + text.String() + "}"
	}
	require.Empty(t, w.ask(t, asking(graph.DefaultLimits.Tokens-250)).Errors)
	code, message := w.refused(t, asking(graph.DefaultLimits.Tokens))
	require.Equal(t, "QUERY_TOO_COMPLEX", code)
	require.Contains(t, message, "4001 or more tokens")
}

func TestFailuresAreConcealedAndLogged(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 1)
	const query = `{ records { nodes { asset { name } } } }`
	for name, c := range map[string]struct {
		fail          func() error
		code, message string
		logged        []string
	}{
		"database away": {func() error { return errAway }, "INTERNAL", "internal error, request req-7", []string{"10.0.0.7", "req-7"}},
		"SQL":           {func() error { return fmt.Errorf("syntax error at SELECT") }, "INTERNAL", "internal error, request req-7", []string{"SELECT"}},
		"time out": {func() error { return fmt.Errorf("read: %w", context.DeadlineExceeded) },
			"TIMEOUT", "the time for this request has run out", nil},
		"panic": {func() error { panic("index out of range") }, "INTERNAL", "internal error, request req-7", []string{"index out of range", "errors_test.go"}},
	} {
		t.Run(name, func(t *testing.T) {
			w.log.Reset()
			w.Handler = w.over(faulty{w.store, c.fail})
			a := w.ask(t, query)
			require.Len(t, a.Errors, 6, "each row has its own, since its asset is not null")
			for _, e := range a.Errors {
				require.Equal(t, c.code, e.Extensions["code"])
				require.Equal(t, c.message, e.Message)
				require.Len(t, e.Path, 4)
			}
			for _, text := range c.logged {
				require.Contains(t, w.log.String(), text)
			}
			require.Equal(t, min(1, len(c.logged)), strings.Count(w.log.String(), "\n"), "logged once, not for each row")
		})
	}
}

func TestTransports(t *testing.T) {
	w := newWorld(t)
	get := func(target string) *httptest.ResponseRecorder {
		response := httptest.NewRecorder()
		w.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
		return response
	}
	require.JSONEq(t, `{"data": {"health": {"status": "HEALTHY"}}, "extensions": {"cost": {"requested": 2, "limit": 200000}}}`, get("/graphql?query=%7Bhealth%7Bstatus%7D%7D").Body.String())
	require.Contains(t, get("/graphql?query=%7B__schema%7BqueryType%7Bname%7D%7D%7D").Body.String(), `"name":"Query"`)
	response := httptest.NewRecorder()
	w.ServeHTTP(response, httptest.NewRequestWithContext(t.Context(), http.MethodOptions, "/graphql", nil))
	require.Equal(t, http.StatusNoContent, response.Code)
}

func TestADeadlineEndsAQuery(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err := w.store.Records(ctx, market.RecordFilter{}, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 1})
	require.Error(t, err)
	w.Handler = w.over(late{w.store, err})
	code, _ := w.refused(t, `{ records { nodes { id } } }`)
	require.Equal(t, "TIMEOUT", code)
}

// late answers every page of records with the error of a deadline.
type late struct {
	market.Reader
	err error
}

func (l late) Records(context.Context, market.RecordFilter, market.RecordOrder, market.Window[market.RecordKey]) (market.Page[market.Record], error) {
	return market.Page[market.Record]{}, l.err
}
