package graph

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/kasparro/kasparro/graph/limits"
)

// Limits are what a request may take. They are told to clients by serviceConfig.
type Limits struct {
	limits.Limits

	PageSize int           // rows of a page at most
	Time     time.Duration // of a request, the SQL in it included
	Errors   int           // of a query that cannot be executed, told at most

	RequestsPerMinute  int // of one key, which the server in front counts; 0 is no limit
	ConcurrentRequests int // of one key, which the server in front counts; 0 is no limit

	ConcurrentSubscriptions int // of one key; 0 is no limit
}

// DefaultLimits are above what tools and real queries need: the introspection of graphql-js has 183 tokens and
// 15 levels, and a page of 500 records with their payloads, assets and listings costs 21,001.
var DefaultLimits = Limits{
	Limits:   limits.Limits{Tokens: 4000, Depth: 20, Fields: 1000, Aliases: 100, RootFields: 20, Directives: 50, Cost: 200_000},
	PageSize: 500, Time: 15 * time.Second, Errors: 10,
}

// gate refuses queries that ask for too much, before anything of them is run: by how they are written
// before they are validated, since validating costs as well, and by what they would cost as soon as their
// variables are known.
type gate struct {
	limits Limits
	cache  graphql.Cache[*ast.QueryDocument]
	schema *ast.Schema
}

// ExtensionName implements graphql.HandlerExtension.
func (gate) ExtensionName() string { return "Gate" }

// Validate implements graphql.HandlerExtension.
func (gate) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters measures a query that has not been seen before.
func (g gate) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if _, known := g.cache.Get(ctx, p.Query); known {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: p.Query}, g.limits.Tokens)
	if err != nil {
		e := gqlerror.WrapIfUnwrapped(err)
		switch {
		case strings.HasPrefix(e.Message, tokenLimit):
			return tooComplex(&limits.Exceeded{What: "tokens", Met: g.limits.Tokens + 1, Limit: g.limits.Tokens, AtLeast: true})
		case strings.HasPrefix(e.Message, nestingLimit):
			return tooComplex(&limits.Exceeded{What: "levels of fields", Met: g.limits.Depth + 1, Limit: g.limits.Depth, AtLeast: true})
		}
		errcode.Set(e, errcode.ParseFailed)
		return e
	}
	if err := g.limits.Check(doc); err != nil {
		return tooComplex(err)
	}
	return nil
}

// maxListItems is how many items a list in a filter may have.
const maxListItems = 500

// prices of the schema's fields: payloads are as large as many others, and a run may have met many drifts.
var prices = limits.Prices{
	DefaultPage: DefaultPageSize,
	Rows:        map[string]int{"EtlRun.drifts": maxDriftsOfRun, "Stats.recentRuns": recentRuns},
	Weight:      map[string]int{"Record.raw": 20, "Record.rawExpired": 20, "Rejection.payload": 20, "EtlRun.cursorBefore": 20, "EtlRun.cursorAfter": 20},
}

// costKey names the cost in the extensions of an answer.
const costKey = "cost"

// MutateOperationContext refuses what would cost too much, and has the answer say what it did cost.
func (g gate) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if err := limits.Values(op.Doc, op.Operation, op.Variables, maxListItems); err != nil {
		return tooComplex(err)
	}
	if err := checkVariables(g.schema, op.Operation, op.Variables); err != nil {
		return err
	}
	cost := limits.Cost(op.Doc, op.Operation, op.Variables, prices)
	if err := g.limits.CheckCost(cost); err != nil {
		return tooComplex(err)
	}
	op.Stats.SetExtension(costKey, map[string]int{"requested": cost, "limit": g.limits.Cost})
	return nil
}

// InterceptResponse reports the cost.
func (g gate) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if graphql.HasOperationContext(ctx) {
		if cost := graphql.GetOperationContext(ctx).Stats.GetExtension(costKey); cost != nil {
			graphql.RegisterExtension(ctx, costKey, cost)
		}
	}
	return next(ctx)
}

// tooComplex keeps the cause, whose figures the answer shows.
func tooComplex(cause error) *gqlerror.Error {
	e := &gqlerror.Error{Err: cause, Message: cause.Error(), Extensions: map[string]any{"code": CodeQueryTooComplex}}
	var exceeded *limits.Exceeded
	var bad *limits.Bad
	switch {
	case errors.As(cause, &bad):
		e.Extensions["code"] = CodeBadUserInput
	case errors.As(cause, &exceeded):
		e.Extensions["limit"], e.Extensions["met"] = exceeded.Limit, exceeded.Met
	}
	return e
}
