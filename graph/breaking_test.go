package graph_test

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// breaks gathers what a client of one schema misses, or is told otherwise, in another.
type breaks []string

func (b *breaks) note(format string, args ...any) { *b = append(*b, fmt.Sprintf(format, args...)) }

// breaking lists what a client of the old schema may stumble over in the new one, sorted. A deprecation is none: what is
// deprecated answers.
func breaking(old, latest *ast.Schema) []string {
	var b breaks
	for kind, roots := range map[string][2]*ast.Definition{
		"query": {old.Query, latest.Query}, "mutation": {old.Mutation, latest.Mutation}, "subscription": {old.Subscription, latest.Subscription},
	} {
		if was, is := roots[0], roots[1]; was != nil && (is == nil || is.Name != was.Name) {
			b.note("%s is not the type of a %s any more", was.Name, kind)
		}
	}
	for name, was := range old.Types {
		switch is := latest.Types[name]; {
		case was.BuiltIn:
		case is == nil:
			b.note("%s is gone", name)
		case is.Kind != was.Kind:
			b.note("%s is %s instead of %s", name, is.Kind, was.Kind)
		default:
			b.definition(was, is)
		}
	}
	for name, was := range old.Directives {
		if is := latest.Directives[name]; is == nil {
			b.note("@%s is gone", name)
		} else {
			b.directive(was, is)
		}
	}
	slices.Sort(b)
	return b
}

func (b *breaks) definition(was, is *ast.Definition) {
	for _, i := range was.Interfaces {
		if !slices.Contains(is.Interfaces, i) {
			b.note("%s does not implement %s any more", was.Name, i)
		}
	}
	for _, member := range was.Types {
		if !slices.Contains(is.Types, member) {
			b.note("%s is not %s any more", member, was.Name)
		}
	}
	for _, v := range was.EnumValues {
		if is.EnumValues.ForName(v.Name) == nil {
			b.note("%s.%s is gone", was.Name, v.Name)
		}
	}
	if before, now := applied(was, "specifiedBy"), applied(is, "specifiedBy"); before != "" && before != now {
		b.note("%s is written otherwise: %s instead of %s", was.Name, now, before)
	}
	if applied(is, "oneOf") != "" && applied(was, "oneOf") == "" {
		b.note("%s takes exactly one of its fields from now on", was.Name)
	}
	if was.Kind == ast.InputObject {
		b.inputs(inputsOf(was), inputsOf(is))
		return
	}
	for _, f := range was.Fields {
		at := was.Name + "." + f.Name
		switch now := is.Fields.ForName(f.Name); {
		case now == nil:
			b.note("%s is gone", at)
		case !accepts(f.Type, now.Type):
			b.note("%s is %s instead of %s", at, now.Type, f.Type)
		default:
			b.inputs(argumentsOf(at, f.Arguments), argumentsOf(at, now.Arguments))
		}
	}
}

func (b *breaks) directive(was, is *ast.DirectiveDefinition) {
	for _, place := range was.Locations {
		if !slices.Contains(is.Locations, place) {
			b.note("@%s may not stand at %s any more", was.Name, place)
		}
	}
	if was.IsRepeatable && !is.IsRepeatable {
		b.note("@%s may not be repeated any more", was.Name)
	}
	b.inputs(argumentsOf("@"+was.Name, was.Arguments), argumentsOf("@"+was.Name, is.Arguments))
}

// input is an argument, or a field of an input object.
type input struct {
	at       string
	kind     *ast.Type
	fallback *ast.Value // nil: none
}

func argumentsOf(at string, list ast.ArgumentDefinitionList) (all []input) {
	for _, a := range list {
		all = append(all, input{at + "(" + a.Name + ")", a.Type, a.DefaultValue})
	}
	return all
}

func inputsOf(d *ast.Definition) (all []input) {
	for _, f := range d.Fields {
		all = append(all, input{d.Name + "." + f.Name, f.Type, f.DefaultValue})
	}
	return all
}

// inputs compares what clients give. Whoever left out what may not be null is served by a default; a default that is
// another, or gone, answers them otherwise.
func (b *breaks) inputs(was, is []input) {
	named := func(at string) func(input) bool { return func(i input) bool { return i.at == at } }
	for _, w := range was {
		at := slices.IndexFunc(is, named(w.at))
		if at < 0 {
			b.note("%s is gone", w.at)
			continue
		}
		now := is[at]
		needed := *now.kind
		needed.NonNull = needed.NonNull && now.fallback == nil
		if !accepts(&needed, w.kind) {
			b.note("%s is %s instead of %s", w.at, now.kind, w.kind)
		}
		switch {
		case w.fallback == nil:
		case now.fallback == nil:
			b.note("%s has no default any more instead of %s", w.at, w.fallback)
		case now.fallback.String() != w.fallback.String():
			b.note("%s has the default %s instead of %s", w.at, now.fallback, w.fallback)
		}
	}
	for _, i := range is {
		if !slices.ContainsFunc(was, named(i.at)) && i.kind.NonNull && i.fallback == nil {
			b.note("%s is needed from now on", i.at)
		}
	}
}

// applied is a directive as it stands on a type; empty where it does not.
func applied(d *ast.Definition, name string) string {
	found := d.Directives.ForName(name)
	switch {
	case found == nil:
		return ""
	case len(found.Arguments) == 0:
		return "@" + name
	}
	return found.Arguments[0].Value.String()
}

// accepts tells whether whoever takes the one type can take the other: what is never null can stand for what
// may be, in lists as well.
func accepts(takes, given *ast.Type) bool {
	if takes.NonNull && !given.NonNull || (takes.Elem == nil) != (given.Elem == nil) {
		return false
	}
	if takes.Elem != nil {
		return accepts(takes.Elem, given.Elem)
	}
	return takes.NamedType == given.NamedType
}
