package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// checking holds data against the query that it answers, and notes the texts in it.
type checking struct {
	schema    *ast.Schema
	doc       *ast.QueryDocument
	variables map[string]any
	seen      map[string][]string
	spoilt    bool // the query may have lost its __typename
}

// member is a key of an object with its value, in the order in which they came.
type member struct {
	key   string
	value json.RawMessage
}

func members(raw json.RawMessage) (all []member, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, fmt.Errorf("no object: %.100s", raw)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		all = append(all, member{key.(string), value})
	}
	return all, nil
}

// asked is a field of an answer as the query has it, with all that is selected of it.
type asked struct {
	*ast.Field

	set ast.SelectionSet
}

// collect finds what is selected of an object of a type, in the order of the query.
func (c *checking) collect(set ast.SelectionSet, on *ast.Definition, all []*asked) []*asked {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if c.left(s.Directives) {
				continue
			}
			if i := slices.IndexFunc(all, func(a *asked) bool { return a.Alias == s.Alias }); i >= 0 {
				all[i].set = append(all[i].set[:len(all[i].set):len(all[i].set)], s.SelectionSet...)
				continue
			}
			all = append(all, &asked{s, s.SelectionSet})
		case *ast.InlineFragment:
			if !c.left(s.Directives) && c.fits(s.TypeCondition, on) {
				all = c.collect(s.SelectionSet, on, all)
			}
		case *ast.FragmentSpread:
			if f := c.doc.Fragments.ForName(s.Name); !c.left(s.Directives) && c.fits(f.TypeCondition, on) {
				all = c.collect(f.SelectionSet, on, all)
			}
		}
	}
	return all
}

func (c *checking) fits(condition string, on *ast.Definition) bool {
	return condition == "" || condition == on.Name || slices.Contains(on.Interfaces, condition)
}

// left tells whether directives leave a selection out.
func (c *checking) left(directives ast.DirectiveList) bool {
	for _, d := range directives {
		value, err := d.Arguments.ForName("if").Value.Value(c.variables)
		if err == nil && value == (d.Name == "skip") {
			return true
		}
	}
	return false
}

// object holds an object to what is selected of it.
func (c *checking) object(raw json.RawMessage, set ast.SelectionSet, on *ast.Definition) error {
	have, err := members(raw)
	if err != nil {
		return err
	}
	if on.IsAbstractType() { // queries on such ask for __typename first
		if c.spoilt && (len(have) == 0 || have[0].key != "__typename") {
			return nil
		}
		var name string
		if len(have) == 0 || have[0].key != "__typename" || json.Unmarshal(have[0].value, &name) != nil || c.schema.Types[name] == nil {
			return fmt.Errorf("a %s without its type: %.100s", on.Name, raw)
		}
		on = c.schema.Types[name]
	}
	want := c.collect(set, on, nil)
	if len(want) != len(have) {
		return fmt.Errorf("%d of %d fields: %.200s", len(have), len(want), raw)
	}
	for i, f := range want {
		if have[i].key != f.Alias {
			return fmt.Errorf("%s where %s was asked for: %.200s", have[i].key, f.Alias, raw)
		}
		if f.Name == "__typename" {
			continue
		}
		if err := c.value(have[i].value, f, on.Fields.ForName(f.Name).Type); err != nil {
			return fmt.Errorf("%s.%w", f.Name, err)
		}
	}
	return nil
}

func (c *checking) value(raw json.RawMessage, f *asked, kind *ast.Type) error {
	if string(raw) == "null" {
		if kind.NonNull {
			return fmt.Errorf(" is null, and %s", kind)
		}
		return nil
	}
	if kind.Elem != nil {
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, item := range list {
			if err := c.value(item, f, kind.Elem); err != nil {
				return err
			}
		}
		return nil
	}
	if def := c.schema.Types[kind.NamedType]; !def.IsLeafType() {
		if err := c.object(raw, f.set, def); err != nil || !strings.HasSuffix(def.Name, "Connection") {
			return err
		}
		return c.page(raw, f, def)
	}
	return c.leaf(raw, f.Name, c.schema.Types[kind.NamedType])
}

var plainDecimal = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d*[1-9])?$`)

func (c *checking) leaf(raw json.RawMessage, field string, kind *ast.Definition) error {
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return err
	}
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	_, isBool := value.(bool)
	ok := true
	switch kind.Name {
	case "Int":
		_, err := number.Int64()
		ok = isNumber && err == nil
	case "Float":
		ok = isNumber
	case "Boolean":
		ok = isBool
	case "Decimal":
		ok = plainDecimal.MatchString(text)
	case "DateTime":
		at, err := time.Parse(time.RFC3339Nano, text)
		ok = err == nil && at.Format(time.RFC3339Nano) == text && at.Location() == time.UTC
	case "JSON":
	default:
		ok = isText && (kind.Kind != ast.Enum || kind.EnumValues.ForName(text) != nil)
	}
	if !ok {
		return fmt.Errorf(" is no %s: %.100s", kind.Name, raw)
	}
	if isText && len(c.seen[field]) < 500 {
		c.seen[field] = append(c.seen[field], text)
	}
	return nil
}
