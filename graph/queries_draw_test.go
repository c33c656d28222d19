package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// querying draws queries from the schema: all of its fields and arguments, with values that make sense and
// values at the edge. What answers have shown, cursors and ids above all, comes back as arguments.
type querying struct {
	*rand.Rand

	schema    *ast.Schema
	seen      map[string][]string // texts of earlier answers, by the field they stood in
	variables map[string]any      // of the query in hand
	declared  []string
	fragments []string
	fields    int
	root      *ast.Definition // of the operation in hand
	bare      bool            // it is a subscription to all that there is
}

// most is how many fields a query gets about.
const most = 60

// draw makes a query and its variables.
func (q *querying) draw() (text string, variables map[string]any) {
	q.variables, q.declared, q.fragments, q.fields = map[string]any{}, nil, nil, 0
	q.root, q.bare = q.schema.Query, false
	head := "query Q"
	var body string
	switch q.IntN(8) {
	case 0:
		q.root, head = q.schema.Mutation, "mutation Q"
		body = q.selection(q.root, 5)
	case 1:
		q.root, head = q.schema.Subscription, "subscription Q"
		body = q.subscription()
	default:
		body = q.selection(q.root, 0)
	}
	if len(q.declared) > 0 {
		head += "(" + strings.Join(q.declared, ", ") + ")"
	}
	return head + " " + body + " " + strings.Join(q.fragments, " "), q.variables
}

func (q *querying) one(in ...string) string { return in[q.IntN(len(in))] }

func (q *querying) selection(on *ast.Definition, depth int) string {
	var text strings.Builder
	text.WriteString("{")
	if on.IsAbstractType() || q.IntN(4) == 0 {
		text.WriteString(" __typename")
	}
	for range 1 + q.IntN(max(1, 5-depth/2)) {
		switch q.IntN(10) {
		case 0:
			fmt.Fprintf(&text, " ... %s{ %s }", q.directive(), q.field(on, depth))
		case 1:
			on := q.possible(on)
			name := fmt.Sprintf("F%d", len(q.fragments))
			q.fragments = append(q.fragments, "")
			q.fragments[len(q.fragments)-1] = fmt.Sprintf("fragment %s on %s { %s }", name, on.Name, q.field(on, depth))
			text.WriteString(" ..." + name + " " + q.directive())
		default:
			text.WriteString(" " + q.field(on, depth))
		}
	}
	text.WriteString(" }")
	return text.String()
}

// possible is the type, or one of those that an abstract one may be.
func (q *querying) possible(on *ast.Definition) *ast.Definition {
	if types := q.schema.PossibleTypes[on.Name]; on.IsAbstractType() && len(types) > 0 {
		return types[q.IntN(len(types))]
	}
	return on
}

func (q *querying) directive() string {
	switch q.IntN(12) {
	case 0:
		return q.one("@include", "@skip") + "(if: " + q.one("true", "false") + ") "
	case 1:
		return fmt.Sprintf("@include(if: $%s) ", q.variable("Boolean!", q.IntN(2) == 0))
	}
	return ""
}

// field draws a field under an alias of its own, so that it never collides with the same field of other arguments.
func (q *querying) field(on *ast.Definition, depth int) string {
	var usable ast.FieldList
	for _, f := range on.Fields {
		leaf := q.schema.Types[f.Type.Name()].IsLeafType()
		if !strings.HasPrefix(f.Name, "__") && (leaf || depth < 7 && q.fields < most) {
			usable = append(usable, f)
		}
	}
	if len(usable) == 0 {
		return "__typename"
	}
	f := usable[q.IntN(len(usable))]
	q.fields++
	text := f.Name
	if len(f.Arguments) > 0 || q.IntN(6) == 0 {
		text = fmt.Sprintf("f%d: %s", q.fields, text)
	}
	if arguments := q.arguments(f); arguments != "" {
		text += "(" + arguments + ")"
	}
	text += " " + q.directive()
	if inner := q.schema.Types[f.Type.Name()]; !inner.IsLeafType() {
		text += q.selection(inner, depth+1)
	}
	return text
}

func (q *querying) arguments(f *ast.FieldDefinition) string {
	var all []string
	for _, a := range f.Arguments {
		if strings.Contains("after before last", a.Name) && q.IntN(5) > 0 { // rarely do two of them go together
			continue
		}
		if !a.Type.NonNull && q.IntN(3) > 0 || a.Type.NonNull && a.DefaultValue != nil && q.IntN(2) > 0 {
			continue
		}
		value := q.value(a.Name, a.Type, 0)
		if q.IntN(3) == 0 {
			all = append(all, a.Name+": $"+q.variable(a.Type.String(), value))
			continue
		}
		all = append(all, a.Name+": "+q.literal(a.Type, value))
	}
	return strings.Join(all, ", ")
}

func (q *querying) variable(kind string, value any) string {
	name := fmt.Sprintf("v%d", len(q.declared))
	q.declared = append(q.declared, "$"+name+": "+kind)
	q.variables[name] = value
	return name
}

// spoil makes a query that is nearly one.
func (q *querying) spoil(text string) string {
	at, length := q.IntN(len(text)), 1+q.IntN(8)
	end := min(len(text), at+length)
	switch q.IntN(4) {
	case 0:
		return text[:at] + text[end:]
	case 1:
		return text[:end] + text[at:]
	case 2:
		return text[:at] + q.one("{", "}", "(", ")", "$x", "...", "99999999999999999999", "null", `"`, "#", "\u0000", "@skip", ":", "__schema", "fragment A on Asset") + text[end:]
	}
	return strings.Replace(text, q.one("first: ", "Q ", "id", "{", "$v0: ", "Asset"), q.one("first: -", "first: \"x\" ", "query ", "nothing", "[{", "mutation "), 1)
}

// spoilVariables makes one of them something else.
func (q *querying) spoilVariables(variables map[string]any) {
	names := slices.Sorted(maps.Keys(variables))
	name := names[q.IntN(len(names))]
	if q.IntN(6) == 0 {
		delete(variables, name)
		return
	}
	variables[name] = []any{
		nil, true, 0, -1, 1.5, 1e300, json.Number("99999999999999999999"), json.Number("1e999999"), "", "x", "\u0000", strings.Repeat("long", 5000),
		[]any{}, []any{nil}, []any{[]any{1}}, []any{"x", 1}, map[string]any{}, map[string]any{"gte": 1}, map[string]any{"source": map[string]any{}},
		make([]int, 501), make([]int, 30_000),
	}[q.IntN(21)]
}
