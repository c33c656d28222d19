package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

func loadSDL(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: text})
	require.NoError(t, err, text)
	return schema
}

func TestWhatBreaksClients(t *testing.T) {
	const old = `schema { query: Query mutation: Mutation } directive @d(x: Int = 1, y: Int) repeatable on FIELD | QUERY
		type Query { a(x: Int, y: [Int!]): String b: [Int!]! c: U d: E e(in: In): N f(o: O! = UP, n: Int! = 1, l: [Int] = [1]): [Int] g(k: Int!): S }
		type Mutation { m: Int } type Change { m: Int } scalar Day @specifiedBy(url: "https://example.com/day")
		interface N { id: ID! } type T implements N { id: ID! } type S { s: Int day: Day } union U = T | S
		enum E { ONE TWO } enum O { UP DOWN } input In { f: Int h: Int! = 1 i: E = ONE }`
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		// Arguments come, go, and take more or less.
		{"a(x: Int", "a(z: Int, x: Int", ""},
		{"a(x: Int", "a(z: Int!, x: Int", "Query.a(z) is needed from now on"},
		{"a(x: Int", "a(z: Int! = 1, x: Int", ""},
		{"a(x: Int,", "a(", "Query.a(x) is gone"},
		{"x: Int, y: [", "x: Int!, y: [", "Query.a(x) is Int! instead of Int"},
		{"x: Int, y: [", "x: Int! = 1, y: [", ""},
		{"x: Int, y: [", "x: Int = 1, y: [", ""},
		{"a(x: Int,", `a(x: String = "q",`, "Query.a(x) is String instead of Int"},
		{"a(x: Int,", `a(x: String! = "q",`, "Query.a(x) is String! instead of Int"},
		{"a(x: Int,", `a(x: [Int!]! = [1],`, "Query.a(x) is [Int!]! instead of Int"},
		{"g(k: Int!", "g(k: Int", ""},
		{"g(k: Int!", "g(k: Float!", "Query.g(k) is Float! instead of Int!"},
		{"y: [Int!]", "y: [Int]", ""},
		{"y: [Int!]", "y: [Int!]! = [1]", ""},
		{"y: [Int!]", "y: [Int!]!", "Query.a(y) is [Int!]! instead of [Int!]"},
		{"l: [Int] = [1]", "l: [Int!]! = [1]", "Query.f(l) is [Int!]! instead of [Int]"},
		// Their defaults.
		{"o: O! = UP", "o: Int! = 1", "Query.f(o) has the default 1 instead of UP; Query.f(o) is Int! instead of O!"},
		{"o: O! = UP", "o: O! = DOWN", "Query.f(o) has the default DOWN instead of UP"},
		{"o: O! = UP", "o: O!", "Query.f(o) has no default any more instead of UP"},
		{"o: O! = UP", "o: O", "Query.f(o) has no default any more instead of UP"},
		{"l: [Int] = [1]", "l: [Int] = [2]", "Query.f(l) has the default [2] instead of [1]"},
		{"l: [Int] = [1]", "l: [Int] = null", "Query.f(l) has the default null instead of [1]"},
		{"n: Int! = 1", "n: Int = 1", ""},
		// What is answered.
		{"): String", "): String!", ""},
		{"): String", "): ID", "Query.a is ID instead of String"},
		{"b: [Int!]!", "b: [Int]!", "Query.b is [Int]! instead of [Int!]!"},
		{"b: [Int!]!", "b: Int", "Query.b is Int instead of [Int!]!"},
		{"): [Int] g", "): [Int!]! g", ""},
		{" d: E", "", "Query.d is gone"},
		{" d: E", " d: E dd: E", ""},
		{" d: E", " d: E @deprecated", ""},
		// Types, and what they are among.
		{"U = T | S", "U = T", "S is not U any more"},
		{"U = T | S", "U = T | S | Query", ""},
		{"ONE TWO", "ONE", "E.TWO is gone"},
		{"ONE TWO", "ONE TWO @deprecated THREE", ""},
		{"T implements N", "T", "T does not implement N any more"},
		{"type S {", "type S implements N { id: ID! ", ""},
		{"type Change { m: Int }", "", "Change is gone"},
		{"type Change", "type More { m: Int } type Change", ""},
		{"mutation: Mutation", "mutation: Change", "Mutation is not the type of a mutation any more"},
		{" mutation: Mutation", "", "Mutation is not the type of a mutation any more"},
		{"example.com/day", "example.com/month", `Day is written otherwise: "https://example.com/month" instead of "https://example.com/day"`},
		{` @specifiedBy(url: "https://example.com/day")`, "", `Day is written otherwise:  instead of "https://example.com/day"`},
		// What input objects take.
		{"{ f: Int h", "{ f: Int g: Int h", ""},
		{"{ f: Int h", "{ f: Int g: Int! h", "In.g is needed from now on"},
		{"{ f: Int h", "{ f: Int g: Int! = 1 h", ""},
		{"{ f: Int h", "{ f: Int! h", "In.f is Int! instead of Int"},
		{"{ f: Int h", "{ f: Int! = 1 h", ""},
		{"{ f: Int h", "{ f: Float! = 1 h", "In.f is Float! instead of Int"},
		{"{ f: Int h", "{ h", "In.f is gone"},
		{"h: Int! = 1", "h: Int! = 2", "In.h has the default 2 instead of 1"},
		{"h: Int! = 1", "h: Int!", "In.h has no default any more instead of 1"},
		{"i: E = ONE", "i: E", "In.i has no default any more instead of ONE"},
		{"input In { f: Int h: Int! = 1 i: E = ONE }", "input In @oneOf { f: Int h: Int i: E }",
			"In takes exactly one of its fields from now on; In.h has no default any more instead of 1; In.i has no default any more instead of ONE"},
		{"input In { f: Int h: Int! = 1 i: E = ONE }", "scalar In", "In is SCALAR instead of INPUT_OBJECT"},
		// Directives.
		{"directive @d(x: Int = 1, y: Int) repeatable on FIELD | QUERY", "", "@d is gone"},
		{"FIELD | QUERY", "FIELD", "@d may not stand at QUERY any more"},
		{"FIELD | QUERY", "FIELD | QUERY | MUTATION", ""},
		{"repeatable on", "on", "@d may not be repeated any more"},
		{"y: Int) rep", "y: Int!) rep", "@d(y) is Int! instead of Int"},
		{"@d(x: Int = 1", "@d(x: Int = 2", "@d(x) has the default 2 instead of 1"},
		{"@d(", "@e on FIELD directive @d(", ""},
	} {
		require.Equal(t, 1, min(1, strings.Count(old, c.from)), c.from)
		latest := strings.Replace(old, c.from, c.to, 1)
		require.Equal(t, c.want, strings.Join(breaking(loadSDL(t, old), loadSDL(t, latest)), "; "), "%s -> %s", c.from, c.to)
	}
}
