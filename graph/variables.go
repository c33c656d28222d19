package graph

import (
	"encoding/json"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kasparro/kasparro/graph/scalar"
	"github.com/kasparro/kasparro/internal/market"
)

// readers read the scalars that the validator knows nothing of.
var readers = map[string]func(any) error{
	"DateTime": func(v any) error { _, err := scalar.UnmarshalDateTime(v); return err },
	"Decimal":  func(v any) error { _, err := scalar.UnmarshalDecimal(v); return err },
	"Int":      func(v any) error { _, err := scalar.UnmarshalInt(v); return err },
	"String":   readText,
	"ID":       func(v any) error { _, err := scalar.UnmarshalString(v); return err },
}

// readText reads a text alone: a number is none, though it comes as one.
func readText(v any) error {
	if n, is := v.(json.Number); is {
		return &market.InputError{Field: "String", Given: n.String(), Allowed: "text"}
	}
	_, err := scalar.UnmarshalString(v)
	return err
}

// checkVariables refuses an operation with a variable that its fields could not read: before anything is run, as the
// specification has it, and not where the first field comes upon it.
func checkVariables(schema *ast.Schema, op *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	for _, v := range op.VariableDefinitions {
		if err := readable(schema, v.Type, variables[v.Variable]); err != nil {
			return coded(CodeBadUserInput, "variable $%s: %v", v.Variable, err)
		}
	}
	return nil
}

func readable(schema *ast.Schema, kind *ast.Type, value any) error {
	if value == nil {
		return nil
	}
	if kind.Elem != nil {
		list, ok := value.([]any)
		if !ok { // a single value stands for a list of it
			return readable(schema, kind.Elem, value)
		}
		for i, item := range list {
			if err := readable(schema, kind.Elem, item); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return nil
	}
	if read, ok := readers[kind.NamedType]; ok {
		return read(value)
	}
	object, ok := value.(map[string]any)
	if def := schema.Types[kind.NamedType]; ok && def != nil {
		for _, f := range def.Fields {
			if err := readable(schema, f.Type, object[f.Name]); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
		}
	}
	return nil
}
