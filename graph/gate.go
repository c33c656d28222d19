package graph

import (
	"context"
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kasparro/kasparro/graph/limits"
	"github.com/kasparro/kasparro/graph/wire"
	"github.com/kasparro/kasparro/internal/market"
)

// Limits are what a request may take. They are told to clients by serviceConfig.
type Limits struct {
	limits.Limits

	PageSize     int   // rows of a page at most
	PayloadBytes int64 // of the payloads in an answer at most

	Time   time.Duration // of a request, the SQL in it included
	Errors int           // of a query that cannot be executed, told at most

	RequestsPerMinute  int // of one key, which the server in front counts; 0 is no limit
	ConcurrentRequests int // of one key, which the server in front counts; 0 is no limit
	ConcurrentCost     int // of the queries of one key that are being answered, which the server counts; 0 is no limit

	ConcurrentSubscriptions int // of one key; 0 is no limit
}

// DefaultLimits are above what tools and real queries need: the introspection of graphql-js has 183 tokens and
// 15 levels, and a page of 500 records with their payloads, assets and listings costs 21,001.
var DefaultLimits = Limits{
	Limits: limits.Limits{Tokens: 4000, Depth: 20, Fields: 1000, Aliases: 100, RootFields: 20, Directives: 50, Repeats: 100,
		NameLength: 128, ListItems: 500, Cost: 200_000},
	PageSize: 500, PayloadBytes: 32 << 20, Time: 15 * time.Second, Errors: 10,
}

// gate refuses queries that ask for too much, before anything of them is run: by how they are written
// before they are validated, since validating costs as well, and by what they would cost as soon as their
// variables are known.
type gate struct {
	limits   Limits
	cache    graphql.Cache[*ast.QueryDocument]
	schema   *ast.Schema
	discreet bool // suggests no names of the schema
	door     wire.Door
}

// ExtensionName implements graphql.HandlerExtension.
func (gate) ExtensionName() string { return "Gate" }

// Validate implements graphql.HandlerExtension.
func (gate) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters measures and validates a query that has not been seen before, and hands it on.
func (g gate) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if err := g.limits.CheckLists(p.Variables); err != nil {
		return tooComplex(err)
	}
	op := graphql.GetOperationContext(ctx)
	doc, known := g.cache.Get(ctx, p.Query)
	if !known {
		var errs gqlerror.List
		if doc, errs = g.parse(p.Query); len(errs) > 0 {
			op.Stats.SetExtension(invalidKey, errs)
			return errs[0]
		}
		g.cache.Add(ctx, p.Query, doc)
	}
	op.Doc = doc
	return g.prepare(doc, p)
}

// prices of the schema's fields: payloads are as large as many others, what was rejected may be a quarter of a megabyte of a
// file that is none, and a run may have met many drifts.
var prices = limits.Prices{
	DefaultPage: DefaultPageSize,
	Rows:        map[string]int{"EtlRun.drifts": maxDriftsOfRun, "Stats.recentRuns": recentRuns},
	Weight:      map[string]int{"Record.raw": 20, "Record.rawExpired": 20, "Rejection.payload": 200, "EtlRun.cursorBefore": 20, "EtlRun.cursorAfter": 20},
}

// costKey names the cost in the extensions of an answer.
const costKey = "cost"

// MutateOperationContext refuses what would cost too much, and has the answer say what it did cost.
func (g gate) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if err := g.limits.CheckValues(op.Doc, op.Operation, op.Variables, g.readable); err != nil {
		return tooComplex(err)
	}
	if err := checkSubscription(op); err != nil {
		return err
	}
	cost := limits.Cost(op.Doc, op.Operation, op.Variables, prices)
	if err := g.limits.CheckCost(cost); err != nil {
		return tooComplex(err)
	}
	if err := g.spend(ctx, cost); err != nil {
		return err
	}
	op.Stats.SetExtension(costKey, map[string]int{"requested": cost, "limit": g.limits.Cost})
	return nil
}

// spend counts the cost among what is being answered for the key.
func (g gate) spend(ctx context.Context, cost int) *gqlerror.Error {
	if g.door == nil {
		return nil
	}
	err := g.door.Spend(ctx, cost)
	if err == nil {
		return nil
	}
	e := coded(CodeTooManyRequests, "%s", err)
	var figures interface{ Figures() (met, limit int64) }
	if errors.As(err, &figures) {
		e.Extensions["met"], e.Extensions["limit"] = figures.Figures()
	}
	return e
}

// maxFailures is how many fields that failed are told of one answer: each error repeats the whole path to its row.
const maxFailures = 100

// InterceptResponse reports the cost, and says of many fields that failed how many more there are.
func (g gate) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if graphql.HasOperationContext(ctx) {
		if cost := graphql.GetOperationContext(ctx).Stats.GetExtension(costKey); cost != nil {
			graphql.RegisterExtension(ctx, costKey, cost)
		}
	}
	answer := next(market.WithPayloads(ctx, g.limits.PayloadBytes))
	if answer != nil && len(answer.Errors) > maxFailures {
		rest := len(answer.Errors) - maxFailures
		code, _ := answer.Errors[maxFailures].Extensions["code"].(string)
		answer.Errors = append(answer.Errors[:maxFailures:maxFailures], coded(code, "%d more fields failed", rest))
	}
	return answer
}

// tooComplex keeps the cause, whose figures the answer shows.
func tooComplex(cause error) *gqlerror.Error {
	code := CodeQueryTooComplex
	var bad *limits.Bad
	if errors.As(cause, &bad) {
		code = CodeBadUserInput
	}
	return &gqlerror.Error{Err: cause, Message: cause.Error(), Extensions: map[string]any{"code": code}}
}
