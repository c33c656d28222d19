package telemetry

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

type graphqlMetrics struct {
	names      *names
	operations *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	resolvers  *prometheus.HistogramVec
	live       *prometheus.GaugeVec
	cache      *prometheus.CounterVec
}

func newGraphQLMetrics(r prometheus.Registerer, known []string, secret func(string) bool) graphqlMetrics {
	m := graphqlMetrics{
		names:      newNames(known, secret),
		operations: counter(r, "graphql_operations_total", "Answers to operations, each event of a subscription among them, by the code of their first error, or OK.", "operation", "type", "code"),
		duration:   histogram(r, "graphql_operation_duration_seconds", "Time taken by queries and mutations, from their parsing on.", within, "operation", "type"),
		resolvers:  histogram(r, "graphql_resolver_duration_seconds", "Time taken by the resolvers of fields.", []float64{.001, .01, .1, 1, 10}, "object", "field"),
		live:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "graphql_subscriptions", Help: "Subscriptions that are open."}, []string{"operation"}),
		cache:      counter(r, "graphql_cache_requests_total", "Looks into the caches of queries, parsed and persisted, by what came of it.", "cache", "result"),
	}
	r.MustRegister(m.live)
	for _, cache := range []string{"parsed", "persisted"} {
		for _, result := range []string{"hit", "miss"} {
			m.cache.WithLabelValues(cache, result)
		}
	}
	m.live.WithLabelValues("")
	return m
}

// Cache is told of a look into a cache of queries.
func (t *Telemetry) Cache(cache string, hit bool) {
	result := "miss"
	if hit {
		result = "hit"
	}
	t.graphql.cache.WithLabelValues(cache, result).Inc()
}

// Operations watches the operations of GraphQL.
func (t *Telemetry) Operations() graphql.HandlerExtension { return operations{t} }

type operations struct{ *Telemetry }

// ExtensionName implements graphql.HandlerExtension.
func (operations) ExtensionName() string { return "Telemetry" }

// Validate implements graphql.HandlerExtension.
func (operations) Validate(graphql.ExecutableSchema) error { return nil }

// nameAndType are the labels of an operation; one that cannot be run has none.
func (o operations) nameAndType(ctx context.Context) (name, kind string) {
	if !graphql.HasOperationContext(ctx) {
		return "", "none"
	}
	op := graphql.GetOperationContext(ctx).Operation
	if op == nil {
		return "", "none"
	}
	return o.graphql.names.of(op.Name), string(op.Operation)
}

type operationKey struct{}

// InterceptOperation begins the span of an operation, which ends with its answer. That of a subscription ends as soon as it has begun, and
// nothing hangs on it: what is read for its events, for days it may be, would all be one trace.
func (o operations) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	name, kind := o.nameAndType(ctx)
	live := kind == string(ast.Subscription)
	if live {
		open := o.graphql.live.WithLabelValues(name)
		open.Inc()
		context.AfterFunc(ctx, open.Dec)
	}
	if o.tracer == nil {
		return next(ctx)
	}
	ctx, span := o.tracer.Start(ctx, "graphql "+kind+" "+name, append(apart(ctx),
		trace.WithAttributes(attribute.String("graphql.operation.name", name), attribute.String("graphql.operation.type", kind)))...)
	if live {
		defer span.End()
		return next(trace.ContextWithSpanContext(ctx, trace.SpanContext{}))
	}
	return next(context.WithValue(ctx, operationKey{}, span))
}

// apart has an operation over a socket, whose request is long over, be a trace of its own that is linked to it: that of a socket would
// grow for days.
func apart(ctx context.Context) []trace.SpanStartOption {
	request := trace.SpanFromContext(ctx)
	if request.IsRecording() || !request.SpanContext().IsSampled() {
		return nil
	}
	return []trace.SpanStartOption{trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: request.SpanContext()})}
}

// InterceptResponse counts an answer.
func (o operations) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if answer == nil {
		return nil
	}
	name, kind := o.nameAndType(ctx)
	code := "OK"
	if len(answer.Errors) > 0 {
		code, _ = answer.Errors[0].Extensions["code"].(string)
	}
	o.graphql.operations.WithLabelValues(name, kind, code).Inc()
	if kind == string(ast.Query) || kind == string(ast.Mutation) {
		began := graphql.GetOperationContext(ctx).Stats.OperationStart
		o.graphql.duration.WithLabelValues(name, kind).Observe(time.Since(began).Seconds())
	}
	if span, ok := ctx.Value(operationKey{}).(trace.Span); ok {
		if code != "OK" {
			span.SetStatus(codes.Error, "")
			span.SetAttributes(attribute.String("error.type", code))
		}
		span.End()
	}
	return answer
}

// InterceptField times the fields that are answered by a function of ours, with all that it waits for.
func (o operations) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	field := graphql.GetFieldContext(ctx)
	if field == nil || !field.IsResolver {
		return next(ctx)
	}
	var span trace.Span
	if o.tracer != nil && traced(ctx) && !ofRow(field) {
		ctx, span = o.tracer.Start(ctx, field.Object+"."+field.Field.Name)
	}
	began := time.Now()
	resolved, err := next(ctx)
	o.graphql.resolvers.WithLabelValues(field.Object, field.Field.Name).Observe(time.Since(began).Seconds())
	if span != nil {
		end(span, err)
	}
	return resolved, err
}

// ofRow tells whether a field hangs on a row of a list. Such fields are read for all rows by the first that asks, and a span for each
// would be hundreds that say nothing.
func ofRow(field *graphql.FieldContext) bool {
	for ; field != nil; field = field.Parent {
		if field.Index != nil {
			return true
		}
	}
	return false
}
