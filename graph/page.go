package graph

import (
	"context"
	"fmt"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// DefaultPageSize is the rows of a page where a query does not say how many.
const DefaultPageSize = 50

// pageArgs are the arguments of every list, nil where null or left out.
type pageArgs struct {
	First  *int32
	After  *string
	Last   *int32
	Before *string
}

// list is what a page is taken from: rows of T, placed by keys of K.
type list[T, K any] struct {
	scope market.CursorScope
	read  func(market.Window[K]) (market.Page[*T], error)
	key   func(*T) K
	count func(ctx context.Context) (int64, error)
}

// page reads the page that the arguments ask for, of so many rows at most, unless the query has no use for its rows.
func (l list[T, K]) page(ctx context.Context, most int, args pageArgs) (*model.Connection[T], error) {
	w, err := newWindow[K](args, l.scope, most)
	if err != nil {
		return nil, err
	}
	c := &model.Connection[T]{
		AppendCursor: func(b []byte, row *T) []byte { return market.AppendCursor(b, l.scope, l.key(row)) },
		Count:        l.count,
	}
	if !wantsRows(ctx) {
		return c, nil
	}
	page, err := l.read(w)
	if err != nil {
		return nil, err
	}
	c.Nodes = page.Items
	c.HasNext, c.HasPrevious = page.More, w.After != nil
	if w.Backward {
		c.HasNext, c.HasPrevious = w.Before != nil, page.More
	}
	return c, nil
}

// wantsRows tells whether the query asks for more of a connection than its totalCount.
func wantsRows(ctx context.Context) bool {
	for _, field := range graphql.CollectFieldsCtx(ctx, nil) {
		if field.Name != "totalCount" && field.Name != "__typename" {
			return true
		}
	}
	return false
}

// newWindow checks the arguments. Cursors must be of the scope.
func newWindow[K any](args pageArgs, scope market.CursorScope, most int) (market.Window[K], error) {
	w := market.Window[K]{Size: min(DefaultPageSize, most), Backward: args.Last != nil}
	if args.First != nil && args.Last != nil {
		return w, &market.InputError{
			Field: "first, last", Given: fmt.Sprintf("%d, %d", *args.First, *args.Last),
			Allowed: fmt.Sprintf("only one of them, from 1 to %d", most),
		}
	}
	var err error
	if w.Size, err = size("first", args.First, w.Size, most); err != nil {
		return w, err
	}
	if w.Size, err = size("last", args.Last, w.Size, most); err != nil {
		return w, err
	}
	if w.After, err = key[K]("after", args.After, scope); err != nil {
		return w, err
	}
	w.Before, err = key[K]("before", args.Before, scope)
	return w, err
}

func size(name string, given *int32, otherwise, most int) (int, error) {
	if given == nil {
		return otherwise, nil
	}
	n := int(*given)
	bad := &market.InputError{Field: name, Given: strconv.Itoa(n), Allowed: fmt.Sprintf("from 1 to %d", most)}
	switch {
	case n < 1:
		return 0, bad
	case n > most:
		return 0, &market.LimitError{Met: n, Limit: most, Err: bad}
	}
	return n, nil
}

func key[K any](name string, cursor *string, scope market.CursorScope) (*K, error) {
	if cursor == nil {
		return nil, nil
	}
	k, err := market.DecodeCursor[K](scope, *cursor)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &k, nil
}
