package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
)

// Queries are kept parsed under their text, and as text under their hash where a client asks for that: so
// many, and none whose key or text is longer than so many bytes. A longer one is answered and not kept.
const (
	keptQueries = 1000
	keptBytes   = 16 << 10
)

// kept is a cache of queries.
type kept[T any] struct {
	graphql.Cache[T]
	name string
	told func(cache string, hit bool) // nil: nobody is
}

func newKept[T any](name string, told func(cache string, hit bool)) kept[T] {
	return kept[T]{lru.New[T](keptQueries), name, told}
}

// Get finds a query.
func (k kept[T]) Get(ctx context.Context, key string) (T, bool) {
	value, hit := k.Cache.Get(ctx, key)
	if k.told != nil {
		k.told(k.name, hit)
	}
	return value, hit
}

// Add keeps a query, unless it is too long.
func (k kept[T]) Add(ctx context.Context, key string, value T) {
	text, _ := any(value).(string)
	if max(len(key), len(text)) <= keptBytes {
		k.Cache.Add(ctx, key, value)
	}
}
