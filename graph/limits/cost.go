package limits

import (
	"encoding/json"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Every field costs 1 or its Weight, and 1 more for every nameBytes in the name that it is answered under. What stands in a
// list costs that for each of its rows: of a page as many as are asked for, of any other list its Rows or listRows. What is
// counted on demand costs countCost.
const (
	listRows  = 5
	countCost = 50
	nameBytes = 32
)

// cost of a selection: once, and for each row of the page that it is of.
type cost struct{ once, perRow int }

func (c cost) plus(o cost) cost { return cost{add(c.once, o.once), add(c.perRow, o.perRow)} }

// Prices are what a schema knows of its fields, by "Type.field".
type Prices struct {
	DefaultPage int            // rows of a page where the query does not say how many
	Rows        map[string]int // of lists that are no pages and may be longer than listRows
	Weight      map[string]int // of fields that are larger than others
}

// coster knows the cost of each fragment once it has met it.
type coster struct {
	doc       *ast.QueryDocument
	variables map[string]any
	prices    Prices
	known     map[string]cost
}

// Cost is what an operation of a validated document costs at most.
func Cost(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any, prices Prices) int {
	c := coster{doc: doc, variables: variables, prices: prices, known: map[string]cost{}}
	return c.of(op.SelectionSet).once
}

// CheckCost returns an *Exceeded for a query that costs more than is allowed.
func (l Limits) CheckCost(cost int) error { return over("points of cost", cost, l.Cost) }

func (c *coster) of(set ast.SelectionSet) (total cost) {
	for _, selection := range set {
		switch sel := selection.(type) {
		case *ast.Field:
			total = total.plus(c.field(sel))
		case *ast.InlineFragment:
			total = total.plus(c.of(sel.SelectionSet))
		case *ast.FragmentSpread:
			total = total.plus(c.fragment(sel.Name))
		}
	}
	return total
}

func (c *coster) fragment(name string) cost {
	if known, ok := c.known[name]; ok {
		return known
	}
	c.known[name] = cost{}
	f := c.doc.Fragments.ForName(name)
	if f == nil {
		return cost{}
	}
	c.known[name] = c.of(f.SelectionSet)
	return c.known[name]
}

func (c *coster) field(f *ast.Field) cost {
	inner := c.of(f.SelectionSet)
	written := len(f.Alias) / nameBytes
	if f.Definition == nil { // __typename
		return cost{once: 1 + written}
	}
	name := f.Name
	if f.ObjectDefinition != nil {
		name = f.ObjectDefinition.Name + "." + f.Name
	}
	own := add(max(1, c.prices.Weight[name])+written, inner.once)
	switch {
	case f.Name == "totalCount":
		return cost{once: countCost + written}
	case strings.HasSuffix(f.Definition.Type.Name(), "Connection"):
		return cost{once: add(own, times(inner.perRow, c.rows(f)))}
	case f.Definition.Type.Elem == nil:
		return cost{once: add(own, inner.perRow)}
	case f.ObjectDefinition != nil && strings.HasSuffix(f.ObjectDefinition.Name, "Connection"):
		return cost{perRow: own} // nodes and edges: rows of the page
	}
	return cost{once: times(own, max(listRows, c.prices.Rows[name]))}
}

// rows is how many rows of a page are asked for.
func (c *coster) rows(f *ast.Field) int {
	for _, name := range []string{"first", "last"} {
		argument := f.Arguments.ForName(name)
		if argument == nil {
			continue
		}
		value, err := argument.Value.Value(c.variables)
		if err != nil { // a number beyond all numbers
			return enough
		}
		if n, given := whole(value); given {
			return max(0, min(n, enough))
		}
	}
	return c.prices.DefaultPage
}

// whole reads an Int as variables and literals bring it.
func whole(value any) (n int, ok bool) {
	switch v := value.(type) {
	case int64:
		return int(v), true
	case int:
		return v, true
	case json.Number:
		i, err := v.Int64()
		return int(i), err == nil
	case float64:
		return int(v), true
	}
	return 0, false
}
