package graph

import (
	"context"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// rows writes pages of records: which fields are asked for is found out once for each page, and every row is then
// written straight into the answer. The executor would find that out anew for every row, at some hundred
// allocations each. The bytes are the same. Where a selection has a field that is not listed in rowfields.go, or an asset
// cannot be had, the whole page is left to the executor.
type rows struct{ reader market.Reader }

// ExtensionName implements graphql.HandlerExtension.
func (rows) ExtensionName() string { return "Rows" }

// Validate implements graphql.HandlerExtension.
func (rows) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptField puts written rows in the place of those that a page of records resolves to.
func (w rows) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	resolved, err := next(ctx)
	if err != nil || resolved == nil {
		return resolved, err
	}
	switch list := resolved.(type) {
	case []*model.Record:
		return written(ctx, resolved, recordObject, page[model.Record]{w.reader, list, new(int64)})
	case []*model.RecordEdge:
		return written(ctx, resolved, edgeObject, page[model.RecordEdge]{w.reader, list, new(int64)})
	}
	return resolved, nil
}

// page is a list with what is needed to read what hangs on its rows.
type page[T any] struct {
	reader   market.Reader
	rows     []*T
	payloads *int64 // bytes of payloads in it
}

// written is the page as text, or else what was resolved. Once ctx has ended it is neither: each field of each row would
// only find that out by itself.
func written[T any](ctx context.Context, resolved any, o object[T], p page[T]) (any, error) {
	if len(p.rows) == 0 {
		return resolved, nil
	}
	write, ok := compile(ctx, graphql.GetFieldContext(ctx).Field, o, p)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !ok, market.CarryPayloads(ctx, *p.payloads) != nil:
		return resolved, nil
	}
	return graphql.Marshaler(text(writeList(p.rows, write))), nil
}

func writeList[T any](list []*T, write writer[T]) []byte {
	const most = 1 << 20 // bytes that are claimed beforehand
	buf := []byte{'['}
	for i, row := range list {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = write(buf, row)
		if i == 0 { // the others are about as long
			buf = slices.Grow(buf, min(len(buf)*len(list)*5/4, most))
		}
	}
	return append(buf, ']')
}

// text is JSON that is written already.
type text []byte

// MarshalGQL implements graphql.Marshaler.
func (t text) MarshalGQL(w io.Writer) { _, _ = w.Write(t) }

// writer appends a value to a text.
type writer[T any] func(buf []byte, value *T) []byte

// object is how values of a type of the schema are written.
type object[T any] struct {
	name   string
	kinds  []string // the types that a fragment on it may name
	fields map[string]writer[T]
	nested map[string]nested[T]
}

// nested makes the writer of a field that takes more than the row: it reads what is needed for all rows, and returns false
// where that, or the field's selection, is left to the executor.
type nested[T any] func(context.Context, graphql.CollectedField, page[T]) (writer[T], bool)

// compile makes the writer of what a field selects of its objects.
func compile[T any](ctx context.Context, field graphql.CollectedField, o object[T], p page[T]) (writer[T], bool) {
	type part struct {
		key   string // with what comes before it
		write writer[T]
	}
	var parts []part
	for _, f := range graphql.CollectFields(graphql.GetOperationContext(ctx), field.Selections, o.kinds) {
		write, ok := o.fields[f.Name]
		if writerOf, is := o.nested[f.Name]; is {
			write, ok = writerOf(ctx, f, p)
		}
		if f.Name == "__typename" {
			write, ok = func(buf []byte, _ *T) []byte { return append(append(append(buf, '"'), o.name...), '"') }, true
		}
		if !ok {
			return nil, false
		}
		before := ","
		if len(parts) == 0 {
			before = "{"
		}
		parts = append(parts, part{before + `"` + f.Alias + `":`, write})
	}
	return func(buf []byte, value *T) []byte {
		for _, p := range parts {
			buf = p.write(append(buf, p.key...), value)
		}
		return append(buf, '}')
	}, len(parts) > 0
}
