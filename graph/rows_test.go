package graph_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// drawer draws selections on the types that are written without the executor, and on their neighbours.
type drawer struct {
	*rapid.T

	schema    *ast.Schema
	fragments []string
	aliases   int
}

// directive is none, or one that leaves the field in or out.
func (d *drawer) directive() string {
	return rapid.SampledFrom([]string{"", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @skip(if: false)", " @include(if: $yes) @skip(if: $no)"}).Draw(d.T, "directive")
}

func (d *drawer) selection(on string, depth int) string {
	def := d.schema.Types[on]
	var text strings.Builder
	text.WriteString("{ __typename @skip(if: true)")
	for range rapid.IntRange(1, 5).Draw(d.T, "size") {
		switch rapid.IntRange(0, 9).Draw(d.T, "kind") {
		case 0:
			text.WriteString(" __typename" + d.directive())
		case 1:
			fmt.Fprintf(&text, " ... on %s%s %s", rapid.SampledFrom(append([]string{on}, def.Interfaces...)).Draw(d.T, "condition"), d.directive(), d.onSame(def, depth))
		case 2:
			name := fmt.Sprintf("F%d", len(d.fragments))
			d.fragments = append(d.fragments, "")
			d.fragments[len(d.fragments)-1] = fmt.Sprintf("fragment %s on %s %s", name, on, d.selection(on, depth+1))
			text.WriteString(" ..." + name + d.directive())
		default:
			text.WriteString(" " + d.field(def, depth))
		}
	}
	text.WriteString(" }")
	return text.String()
}

// onSame selects id only, which interfaces have as well.
func (d *drawer) onSame(def *ast.Definition, depth int) string {
	if len(def.Interfaces) > 0 {
		return "{ id" + d.directive() + " }"
	}
	return d.selection(def.Name, depth+1)
}

func (d *drawer) field(def *ast.Definition, depth int) string {
	var usable []*ast.FieldDefinition
	for _, f := range def.Fields {
		leaf := d.schema.Types[f.Type.Name()].IsLeafType()
		if !strings.HasPrefix(f.Name, "__") && (leaf || depth < 3 && slices.Contains([]string{"edges", "nodes", "node", "asset", "consensus", "listings"}, f.Name)) {
			usable = append(usable, f)
		}
	}
	f := rapid.SampledFrom(usable).Draw(d.T, "field")
	text := f.Name
	if rapid.IntRange(0, 3).Draw(d.T, "aliased") == 0 {
		d.aliases++
		text = fmt.Sprintf("a%d: %s", d.aliases, text)
	}
	text += d.directive()
	if !d.schema.Types[f.Type.Name()].IsLeafType() {
		text += " " + d.selection(f.Type.Name(), depth+1)
	}
	return text
}

// post sends a query and returns the status and the body.
func post(ctx context.Context, t require.TestingT, h http.Handler, query string) (int, string) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"yes": true, "no": false}})
	require.NoError(t, err)
	request := httptest.NewRequestWithContext(market.WithRequestID(ctx, "req-7"), http.MethodPost, "/graphql", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

// Whatever is selected of a page, its bytes are those that the executor would have written.
func TestRowsAreWrittenAsTheExecutorWritesThem(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 2)
	odd := observe(`q"uo\te`+"\u2028\u00e9\t", "ODD", "0.00000000000000000000123", noon)
	odd.Rank = nil
	w.run(t, "csv", market.Batch{Observations: []market.Observation{odd}}, succeeded)
	_, err := w.db.ExecContext(t.Context(), "DELETE FROM raw_records WHERE external_id = 'id-Coin 002'")
	require.NoError(t, err)
	stock := graph.NewStockHandler(w.options(w.store))
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: graph.SDL()})
	rapid.Check(t, func(rt *rapid.T) {
		d := &drawer{T: rt, schema: schema}
		page := d.selection("RecordConnection", 0)
		query := "query ($yes: Boolean!, $no: Boolean!) { a: records(first: 5) " + page + " b: __typename @include(if: $yes) c: __typename @skip(if: $no) }\n" + strings.Join(d.fragments, "\n")
		status, want := post(t.Context(), rt, stock, query)
		gotStatus, got := post(t.Context(), rt, w.Handler, query)
		require.Equal(rt, status, gotStatus, query)
		require.Equal(rt, want, got, query)
	})
}

// halfBlind cannot read payloads, and no assets or some of them only.
type halfBlind struct {
	market.Reader
	err error
}

func (h halfBlind) AssetsByID(ctx context.Context, ids []int64) ([]market.Asset, error) {
	if h.err != nil {
		return nil, h.err
	}
	return h.Reader.AssetsByID(ctx, ids[1:])
}

func (h halfBlind) Payloads(context.Context, []market.Record) (map[int64]json.RawMessage, error) {
	return nil, cmp.Or(h.err, errors.New("no payloads"))
}

// Where a row goes wrong, errors, their paths and what becomes null are those of the executor, too.
func TestRowsGoWrongAsWithTheExecutor(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 3, 1)
	for _, reader := range []market.Reader{halfBlind{w.store, nil}, halfBlind{w.store, market.ErrUnavailable}, halfBlind{w.store, errors.New("no")}} {
		for _, query := range []string{
			`{ records { nodes { id asset { slug } } } }`, `{ records { edges { cursor node { id asset { slug listings { id } } } } totalCount } }`,
			`{ records { nodes { x: asset { name } } pageInfo { endCursor } } stats { totalRecords } }`,
			`{ records { edges { node { id old: rawExpired raw asset { slug } } } } }`, `{ records { nodes { id raw } } stats { totalRecords } }`, `{ records { nodes { rawExpired } } }`,
		} {
			query = strings.Replace(query, "{", "query Q { ", 1)
			status, want := post(t.Context(), t, graph.NewStockHandler(w.options(reader)), query)
			gotStatus, got := post(t.Context(), t, graph.NewHandler(w.options(reader)), query)
			require.Equal(t, status, gotStatus)
			require.Equal(t, unordered(t, want), unordered(t, got), query)
			require.Contains(t, want, `"errors"`)
		}
	}
}

// unordered is an answer with its errors sorted: the executor goes through rows side by side.
func unordered(t *testing.T, body string) any {
	t.Helper()
	var a struct {
		Errors []json.RawMessage
		Data   json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(body), &a))
	slices.SortFunc(a.Errors, func(x, y json.RawMessage) int { return bytes.Compare(x, y) })
	return a
}

// Every field of these types that is no object is written without the executor.
func TestEveryPlainFieldIsWritten(t *testing.T) {
	w := newWorld(t)
	w.coins(t, 100, 2)
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: graph.SDL()})
	plain := func(name string, but ...string) (fields string) {
		for _, f := range schema.Types[name].Fields {
			if schema.Types[f.Type.Name()].IsLeafType() && !slices.Contains(but, f.Name) {
				fields += " " + f.Name
			}
		}
		return fields
	}
	query := fmt.Sprintf("{ records(first: 200) { edges { cursor node { %s asset { %s consensus { %s } } } } } }",
		plain("Record"), plain("Asset"), plain("Consensus"))
	require.Less(t, allocations(t, w.Handler, query)*3, allocations(t, graph.NewStockHandler(w.options(w.store)), query))
}

// allocations are those of one answer.
func allocations(t testing.TB, h http.Handler, query string) float64 {
	return testing.AllocsPerRun(5, func() {
		status, body := post(t.Context(), t, h, query)
		require.Equal(t, http.StatusOK, status, body)
		require.NotContains(t, body[:20], "errors")
	})
}
