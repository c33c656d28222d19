package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/kasparro/kasparro/internal/market"
)

// Logs has a handler of logs name the request, the run and the trace that a line belongs to, by the context that it is logged with.
func Logs(next slog.Handler) slog.Handler { return logs{next} }

type logs struct{ slog.Handler }

// Handle adds the ids that apply, but for those that the line has already.
func (l logs) Handle(ctx context.Context, record slog.Record) error {
	ids := [3]slog.Attr{}
	n := 0
	add := func(key, value string) {
		if !has(record, key) {
			ids[n] = slog.String(key, value)
			n++
		}
	}
	if id := market.RequestID(ctx); id != "" {
		add("request_id", id)
	}
	if id := market.RunID(ctx); id != 0 {
		add("run_id", market.GlobalID(market.IDRun, id))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		add("trace_id", span.TraceID().String())
	}
	if n > 0 {
		record = record.Clone()
		record.AddAttrs(ids[:n]...)
	}
	return l.Handler.Handle(ctx, record)
}

func has(record slog.Record, key string) (found bool) {
	record.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}

// WithAttrs implements slog.Handler.
func (l logs) WithAttrs(attrs []slog.Attr) slog.Handler { return logs{l.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (l logs) WithGroup(name string) slog.Handler { return logs{l.Handler.WithGroup(name)} }
