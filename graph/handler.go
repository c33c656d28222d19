package graph

import (
	"bytes"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/kasparro/kasparro/graph/generated"
	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/graph/wire"
)

// NewHandler returns the handler of /graphql.
func NewHandler(o Options) http.Handler { return newHandler(o, rows{o.Reader}) }

// newHandler makes it with more extensions, whose answers are the same to the byte.
func newHandler(o Options, more ...graphql.HandlerExtension) http.Handler {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.Live == nil {
		o.Live = live.New(o.Reader, o.Log) // which nobody runs
	}
	exec := executor.New(generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{o}}))
	parsed := newKept[*ast.QueryDocument]()
	exec.SetQueryCache(parsed)
	exec.SetErrorPresenter(presenter{o.Log, o.NoIntrospection}.present)
	exec.SetRecoverFunc(recovered)
	exec.SetDisableSuggestion(o.NoIntrospection)
	exec.Use(library{o.Documents})
	exec.Use(extension.AutomaticPersistedQuery{Cache: newKept[string]()})
	exec.Use(gate{o.Limits, parsed})
	for _, extension := range more {
		exec.Use(extension)
	}
	if !o.NoIntrospection {
		exec.Use(extension.Introspection{})
	}
	return wire.Handler{Exec: exec, BadRequest: CodeBadUserInput, Lasting: lasting, Time: o.Limits.Time, Errors: o.Limits.Errors}
}

// SDL is the schema in GraphQL's own language.
func SDL() string {
	var text bytes.Buffer
	formatter.NewFormatter(&text).FormatSchema(generated.NewExecutableSchema(generated.Config{}).Schema())
	return text.String()
}
