package limits

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Bad is what is wrong with a value of a query.
type Bad struct {
	why   string
	cause error // nil where there is none
}

// Error names the argument and what is wrong with its value.
func (b *Bad) Error() string { return b.why }

// Unwrap returns what the value could not be read for.
func (b *Bad) Unwrap() error { return b.cause }

// CheckValues checks every value that an operation of a validated document gives to its fields and directives, with
// its variables: that it can be read, as a value of its type as well, that it is not null where that may not be, unless its
// field is left out, and that no list has more than ListItems. The error is an *Exceeded or a *Bad.
func (l Limits) CheckValues(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any, read func(*ast.Type, any) error) error {
	c := checker{doc: doc, variables: variables, most: l.ListItems, read: read, met: map[visit]bool{}}
	return c.selections(op.SelectionSet, false)
}

type checker struct {
	doc       *ast.QueryDocument
	variables map[string]any
	most      int
	read      func(*ast.Type, any) error
	met       map[visit]bool
}

// visit is that a fragment has been checked, with what is left out by @skip and @include or not.
type visit struct {
	fragment string
	out      bool
}

func (c *checker) selections(set ast.SelectionSet, out bool) error {
	for _, selection := range set {
		if err := c.selection(selection, out); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) selection(selection ast.Selection, out bool) (err error) {
	switch s := selection.(type) {
	case *ast.Field:
		if out, err = c.directives(s.Directives, out); err != nil {
			return err
		}
		if err := c.arguments(s.Name, s.Arguments, out); err != nil {
			return err
		}
		return c.selections(s.SelectionSet, out)
	case *ast.InlineFragment:
		if out, err = c.directives(s.Directives, out); err != nil {
			return err
		}
		return c.selections(s.SelectionSet, out)
	case *ast.FragmentSpread:
		f := c.doc.Fragments.ForName(s.Name)
		if out, err = c.directives(s.Directives, out); err != nil || f == nil || c.met[visit{s.Name, out}] {
			return err
		}
		c.met[visit{s.Name, out}] = true
		return c.selections(f.SelectionSet, out)
	}
	return nil
}

// directives checks those of a selection and tells whether it is left out, for them or with what it stands in.
func (c *checker) directives(list ast.DirectiveList, out bool) (bool, error) {
	for _, d := range list {
		if err := c.arguments("@"+d.Name, d.Arguments, false); err != nil {
			return out, err
		}
		condition := d.Arguments.ForName("if")
		if condition == nil {
			continue
		}
		value, err := condition.Value.Value(c.variables)
		out = out || err == nil && value == (d.Name == "skip")
	}
	return out, nil
}

func (c *checker) arguments(of string, list ast.ArgumentList, out bool) error {
	for _, a := range list {
		value, err := a.Value.Value(c.variables)
		if err != nil {
			return &Bad{fmt.Sprintf("%s(%s:) holds a number that is beyond all numbers", of, a.Name), err}
		}
		if value == nil {
			_, given := c.variables[a.Value.Raw]
			if given && a.Value.Kind == ast.Variable && !out && a.Value.ExpectedType.NonNull {
				return &Bad{fmt.Sprintf("%s(%s:) must not be null", of, a.Name), nil}
			}
			continue // null, or left out
		}
		if err := over("items in a list", longest(value), c.most); err != nil {
			return err
		}
		if err := c.read(a.Value.ExpectedType, value); err != nil {
			return &Bad{fmt.Sprintf("%s(%s:): %v", of, a.Name, err), err}
		}
	}
	return nil
}

// CheckLists returns an *Exceeded if a list in variables, as they were sent, has more than ListItems.
func (l Limits) CheckLists(variables map[string]any) error {
	return over("items in a list", longest(variables), l.ListItems)
}

// longest is the length of the longest list within a value.
func longest(value any) (n int) {
	switch v := value.(type) {
	case []any:
		n = len(v)
		for _, item := range v {
			n = max(n, longest(item))
		}
	case []string: // as variables of some scalars come
		n = len(v)
	case map[string]any:
		for _, item := range v {
			n = max(n, longest(item))
		}
	}
	return n
}
