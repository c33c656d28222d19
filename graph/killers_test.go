package graph_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killer is a query that is cheap to send and dear to answer.
type killer struct {
	name, query string
	variables   string // as JSON; empty: none
	code        string // of the refusal
	says        string
}

const (
	complicated = "QUERY_TOO_COMPLEX"
	bad         = "BAD_USER_INPUT"
)

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

// numbered writes a format for each number below n.
func numbered(n int, format string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

func killers() []killer {
	repeat := strings.Repeat
	nodes := strings.ReplaceAll(doubling(24, "{ records { nodes { %s } } }", "id"), "Query", "Record")
	long := repeat("a", 900_000)
	const bySymbol, byFilter = `query ($v: [String!]) { records(filter: {symbol: $v}) { totalCount } }`, `query ($v: RecordFilter) { records(filter: $v) { totalCount } }`
	return []killer{
		{"24 doubling fragments", doubling(24, "{ %s }", "__typename"), "", complicated, "fields; at most 1000"},
		{"24 doubling fragments in a list", nodes, "", complicated, "fields; at most 1000"},
		{"24 doubling fragments that end in nothing", doubling(24, "{ %s }", "...Nothing"), "", complicated, "fields; at most 1000"},
		{"50,000 aliases", "{ " + numbered(50_000, "a%d: __typename ") + "}", "", complicated, "4001 or more tokens"},
		{"101 aliases", "{ health { " + numbered(101, "a%d: version ") + "} }", "", complicated, "101 aliases; at most 100"},
		{"101 aliases of the root", "{ " + numbered(101, "a%d: __typename ") + "}", "", complicated, "101 aliases; at most 100"},
		{"5,000 duplicate fields", "{ health { " + repeat("version ", 5000) + "} }", "", complicated, "tokens"},
		{"1,500 duplicate fields", "{ health { " + repeat("version ", 1500) + "} }", "", complicated, "1501 fields; at most 1000"},
		{"995 duplicate fields", "{ health { " + repeat("version ", 995) + "} }", "", complicated, "101 fields of one name at one place; at most 100"},
		{"duplicates within duplicates", "{ " + repeat("health { "+repeat("version ", 60)+"} ", 15) + "}", "", complicated, "of one name at one place"},
		{"duplicates in fragments", "{ health { " + numbered(400, "...F%d ") + "} } " + numbered(400, "fragment F%d on Health { version } "), "", complicated, "of one name at one place"},
		{"500 duplicate root fields", "{ " + repeat("__typename ", 500) + "}", "", complicated, "500 root fields; at most 20"},
		{"10,000 directives", "{ __typename " + repeat("@aa", 10_000) + " }", "", complicated, "tokens"},
		{"51 directives", "{ health { version " + repeat("@skip(if: false) ", 51) + "} }", "", complicated, "51 directives; at most 50"},
		{"circular introspection", "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }", "", complicated, "levels of lists in its introspection; at most 2"},
		{"deep nesting", `{ asset(slug: "x") ` + repeat("{ listings { asset ", 30) + "{ id }" + repeat("} }", 30) + "}", "", complicated, "levels"},
		{"very deep nesting", repeat("{ a ", 1900) + repeat("}", 1900), "", complicated, "levels"},
		{"a deep list", "{ records(filter: {symbol: " + repeat("[", 1900) + repeat("]", 1900) + "}) { totalCount } }", "", complicated, "levels"},
		{"a deep object", "{ records(filter: " + repeat("{a: ", 1200) + "1" + repeat("}", 1200) + ") { totalCount } }", "", complicated, "levels"},
		{"a deep list in a variable", bySymbol, repeat("[", 5000) + repeat("]", 5000), bad, "variable $v"},
		{"a deep object in a variable", byFilter, repeat(`{"a":`, 5000) + "1" + repeat("}", 5000), bad, "variable $v"},
		{"pages in pages", "{ assets(first: 500) { nodes { records(first: 500) { nodes { id } } } } }", "", complicated, "points of cost"},
		{"many operations of one fragment", numbered(15, "query Q%d { ...F } ") + "fragment F on Query { health { " + repeat("status ", 100) + "} }", "", complicated, "fields; at most 1000"},
		{"drifts of drifts", `{ node(id: "run_1") { ... on EtlRun { drifts { run { drifts { run { drifts { run { id } } } } } } } } }`, "", complicated, "points of cost"},
		{"payloads over and over", "{ assets(first: 500) { nodes { records(first: 1) { nodes { " + numbered(98, "r%d: raw ") + "} } } } }", "", complicated, "points of cost"},
		{"rejected payloads twice", "{ rejections(first: 500) { nodes { a: payload b: payload } } }", "", complicated, "200501 points of cost"},
		{"long aliases in a list", "{ records(first: 500) { nodes { " + numbered(100, repeat("a", 120)+"%d: id ") + "} } }", "", complicated, "points of cost"},
		{"a longer alias", "{ " + long + ": __typename }", "", complicated, "900000 characters in a name; at most 128"},
		{"a long list", `{ records(filter: {symbol: [` + repeat(`"X" `, 501) + `]}) { nodes { id } } }`, "", complicated, "501 items in a list; at most 500"},
		{"a long list in a variable", bySymbol, "[" + repeat(`"X",`, 15_000) + `"X"]`, complicated, "15001 items in a list; at most 500"},
		{"a longer list in a variable", bySymbol, "[" + repeat(`"X",`, 200_000) + `"X"]`, bad, "variables has 200001 values; at most 20000 are allowed"},
		{"1,000 unknown fields", "{ health { " + numbered(990, "statu%d ") + "} }", "", bad, "Cannot query field"},
		{"1,000 unknown arguments", `{ asset(slug: "x" ` + numbered(1300, "slu%d: 1 ") + ") { id } }", "", bad, "Unknown argument"},
		{"a long value of an enum", `{ assets(orderBy: "` + long + `") { totalCount } }`, "", bad, "cannot represent non-enum value"},
		{"a long text", `{ asset(slug: "` + long + `") { id } }`, "", bad, "at most 4096 bytes"},
		{"a long text in a variable", bySymbol, `"` + long + `"`, bad, "at most 4096 bytes"},
		{"a number beyond all numbers", "{ matchCandidates(filter: {minScore: 1e9999999}) { totalCount } }", "", bad, `non numeric value: 1e9999999`},
		{"a Decimal beyond all numbers", "{ disagreements(minSpreadPercent: 1e9999999) { nodes { slug } } }", "", bad, `Decimal: "1e9999999" is not allowed`},
		{"a long number", "{ records(first: " + repeat("9", 900_000) + ") { totalCount } }", "", complicated, "900000 characters in a name"},
		{"a long number in a variable", "query ($v: Int) { records(first: $v) { totalCount } }", repeat("9", 900_000), bad, "variable $v"},
		{"a long Decimal in a variable", "query ($v: Decimal!) { disagreements(minSpreadPercent: $v) { totalCount } }", repeat("9", 900_000), bad, "variable $v"},
		{"fragments in a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "", bad, "within itself"},
		{"fragments in many circles", "{ " + numbered(40, "...F%d ") + "} " + numbered(40, "fragment F%d on Query { __typename "+numbered(40, "...F%d ")+"} "), "", complicated, "fields; at most 1000"},
	}
}

// body is the request that asks for it.
func (k killer) body(t require.TestingT) string {
	query, err := json.Marshal(k.query)
	require.NoError(t, err)
	if k.variables == "" {
		return `{"query": ` + string(query) + `}`
	}
	return `{"query": ` + string(query) + `, "variables": {"v": ` + k.variables + `}}`
}

// sends sends a body as the server hands it on, with a megabyte at most.
func sends(t testing.TB, h http.Handler, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/graphql-response+json")
	answer := httptest.NewRecorder()
	http.MaxBytesHandler(h, 1<<20).ServeHTTP(answer, r)
	return answer
}

// trickle asks for something with a body that has begun to come over a connection, does not go on, and has so long to come.
// How long that is, and that the answer does not wait for the rest, is for the server to see to, and tested there.
func trickle(t testing.TB, h http.Handler, within time.Duration) (status int) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, http.NewResponseController(w).SetReadDeadline(time.Now().Add(within)))
		w.Header().Set("Connection", "close")
		h.ServeHTTP(w, r)
	}))
	defer s.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// The known killers are refused before anything is run, each in the words of the limit that it exceeds.
func TestKillersAreRefused(t *testing.T) {
	w := newWorld(t)
	for _, k := range killers() {
		t.Run(k.name, func(t *testing.T) {
			before := w.statements.Load()
			got := sends(t, w.Handler, strings.NewReader(k.body(t)))
			require.Equal(t, http.StatusBadRequest, got.Code)
			require.Less(t, got.Body.Len(), 8000, "little is said back")
			var a answer
			require.NoError(t, json.Unmarshal(got.Body.Bytes(), &a))
			require.Nil(t, a.Data)
			require.NotEmpty(t, a.Errors)
			require.LessOrEqual(t, len(a.Errors), 10)
			require.Equal(t, k.code, a.Errors[0].Extensions["code"], a.Errors[0].Message)
			require.Contains(t, a.Errors[0].Message, k.says)
			require.Equal(t, before, w.statements.Load(), "statements were sent")
		})
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, sends(t, w.Handler, strings.NewReader(`{"query": "`+strings.Repeat(" ", 10<<20)+`"}`)).Code)
	require.Equal(t, http.StatusRequestTimeout, trickle(t, w.Handler, 10*time.Millisecond))
	require.Empty(t, w.log.String())
}
