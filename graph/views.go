package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/internal/market"
)

// views has a query answered from one copy of the data, which may be a little behind. What a mutation answers is read where it
// was written, and what a subscription tells, where it was heard of: a copy may not have it yet.
type views struct{ reader market.Reader }

// ExtensionName implements graphql.HandlerExtension.
func (views) ExtensionName() string { return "Views" }

// Validate implements graphql.HandlerExtension.
func (views) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation chooses the view. A GET has one already, under which the version of its tag is read.
func (views) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	switch graphql.GetOperationContext(ctx).Operation.Operation {
	case ast.Query:
		if market.ViewOf(ctx) == nil {
			ctx = market.WithView(ctx, &market.View{})
		}
	case ast.Mutation:
		ctx = market.WithView(ctx, &market.View{Current: true})
	default:
		ctx = market.WithoutView(ctx)
	}
	return next(ctx)
}

// InterceptResponse has the reader know what is going to be shown, so that nobody is shown an older state afterwards.
func (v views) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	view := market.ViewOf(ctx)
	switch {
	case answer == nil || view == nil:
	case view.Current:
		_, _ = v.reader.Version(ctx) // which is that of the mutation, or a later one; where it cannot be read, nothing else can
	default:
		view.Shown(ctx)
	}
	return answer
}
