// Package graph is the GraphQL API: the schema, what answers each of its fields, and the handler
// that serves it.
package graph

//go:generate go tool gqlgen generate
//go:generate go test -count=1 -run ^(TestTheSchemaIsCheckedIn|TestNothingBreaksUndeclared)$ . -args -schema.update

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/graph/wire"
	"github.com/kasparro/kasparro/internal/market"
)

// Options are what the API is made of. All but Feed, Door, MaxBodyBytes and ConsensusMaxAge are required.
type Options struct {
	Reader    market.Reader
	Operator  Operator
	Keys      Keys
	Feed      *live.Feed // what subscriptions follow; nil: nothing is ever committed
	Timetable market.Timetable
	Sources   []string // the names that a filter may give
	Version   string   // of the service
	Now       func() time.Time
	Log       *slog.Logger
	// Door is that of the server in front, which counts what is subscribed to; nil serves no subscriptions.
	Door wire.Door
	// MayConnect tells which pages may open sockets, by the Origin of an upgrade; nil: those of the same origin.
	MayConnect   func(*http.Request) bool
	MaxBodyBytes int32 // what the server in front lets through, told to clients; 0 is 1 MiB
	// ConsensusMaxAge is how old a price in a consensus may be, told to clients; 0 is market.DefaultConsensusAge.
	ConsensusMaxAge time.Duration
	// Limits of a request; the zero value is DefaultLimits.
	Limits Limits
	// Documents are queries that clients may ask for by id.
	Documents Documents
	// Watch, where set, is told of every operation, by what of gqlgen's hooks it implements.
	Watch graphql.HandlerExtension
	// OnCache, where set, is told of each look into a cache of queries, "parsed" or "persisted".
	OnCache func(cache string, hit bool)
	// NoIntrospection keeps the schema to itself, and errors from suggesting its names.
	NoIntrospection bool
}

// Resolver answers the fields of the schema. What hangs on a row is read for all rows that were
// read with it at once: see model.Together.
type Resolver struct{ Options }

// assess reads how the sources stand.
func (r *Resolver) assess(ctx context.Context) (market.Health, error) {
	states, err := r.Reader.SourceStates(ctx)
	if err != nil {
		return market.Health{}, err
	}
	return market.Assess(states, r.Timetable, r.Now()), nil
}

// checkSources refuses names of sources that do not exist.
func (r *Resolver) checkSources(names ...string) error {
	for _, name := range names {
		if !slices.Contains(r.Sources, name) {
			return &market.InputError{
				Field: "source", Given: name, Allowed: "known are " + strings.Join(r.Sources, ", "),
			}
		}
	}
	return nil
}

// orZero is what p points to, and the zero value for nil: arguments that are null or left out.
func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// keyOf names a read: a field with its arguments.
func keyOf(field string, arguments ...any) string {
	text, err := json.Marshal(arguments)
	if err != nil {
		panic(fmt.Sprintf("graph: arguments must be plain data: %v", err))
	}
	return field + string(text)
}

// distinct are the different values of a number of the rows.
func distinct[T any](rows []*T, of func(*T) int64) []int64 {
	values := make([]int64, len(rows))
	for i, row := range rows {
		values[i] = of(row)
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// byNumber finds rows by a number of theirs.
func byNumber[T any](rows []*T, of func(*T) int64) map[int64]*T {
	found := make(map[int64]*T, len(rows))
	for _, row := range rows {
		found[of(row)] = row
	}
	return found
}

// perNumber gathers rows by a number of theirs, in the order they have.
func perNumber[T any](rows []*T, of func(*T) int64) map[int64][]*T {
	found := map[int64][]*T{}
	for _, row := range rows {
		found[of(row)] = append(found[of(row)], row)
	}
	return found
}
