package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

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

// checkVariables refuses an operation with a variable that its fields could not read: before anything is run, as the
// specification has it, and not where the first field comes upon it.
func (g gate) checkVariables(op *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	for _, v := range op.VariableDefinitions {
		if err := g.readable(v.Type, variables[v.Variable]); err != nil {
			return coded(CodeBadUserInput, "variable $%s: %v", v.Variable, err)
		}
	}
	return nil
}

// readable says what is wrong with a value of a type.
func (g gate) readable(kind *ast.Type, value any) error {
	if value == nil {
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
		if err := g.readable(f.Type, object[f.Name]); err != nil {
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
	return &market.InputError{Field: def.Name, Given: fmt.Sprint(value), Allowed: "one of " + strings.Join(names, ", ")}
}
