package graph

import (
	"bytes"
	"cmp"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/kasparro/kasparro/graph/generated"
	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/graph/wire"
)

// schema is what the API understands. An answer goes out in one piece, so there is no @defer, which the executor would
// obey: what is deferred would be null, and never come.
var schema = func() *ast.Schema {
	s := generated.NewExecutableSchema(generated.Config{}).Schema()
	delete(s.Directives, "defer")
	return s
}()

// NewHandler returns the handler of /graphql. What is live in it is to be closed when the service ends.
func NewHandler(o Options) wire.Handler { return newHandler(o, rows{o.Reader}) }

// newHandler makes it with more extensions, whose answers are the same to the byte.
func newHandler(o Options, more ...graphql.HandlerExtension) wire.Handler {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.Feed == nil {
		o.Feed = live.New(o.Reader, o.Log) // which nobody runs
	}
	exec := executor.New(generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{o}}))
	parsed := handed{newKept[*ast.QueryDocument]("parsed", o.OnCache)}
	exec.SetQueryCache(parsed)
	exec.SetErrorPresenter(presenter{o.Log, o.NoIntrospection}.present)
	exec.SetRecoverFunc(recovered)
	if o.Watch != nil { // before all others: it sees what becomes of what they do
		exec.Use(o.Watch)
	}
	exec.Use(library{o.Documents})
	exec.Use(extension.AutomaticPersistedQuery{Cache: newKept[string]("persisted", o.OnCache)})
	exec.Use(gate{o.Limits, parsed, schema, o.NoIntrospection, o.Door})
	exec.Use(wire.EventTime{})
	exec.Use(views{o.Reader})
	for _, extension := range more {
		exec.Use(extension)
	}
	if !o.NoIntrospection {
		exec.Use(extension.Introspection{})
	}
	h := wire.Handler{Exec: gated{exec}, Lasting: lasting, Time: o.Limits.Time, Errors: o.Limits.Errors,
		BadRequest: CodeBadUserInput, TooMany: CodeTooManyRequests, NoKey: CodeUnauthenticated}
	if o.Door != nil {
		h.Live = &wire.Live{Door: o.Door, Subscriptions: o.Limits.ConcurrentSubscriptions, MaxMessage: int64(cmp.Or(o.MaxBodyBytes, defaultMaxBody)), MayConnect: o.MayConnect}
	}
	return h
}

// SDL is the schema in GraphQL's own language.
func SDL() string {
	var text bytes.Buffer
	formatter.NewFormatter(&text).FormatSchema(schema)
	return text.String()
}
