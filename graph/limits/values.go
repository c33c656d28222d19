package limits

import (
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
)

// Bad is what is wrong with a value of a query.
type Bad struct{ why string }

// Error names the argument and what is wrong with its value.
func (b *Bad) Error() string { return b.why }

// CheckValues checks every value that an operation of a validated document gives to its fields and directives, with
// its variables: that it can be read, as a value of its type as well, that conditions are not null, and that no list
// has more than ListItems. The error is an *Exceeded or a *Bad.
func (l Limits) CheckValues(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any, read func(*ast.Type, any) error) error {
	c := checker{doc: doc, variables: variables, most: l.ListItems, read: read, met: map[string]bool{}}
	return c.selections(op.SelectionSet)
}

type checker struct {
	doc       *ast.QueryDocument
	variables map[string]any
	most      int
	read      func(*ast.Type, any) error
	met       map[string]bool // fragments
}

func (c *checker) selections(set ast.SelectionSet) error {
	for _, selection := range set {
		if err := c.selection(selection); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) selection(selection ast.Selection) error {
	switch s := selection.(type) {
	case *ast.Field:
		if err := c.arguments(s.Name, s.Arguments, false); err != nil {
			return err
		}
		return c.within(s.Directives, s.SelectionSet)
	case *ast.InlineFragment:
		return c.within(s.Directives, s.SelectionSet)
	case *ast.FragmentSpread:
		f := c.doc.Fragments.ForName(s.Name)
		if f == nil || c.met[s.Name] {
			return c.within(s.Directives, nil)
		}
		c.met[s.Name] = true
		return c.within(s.Directives, f.SelectionSet)
	}
	return nil
}

func (c *checker) within(directives ast.DirectiveList, set ast.SelectionSet) error {
	for _, d := range directives {
		if err := c.arguments("@"+d.Name, d.Arguments, true); err != nil {
			return err
		}
	}
	return c.selections(set)
}

func (c *checker) arguments(of string, list ast.ArgumentList, needed bool) error {
	for _, a := range list {
		value, err := a.Value.Value(c.variables)
		switch {
		case err != nil:
			return &Bad{fmt.Sprintf("%s(%s:) holds a number that is beyond all numbers", of, a.Name)}
		case value == nil && needed:
			return &Bad{fmt.Sprintf("%s(%s:) must not be null", of, a.Name)}
		}
		if err := over("items in a list", longest(value), c.most); err != nil {
			return err
		}
		if err := c.read(a.Value.ExpectedType, value); err != nil {
			return &Bad{fmt.Sprintf("%s(%s:): %v", of, a.Name, err)}
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
