package limits_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/graph/limits"
)

func parse(t require.TestingT, query string) *ast.QueryDocument {
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	require.NoError(t, err)
	return doc
}

func TestEveryLimitIsNamedWithWhatWasMet(t *testing.T) {
	for query, c := range map[string]struct {
		most limits.Limits
		says string
	}{
		"{ a { b { c } } }":                              {limits.Limits{Depth: 2}, "the query has 3 levels of fields; at most 2 are allowed"},
		"{ a { b c } d }":                                {limits.Limits{Fields: 3}, "the query has 4 fields; at most 3 are allowed"},
		"{ x: a y: b { z: c } c: c }":                    {limits.Limits{Aliases: 2}, "the query has 3 aliases; at most 2 are allowed"},
		"{ a a ... { a } ...F } fragment F on Q { a a }": {limits.Limits{RootFields: 4}, "the query has 5 root fields; at most 4 are allowed"},
		"query ($v: Int @d) @d { a @d ... @d { b } ...F @d } fragment F on Q @d { c }": {limits.Limits{Directives: 5}, "the query has 6 directives; at most 5 are allowed"},
		"{ a } fragment Unused on Q { b { c { d } } }":                                 {limits.Limits{Depth: 2}, "the query has 3 levels of fields; at most 2 are allowed"},
	} {
		err := c.most.Check(parse(t, query))
		require.EqualError(t, err, c.says, query)
		require.NoError(t, limits.Limits{}.Check(parse(t, query)), "0 is no limit")
	}
	for query, c := range map[string]struct {
		most limits.Limits
		says string
	}{
		"{ a a b }":                              {limits.Limits{Repeats: 1}, "the query has 2 fields of one name at one place; at most 1 are allowed"},
		"{ x: a ... { x: a { b } } x: a { b } }": {limits.Limits{Repeats: 2}, "the query has 3 fields of one name at one place; at most 2 are allowed"},
		"{ a { b } a { ...F } c { ...F } } fragment F on Q { b b }": {limits.Limits{Repeats: 2}, "the query has 3 fields of one name at one place; at most 2 are allowed"},
	} {
		require.EqualError(t, c.most.CheckRepeats(parse(t, query)), c.says, query)
		c.most.Repeats++
		require.NoError(t, c.most.CheckRepeats(parse(t, query)), query)
		require.NoError(t, limits.Limits{}.CheckRepeats(parse(t, query)))
	}
	for query, met := range map[string]int{"{ abcd }": 4, "{ a(b: $abcde) }": 5, "{ a(b: 123456) }": 6, "{ a(b: 1.2345e1) }": 8, "{ abc: a # abcdef\n }": 3, `{ abc(d: "abcdef") }`: 3, "{ a @abcde }": 5} {
		require.EqualError(t, limits.Limits{NameLength: met - 1}.CheckNames(query), fmt.Sprintf("the query has %d characters in a name; at most %d are allowed", met, met-1))
		require.NoError(t, limits.Limits{NameLength: met}.CheckNames(query))
		require.NoError(t, limits.Limits{}.CheckNames(query))
	}
	require.EqualError(t, limits.Limits{ListItems: 2}.CheckLists(map[string]any{"a": map[string]any{"b": []any{1, 2, 3}}}), "the query has 3 items in a list; at most 2 are allowed")
	require.NoError(t, limits.Limits{ListItems: 3}.CheckLists(map[string]any{"a": map[string]any{"b": []any{1, 2, 3}}}))
	require.EqualError(t, limits.Limits{Cost: 7}.CheckCost(8), "the query has 8 points of cost; at most 7 are allowed")
	require.NoError(t, limits.Limits{Cost: 7}.CheckCost(7))
}

// A hundred fragments that double are measured at once, and found to be too many.
func TestDoublingIsCountedWithoutBeingWrittenOut(t *testing.T) {
	var text strings.Builder
	text.WriteString("{ ...F0 }")
	for i := range 100 {
		fmt.Fprintf(&text, " fragment F%d on Q { x: a ...F%d ...F%d }", i, i+1, i+1)
	}
	text.WriteString(" fragment F100 on Q { a }")
	require.ErrorContains(t, limits.Limits{Aliases: 1000}.Check(parse(t, text.String())), "or more aliases; at most 1000")
	require.NoError(t, limits.Limits{Depth: 1}.Check(parse(t, text.String())))
}

// What is cheap to write and never ends, or ends in nothing, counts all the same.
func TestDoublingThatEndsInNothingIsCounted(t *testing.T) {
	text := "{ ...F0 }"
	for i := range 30 {
		text += fmt.Sprintf(" fragment F%d on Q { ...F%d ...F%d }", i, i+1, i+1)
	}
	for _, end := range []string{"", " fragment F30 on Q { ...F30 }"} {
		require.ErrorContains(t, limits.Limits{Fields: 1000}.Check(parse(t, text+end)), "or more fields; at most 1000")
	}
}

// Fragments in a circle are refused by validation; here they must end.
func TestCirclesEnd(t *testing.T) {
	require.NoError(t, limits.Limits{Depth: 5, Fields: 5}.Check(parse(t, "{ ...A } fragment A on Q { a { ...B } } fragment B on Q { ...A ...Nothing }")))
}

// writtenOut writes every fragment out where it is used.
func writtenOut(doc *ast.QueryDocument, set ast.SelectionSet, depth int, count map[string]int) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			count["fields"]++
			if depth == 0 {
				count["roots"]++
			}
			if s.Alias != s.Name {
				count["aliases"]++
			}
			count["depth"] = max(count["depth"], depth+1)
			writtenOut(doc, s.SelectionSet, depth+1, count)
		case *ast.FragmentSpread:
			writtenOut(doc, doc.Fragments.ForName(s.Name).SelectionSet, depth, count)
		case *ast.InlineFragment:
			writtenOut(doc, s.SelectionSet, depth, count)
		}
	}
}

// selections draws what stands in a selection; fragments use later ones only.
func selections(t *rapid.T, fragments, from, depth int) string {
	var text strings.Builder
	for range rapid.IntRange(1, 3).Draw(t, "selections") {
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0 && from < fragments:
			fmt.Fprintf(&text, " ...F%d", rapid.IntRange(from, fragments-1).Draw(t, "fragment"))
		case kind == 1 && depth < 3:
			fmt.Fprintf(&text, " b { %s }", selections(t, fragments, from, depth+1))
		case kind == 2 && depth < 3:
			fmt.Fprintf(&text, " ... { %s }", selections(t, fragments, from, depth+1))
		case kind == 3:
			text.WriteString(" x: a")
		default:
			text.WriteString(" a")
		}
	}
	return text.String()
}

func TestMeasuresAreThoseOfTheQueryWrittenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fragments := rapid.IntRange(0, 4).Draw(t, "fragments")
		text := "{ " + selections(t, fragments, 0, 0) + " }"
		for i := range fragments {
			text += fmt.Sprintf(" fragment F%d on Q { %s }", i, selections(t, fragments, i+1, 0))
		}
		doc := parse(t, text)
		count := map[string]int{}
		writtenOut(doc, doc.Operations[0].SelectionSet, 0, count)
		doc.Fragments = append(ast.FragmentDefinitionList{}, doc.Fragments...)
		for what, of := range map[string]func(int) limits.Limits{
			"fields": func(n int) limits.Limits { return limits.Limits{Fields: n} }, "aliases": func(n int) limits.Limits { return limits.Limits{Aliases: n} },
			"roots": func(n int) limits.Limits { return limits.Limits{RootFields: n} }, "depth": func(n int) limits.Limits { return limits.Limits{Depth: n} },
		} {
			if n := count[what]; n > 1 {
				require.Error(t, of(n-1).Check(doc), "%s: %d\n%s", what, n, text)
			}
			used := ast.QueryDocument{Operations: doc.Operations}
			if n := count[what]; fragments == 0 && n > 0 {
				require.NoError(t, of(n).Check(&used), "%s: %d\n%s", what, n, text)
			}
		}
	})
}

const schema = `
	type Query { things(first: Int, last: Int): ThingConnection! list: [Thing!]! long: [Thing!]! one: Thing }
	type Thing { id: ID! raw: ID! inner: Thing things(first: Int): ThingConnection! list: [Thing!]! }
	type ThingConnection { nodes: [Thing!]! edges: [Edge!]! totalCount: Int! pageInfo: Info! }
	type Edge { node: Thing! } type Info { more: Boolean! }`

func TestCost(t *testing.T) {
	s := gqlparser.MustLoadSchema(&ast.Source{Input: schema})
	for query, want := range map[string]int{
		`{ __typename }`:                                  1,
		`{ long { raw } }`:                                100 * 21,
		`{ one { id inner { id } } }`:                     4,
		`{ one { ` + strings.Repeat("a", 64) + `: id } }`: 2 + 2,
		`{ things(first: 7) { ` + strings.Repeat("a", 32) + `: nodes { ` + strings.Repeat("b", 96) + `: id } } }`: 1 + 7*(1+1+1+3),
		`{ ` + strings.Repeat("a", 32) + `: things { ` + strings.Repeat("a", 33) + `: totalCount } }`:             2 + 51,
		`{ ` + strings.Repeat("a", 32) + `: __typename }`:                                                         2,
		`{ list { id } }`:             5 * 2,
		`{ list { list { id } } }`:    5 * (1 + 5*2),
		`{ things { nodes { id } } }`: 1 + 50*2,
		`{ things(first: 7) { edges { node { id } } pageInfo { more } } }`:                                                                           1 + 7*3 + 2,
		`{ things(last: 3) { totalCount } }`:                                                                                                         1 + 50,
		`query ($n: Int = 4) { things(first: $n) { nodes { things(first: 2) { nodes { id } } } } }`:                                                  1 + 4*(1+1+2*2),
		`{ a: things(first: 2) { ...C } b: things(first: 3) { ...C } } fragment C on ThingConnection { nodes { id } }`:                               1 + 2*2 + 1 + 3*2,
		`{ things(first: 500) { nodes { things(first: 500) { nodes { things(first: 500) { nodes { things(first: 500) { nodes { id } } } } } } } } }`: 1 << 30,
	} {
		doc, errs := gqlparser.LoadQueryWithRules(s, query, rules.NewDefaultRules())
		require.Empty(t, errs, query)
		require.Equal(t, want, limits.Cost(doc, doc.Operations[0], map[string]any{"n": int64(4)},
			limits.Prices{DefaultPage: 50, Rows: map[string]int{"Query.long": 100}, Weight: map[string]int{"Thing.raw": 20}}), query)
	}
}
