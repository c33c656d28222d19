package graph_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/graph"
)

// breaking lists what a client of the old schema may miss in the new one, sorted.
func breaking(old, latest *ast.Schema) (changes []string) {
	note := func(format string, args ...any) { changes = append(changes, fmt.Sprintf(format, args...)) }
	for name, was := range old.Types {
		is := latest.Types[name]
		switch {
		case was.BuiltIn:
		case is == nil:
			note("%s is gone", name)
		case is.Kind != was.Kind:
			note("%s is %s instead of %s", name, is.Kind, was.Kind)
		default:
			for _, i := range was.Interfaces {
				if !slices.Contains(is.Interfaces, i) {
					note("%s does not implement %s any more", name, i)
				}
			}
			for _, member := range was.Types {
				if !slices.Contains(is.Types, member) {
					note("%s is not %s any more", member, name)
				}
			}
			for _, v := range was.EnumValues {
				if is.EnumValues.ForName(v.Name) == nil {
					note("%s.%s is gone", name, v.Name)
				}
			}
			breakingFields(was, is, note)
		}
	}
	slices.Sort(changes)
	return changes
}

func breakingFields(was, is *ast.Definition, note func(string, ...any)) {
	for _, f := range was.Fields {
		at := was.Name + "." + f.Name
		now := is.Fields.ForName(f.Name)
		switch {
		case now == nil:
			note("%s is gone", at)
		case was.Kind == ast.InputObject && !accepts(now.Type, f.Type), was.Kind != ast.InputObject && !accepts(f.Type, now.Type):
			note("%s is %s instead of %s", at, now.Type, f.Type)
		default:
			breakingArguments(at, f.Arguments, now.Arguments, note)
		}
	}
	for _, f := range is.Fields {
		if was.Kind == ast.InputObject && was.Fields.ForName(f.Name) == nil && f.Type.NonNull && f.DefaultValue == nil {
			note("%s.%s is needed from now on", was.Name, f.Name)
		}
	}
}

func breakingArguments(at string, was, is ast.ArgumentDefinitionList, note func(string, ...any)) {
	for _, a := range was {
		switch now := is.ForName(a.Name); {
		case now == nil:
			note("%s(%s) is gone", at, a.Name)
		case !accepts(now.Type, a.Type) && now.DefaultValue == nil:
			note("%s(%s) is %s instead of %s", at, a.Name, now.Type, a.Type)
		}
	}
	for _, a := range is {
		if was.ForName(a.Name) == nil && a.Type.NonNull && a.DefaultValue == nil {
			note("%s(%s) is needed from now on", at, a.Name)
		}
	}
}

// accepts tells whether whoever takes the one type can take the other: what is never null can stand for what
// may be, in lists as well.
func accepts(takes, given *ast.Type) bool {
	if takes.NonNull && !given.NonNull || (takes.Elem == nil) != (given.Elem == nil) {
		return false
	}
	if takes.Elem != nil {
		return accepts(takes.Elem, given.Elem)
	}
	return takes.NamedType == given.NamedType
}

func loadSDL(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: text})
	require.NoError(t, err)
	return schema
}

// published.graphql is the schema as it was last published. What clients may miss of it is declared, line by
// line, in breaking.txt, or else must not happen. Publishing makes `kasparro schema` the new published.graphql,
// and empties breaking.txt.
func TestNothingBreaksUndeclared(t *testing.T) {
	published, err := os.ReadFile("testdata/published.graphql")
	require.NoError(t, err)
	declared, err := os.ReadFile("testdata/breaking.txt")
	require.NoError(t, err)
	lines := slices.DeleteFunc(strings.Split(string(declared), "\n"), func(line string) bool { return line == "" || line[0] == '#' })
	require.Equal(t, append([]string{}, lines...), append([]string{}, breaking(loadSDL(t, string(published)), loadSDL(t, graph.SDL()))...))
}

func TestWhatBreaksClients(t *testing.T) {
	const old = `type Query { a(x: Int, y: [Int!]): String b: [Int!]! c: U d: E e(in: In): N }
		interface N { id: ID! } type T implements N { id: ID! } type S { s: Int } union U = T | S enum E { ONE TWO } input In { f: Int }`
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"a(x: Int", "a(z: Int, x: Int", ""},
		{"a(x: Int", "a(z: Int!, x: Int", "Query.a(z) is needed from now on"},
		{"a(x: Int", "a(z: Int! = 1, x: Int", ""},
		{"a(x: Int,", "a(", "Query.a(x) is gone"},
		{"x: Int,", "x: Int!,", "Query.a(x) is Int! instead of Int"},
		{"y: [Int!]", "y: [Int]", ""},
		{"): String", "): String!", ""},
		{"b: [Int!]!", "b: [Int]!", "Query.b is [Int]! instead of [Int!]!"},
		{"b: [Int!]!", "b: Int", "Query.b is Int instead of [Int!]!"},
		{" d: E", "", "Query.d is gone"},
		{"U = T | S", "U = T", "S is not U any more"},
		{"ONE TWO", "ONE", "E.TWO is gone"},
		{"T implements N", "T", "T does not implement N any more"},
		{"{ f: Int }", "{ f: Int g: Int }", ""},
		{"{ f: Int }", "{ f: Int g: Int! }", "In.g is needed from now on"},
		{"{ f: Int }", "{ f: Int! }", "In.f is Int! instead of Int"},
		{"input In { f: Int }", "scalar In", "In is SCALAR instead of INPUT_OBJECT"},
	} {
		require.Contains(t, old, c.from)
		latest := strings.Replace(old, c.from, c.to, 1)
		require.Equal(t, c.want, strings.Join(breaking(loadSDL(t, old), loadSDL(t, latest)), "; "), latest)
	}
}
