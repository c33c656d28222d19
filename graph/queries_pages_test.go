package graph_test

import (
	"encoding/json"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/graph"
)

// paged is what a page says of itself, in as many ways as were asked for.
type paged struct {
	lengths   []int    // of nodes and of edges
	cursors   []string // of the edges, nil where not asked for
	info      map[string]json.RawMessage
	total     *int
	size      int // how many rows were asked for
	backwards bool
}

// page holds a connection to itself: lists of one length, no longer than asked for, cursors that are those of the page's
// ends, and a next page only behind a full one.
func (c *checking) page(raw json.RawMessage, f *asked, on *ast.Definition) error {
	p := paged{size: graph.DefaultPageSize, info: map[string]json.RawMessage{}}
	for name, backwards := range map[string]bool{"first": false, "last": true} {
		if a := f.Arguments.ForName(name); a != nil {
			value, err := a.Value.Value(c.variables)
			if err != nil || value == nil {
				continue
			}
			if _, err := fmt.Sscan(fmt.Sprint(value), &p.size); err != nil {
				return err
			}
			p.backwards = backwards
		}
	}
	if err := c.describe(&p, raw, f, on); err != nil {
		return err
	}
	return p.agrees()
}

func (c *checking) describe(p *paged, raw json.RawMessage, f *asked, on *ast.Definition) error {
	fields, err := members(raw)
	if err != nil {
		return err
	}
	for i, part := range c.collect(f.set, on, nil) {
		value := fields[i].value
		switch part.Name {
		case "totalCount":
			if err := json.Unmarshal(value, &p.total); err != nil {
				return err
			}
		case "pageInfo":
			for name, value := range c.byName(value, part, "PageInfo") {
				p.info[name] = value
			}
		case "nodes", "edges":
			var rows []json.RawMessage
			if err := json.Unmarshal(value, &rows); err != nil {
				return err
			}
			p.lengths = append(p.lengths, len(rows))
			for _, row := range rows {
				if cursor := c.byName(row, part, on.Fields.ForName(part.Name).Type.Name())["cursor"]; part.Name == "edges" && cursor != nil {
					p.cursors = append(p.cursors, string(cursor))
				}
			}
		}
	}
	return nil
}

// byName are the fields of an object by their names in the schema.
func (c *checking) byName(raw json.RawMessage, f *asked, kind string) map[string]json.RawMessage {
	found := map[string]json.RawMessage{}
	fields, err := members(raw)
	if err != nil || c.schema.Types[kind].IsAbstractType() {
		return found
	}
	for i, part := range c.collect(f.set, c.schema.Types[kind], nil) {
		found[part.Name] = fields[i].value
	}
	return found
}

func (p paged) agrees() error {
	if len(p.lengths) == 0 {
		return nil
	}
	n := p.lengths[0]
	for _, length := range p.lengths {
		if length != n || n > p.size {
			return fmt.Errorf(": lists of %v rows where %d were asked for", p.lengths, p.size)
		}
	}
	if p.total != nil && *p.total < n {
		return fmt.Errorf(": %d rows of %d in all", n, *p.total)
	}
	beyond := p.info["hasNextPage"]
	if p.backwards {
		beyond = p.info["hasPreviousPage"]
	}
	if string(beyond) == "true" && n < p.size {
		return fmt.Errorf(": %d rows of %d, and yet more behind them", n, p.size)
	}
	for name, at := range map[string]int{"startCursor": 0, "endCursor": n - 1} {
		cursor := string(p.info[name])
		switch {
		case cursor == "":
		case (cursor == "null") != (n == 0):
			return fmt.Errorf(".%s of %d rows is %s", name, n, cursor)
		case n > 0 && len(p.cursors) >= n && p.cursors[at] != cursor:
			return fmt.Errorf(".%s is %s, and that of the row %s", name, cursor, p.cursors[at])
		}
	}
	return nil
}
