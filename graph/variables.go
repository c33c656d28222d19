package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kasparro/kasparro/graph/scalar"
	"github.com/kasparro/kasparro/internal/market"
)

// readers read the scalars that the validator knows nothing of, or lets more of through than the specification.
var readers = map[string]func(any) error{
	"DateTime": func(v any) error { _, err := scalar.UnmarshalDateTime(v); return err },
	"Decimal":  func(v any) error { _, err := scalar.UnmarshalDecimal(v); return err },
	"Int":      func(v any) error { _, err := scalar.UnmarshalInt(v); return err },
	"Float":    func(v any) error { _, err := scalar.UnmarshalFloat(context.Background(), v); return err },
	"String":   readText,
	"ID":       readID,
}

// readText reads a text alone: a number is none, though it comes as one.
func readText(v any) error {
	if n, is := v.(json.Number); is {
		return &market.InputError{Field: "String", Given: n.String(), Allowed: "text"}
	}
	_, err := scalar.UnmarshalString(v)
	return err
}

// readID reads a text or a whole number.
func readID(v any) error {
	if n, is := v.(json.Number); is && strings.ContainsAny(n.String(), ".eE") {
		return &market.InputError{Field: "ID", Given: n.String(), Allowed: "text or a whole number"}
	}
	_, err := scalar.UnmarshalString(v)
	return err
}

// prepare finds the operation that is meant, and reads its variables.
func (g gate) prepare(doc *ast.QueryDocument, p *graphql.RawParams) *gqlerror.Error {
	op := doc.Operations.ForName(p.OperationName)
	switch {
	case op != nil:
		return g.readVariables(op, p.Variables)
	case p.OperationName == "":
		return coded(CodeBadUserInput, "the query has %d operations: operationName must name one of them", len(doc.Operations))
	}
	return coded(CodeBadUserInput, "operation %q not found", p.OperationName)
}

// readVariables refuses an operation with a variable that its fields could not read: before anything is run, as the
// specification has it, and not where the first field comes upon it. It comes before the library reads them too, which
// would say back something else than was sent.
func (g gate) readVariables(op *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	for _, v := range op.VariableDefinitions {
		value, given := variables[v.Variable]
		var err error
		switch {
		case given:
			value = g.whole(v.Type, value)
			variables[v.Variable] = value
		case v.DefaultValue == nil:
			continue
		default:
			value, err = v.DefaultValue.Value(nil)
		}
		if err == nil {
			err = g.readable(v.Type, value)
		}
		if err != nil {
			e := coded(CodeBadUserInput, "variable $%s: %v", v.Variable, err)
			e.Err = err
			return e
		}
	}
	return nil
}

// whole writes whole numbers as such where an Int or an ID is expected: as JSON has it, 1.0 and 1e0 are 1.
func (g gate) whole(kind *ast.Type, value any) any {
	const exact = 1 << 53 // beyond it not every whole number is a float
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		if name := kind.Name(); (name == "Int" || name == "ID") && err == nil && f == math.Trunc(f) && math.Abs(f) < exact && strings.ContainsAny(v.String(), ".eE") {
			return json.Number(strconv.FormatInt(int64(f), 10))
		}
	case []any:
		for i, item := range v {
			v[i] = g.whole(cmp.Or(kind.Elem, kind), item)
		}
	case map[string]any:
		for _, f := range g.schema.Types[kind.Name()].Fields {
			if item, given := v[f.Name]; given {
				v[f.Name] = g.whole(f.Type, item)
			}
		}
	}
	return value
}

var errNull = errors.New("must not be null")

// readable says what is wrong with a value of a type.
func (g gate) readable(kind *ast.Type, value any) error {
	if value == nil {
		if kind.NonNull {
			return errNull
		}
		return nil
	}
	if kind.Elem != nil {
		list := reflect.ValueOf(value)
		if list.Kind() != reflect.Slice { // a single value stands for a list of it
			return g.readable(kind.Elem, value)
		}
		for i := range list.Len() {
			if err := g.readable(kind.Elem, list.Index(i).Interface()); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return nil
	}
	if read, ok := readers[kind.NamedType]; ok {
		return read(value)
	}
	def := g.schema.Types[kind.NamedType]
	if def.Kind == ast.Enum {
		return chosen(def, value)
	}
	object, _ := value.(map[string]any)
	for _, f := range def.Fields {
		item, given := object[f.Name]
		if !given {
			continue
		}
		if err := g.readable(f.Type, item); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// chosen tells whether a value is one of an enum, to the letter.
func chosen(def *ast.Definition, value any) error {
	text, is := value.(string)
	if is && def.EnumValues.ForName(text) != nil {
		return nil
	}
	names := make([]string, len(def.EnumValues))
	for i, v := range def.EnumValues {
		names[i] = v.Name
	}
	return &market.InputError{Field: def.Name, Given: scalar.Sent(value), Allowed: "one of " + strings.Join(names, ", ")}
}
