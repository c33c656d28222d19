package graph

import (
	"bytes"
	"net/http"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/kasparro/kasparro/graph/generated"
)

// MaxQueryTokens is the most tokens in a query, several times what the largest queries of tools
// have (introspection needs about 300).
const MaxQueryTokens = 4000

// parsedQueries is how many parsed queries are kept: a client asks few different ones.
const parsedQueries = 1000

// NewHandler returns the handler of /graphql.
func NewHandler(o Options) http.Handler {
	srv := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{o}}))
	srv.AddTransport(transport.Options{})
	srv.AddTransport(transport.GET{})
	srv.AddTransport(transport.POST{})
	srv.SetParserTokenLimit(MaxQueryTokens)
	srv.SetQueryCache(lru.New[*ast.QueryDocument](parsedQueries))
	srv.SetErrorPresenter(presenter{o.Log}.present)
	srv.SetRecoverFunc(recovered)
	srv.Use(extension.Introspection{})
	return srv
}

// SDL is the schema in GraphQL's own language.
func SDL() string {
	var text bytes.Buffer
	formatter.NewFormatter(&text).FormatSchema(generated.NewExecutableSchema(generated.Config{}).Schema())
	return text.String()
}
