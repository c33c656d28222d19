package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// newTracing makes what sends spans. How many, under what name and with what headers, the standard OTEL_ variables of the
// environment say, which the library reads by itself.
func newTracing(ctx context.Context, o Options) (*sdktrace.TracerProvider, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.Endpoint))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", namespace), attribute.String("service.version", o.Version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(&complaints{log: o.Log})
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about)), nil
}

// complaints tells the log now and then that spans could not be sent.
type complaints struct {
	log  *slog.Logger
	mu   sync.Mutex
	told time.Time
}

// Handle implements otel.ErrorHandler.
func (c *complaints) Handle(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.told) >= time.Minute {
		c.told = time.Now()
		c.log.Warn("traces cannot be sent", "error", err)
	}
}

// nothing ends what was not begun.
func nothing(error) {}

// Begin begins a span, and returns the context to go on in and what ends it, with what went wrong. Where nothing is
// traced nothing happens.
func (t *Telemetry) Begin(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	if t.tracer == nil {
		return ctx, nothing
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, func(err error) { end(span, err) }
}

// end ends a span. What went wrong is told by its kind alone: the text of an error may quote what a statement was given, and
// stands in the log under the id of the trace.
func end(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "")
		span.SetAttributes(attribute.String("error.type", kindOf(err)))
	}
	span.End()
}

// kindOf is the SQLSTATE of an error of the database, and otherwise what it is in a word.
func kindOf(err error) string {
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg):
		return pg.Code
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "other"
}

// traced tells whether ctx belongs to something that is traced. What belongs to nothing, such as a look for silent runs every second, would
// make traces of one span each.
func traced(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsSampled() }
