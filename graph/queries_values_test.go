package graph_test

import (
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// value draws a value as JSON has it.
func (q *querying) value(name string, kind *ast.Type, depth int) any {
	if !kind.NonNull && q.IntN(12) == 0 {
		return nil
	}
	if kind.Elem != nil {
		list := []any{}
		for range q.IntN(4) {
			list = append(list, q.value(name, kind.Elem, depth))
		}
		return list
	}
	switch def := q.schema.Types[kind.NamedType]; {
	case def.Kind == ast.Enum:
		return def.EnumValues[q.IntN(len(def.EnumValues))].Name
	case def.Kind == ast.InputObject:
		object := map[string]any{}
		for _, f := range def.Fields {
			if f.Type.NonNull || q.IntN(3) == 0 {
				object[f.Name] = q.value(f.Name, f.Type, depth+1)
			}
		}
		return object
	case def.Name == "Int":
		return []int{1, 2, 3, 5, 10, 50, 500, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 0, -1, 501, 2147483647, -2147483648}[q.IntN(29)]
	case def.Name == "Boolean":
		return q.IntN(2) == 0
	case def.Name == "Float":
		return q.Float64()
	case def.Name == "Decimal":
		return q.one("0", "1", "0.5", "-1", "1e-30", "99999999999999999999.1", "1e99")
	case def.Name == "DateTime":
		return q.one("2026-01-31T12:00:00Z", "2026-01-31T10:00:00+05:30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59Z")
	}
	return q.text(name)
}

// text draws a text for an argument: something that has been seen in such a place, or anything.
func (q *querying) text(name string) string {
	places := map[string][]string{
		"after": {"cursor", "endCursor", "startCursor"}, "before": {"cursor", "endCursor", "startCursor"}, "id": {"id"}, "base": {"id"}, "head": {"id"},
		"run": {"id"}, "slug": {"slug"}, "asset": {"slug"}, "symbol": {"symbol"}, "name": {"name"}, "reason": {"reason"}, "externalId": {"externalId"},
	}
	if seen := q.seen[q.one(append(places[name], name)...)]; len(seen) > 0 && q.IntN(8) > 0 {
		return seen[q.IntN(len(seen))]
	}
	return q.one("coingecko", "csv", "", "nothing", "%", `\"`, "' OR 1=1 --", "\u0000", "\U0001F600", strings.Repeat("long ", 50), "record_1_1", "run_1", "asset_99999999999999999999")
}

// literal writes a value into the query.
func (q *querying) literal(kind *ast.Type, value any) string {
	switch v := value.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = q.literal(kind.Elem, item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, f := range q.schema.Types[kind.NamedType].Fields {
			if item, given := v[f.Name]; given {
				parts = append(parts, f.Name+": "+q.literal(f.Type, item))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case string:
		if def := q.schema.Types[kind.NamedType]; def != nil && def.Kind == ast.Enum {
			return v
		}
	}
	text, _ := json.Marshal(value) // plain values
	return string(text)
}
