package limits

import "github.com/vektah/gqlparser/v2/ast"

// place is where fields of one name stand in an answer, and the places within it.
type place struct {
	fields int
	within map[string]*place
}

func (p *place) of(name string) *place {
	if p.within == nil {
		p.within = map[string]*place{}
	}
	if p.within[name] == nil {
		p.within[name] = &place{}
	}
	return p.within[name]
}

// CheckRepeats counts the fields that are merged into one in the answer: validating compares each of them with
// each other. The document has been checked by Check and has no fragments in circles, so that it can be written out.
func (l Limits) CheckRepeats(doc *ast.QueryDocument) error {
	for _, op := range doc.Operations {
		if err := l.repeats(doc, op.SelectionSet, &place{}); err != nil {
			return err
		}
	}
	return nil
}

func (l Limits) repeats(doc *ast.QueryDocument, set ast.SelectionSet, at *place) error {
	for _, selection := range set {
		inner, next := set[:0:0], at
		switch sel := selection.(type) {
		case *ast.Field:
			inner, next = sel.SelectionSet, at.of(sel.Alias)
			next.fields++
		case *ast.InlineFragment:
			inner = sel.SelectionSet
		case *ast.FragmentSpread:
			if f := doc.Fragments.ForName(sel.Name); f != nil {
				inner = f.SelectionSet
			}
		}
		if err := over("fields of one name at one place", next.fields, l.Repeats); err != nil {
			return err
		}
		if err := l.repeats(doc, inner, next); err != nil {
			return err
		}
	}
	return nil
}
