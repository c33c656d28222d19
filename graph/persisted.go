package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
)

// Queries that clients have had kept under their hash: so many, each of so many bytes at most. A longer one is
// answered and not kept.
const (
	persistedQueries = 1000
	persistedBytes   = 16 << 10
)

// persisted keeps queries for automatic persisted queries.
type persisted struct{ graphql.Cache[string] }

func newPersisted() persisted { return persisted{lru.New[string](persistedQueries)} }

// Add keeps a query, unless it is too long.
func (p persisted) Add(ctx context.Context, hash, query string) {
	if len(query) <= persistedBytes {
		p.Cache.Add(ctx, hash, query)
	}
}
