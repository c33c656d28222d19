package limits

import "github.com/vektah/gqlparser/v2/ast"

// shape is how a piece of a query is written.
type shape struct {
	depth, fields, aliases, roots, directives int
}

// beside is the shape of two pieces that stand side by side.
func (s shape) beside(o shape) shape {
	return shape{
		depth: max(s.depth, o.depth), fields: add(s.fields, o.fields), aliases: add(s.aliases, o.aliases),
		roots: add(s.roots, o.roots), directives: add(s.directives, o.directives),
	}
}

// within is the shape of a field around its selection.
func (s shape) within(f *ast.Field) shape {
	s.depth, s.fields, s.roots = add(s.depth, 1), add(s.fields, 1), 1
	if f.Alias != "" && f.Alias != f.Name {
		s.aliases = add(s.aliases, 1)
	}
	s.directives = add(s.directives, len(f.Directives))
	return s
}

// shaper measures each fragment once.
type shaper struct {
	fragments ast.FragmentDefinitionList
	known     map[string]shape
}

// Check measures a parsed document, valid or not, and returns an *Exceeded for the first limit that is
// exceeded. All of its operations count together, though one is run: each of them is validated.
func (l Limits) Check(doc *ast.QueryDocument) error {
	s := shaper{fragments: doc.Fragments, known: map[string]shape{}}
	var total shape
	for _, op := range doc.Operations {
		total = total.beside(s.measure(op.SelectionSet))
		total.directives = add(total.directives, len(op.Directives))
		for _, v := range op.VariableDefinitions {
			total.directives = add(total.directives, len(v.Directives))
		}
	}
	if err := l.hold(total); err != nil {
		return err
	}
	for _, f := range doc.Fragments { // also those that nobody uses
		m := s.fragment(f.Name)
		m.roots = 0 // only where it is used in the operation itself
		if err := l.hold(m); err != nil {
			return err
		}
	}
	return nil
}

func (l Limits) hold(m shape) error {
	for _, c := range []struct {
		what       string
		met, limit int
	}{
		{"levels of fields", m.depth, l.Depth}, {"fields", m.fields, l.Fields}, {"aliases", m.aliases, l.Aliases},
		{"root fields", m.roots, l.RootFields}, {"directives", m.directives, l.Directives},
	} {
		if err := over(c.what, c.met, c.limit); err != nil {
			return err
		}
	}
	return nil
}

func (s *shaper) measure(set ast.SelectionSet) (total shape) {
	for _, selection := range set {
		switch sel := selection.(type) {
		case *ast.Field:
			total = total.beside(s.measure(sel.SelectionSet).within(sel))
		case *ast.InlineFragment:
			inner := s.measure(sel.SelectionSet)
			inner.directives = add(inner.directives, len(sel.Directives))
			total = total.beside(inner)
		case *ast.FragmentSpread:
			inner := s.fragment(sel.Name)
			inner.directives = add(inner.directives, len(sel.Directives))
			total = total.beside(inner)
		}
	}
	return total
}

// fragment measures a fragment. One that is within itself, or does not exist, counts as a field here: it is refused when the
// query is validated, and that too costs something for each time that it is met.
func (s *shaper) fragment(name string) shape {
	if known, ok := s.known[name]; ok {
		return known
	}
	s.known[name] = shape{fields: 1}
	f := s.fragments.ForName(name)
	if f == nil {
		return s.known[name]
	}
	m := s.measure(f.SelectionSet)
	m.directives = add(m.directives, len(f.Directives))
	s.known[name] = m
	return m
}
