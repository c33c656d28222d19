package telemetry

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

func newSQLMetrics(r prometheus.Registerer) (*prometheus.HistogramVec, *prometheus.CounterVec) {
	return histogram(r, "sql_statement_duration_seconds", "Time taken by statements, the wait for a connection included, by pool and verb.", within, "pool", "verb"),
		counter(r, "sql_statement_failures_total", "Statements that failed, by pool and kind: the SQLSTATE, timeout, canceled or other.", "pool", "kind")
}

// Pool has the connections of a pool counted, as the standard library does. The first pool of a name is.
func (t *Telemetry) Pool(name string, db *sql.DB) {
	_ = t.registry.Register(collectors.NewDBStatsCollector(db, name)) // it fails for a second one of the name alone
}

// Statements is told of each statement of a pool.
func (t *Telemetry) Statements(pool string) bun.QueryHook {
	t.sqlBad.WithLabelValues(pool, "timeout") // a series that comes to be with its first failure is no increase
	return statements{t, pool}
}

type statements struct {
	*Telemetry
	pool string
}

// verbs are what statements begin with, as far as they are told apart.
var verbs = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "CREATE", "BEGIN", "COMMIT", "ROLLBACK", "SET"}

const otherVerb = "other"

func verbOf(statement string) string {
	statement = strings.TrimLeft(statement, " \t\n(")
	for _, verb := range verbs {
		if len(statement) >= len(verb) && strings.EqualFold(statement[:len(verb)], verb) {
			return verb
		}
	}
	return otherVerb
}

type spanKey struct{}

// BeforeQuery implements bun.QueryHook. The span is kept with the statement and not in the context: that of BEGIN lives on as the
// context of its transaction.
func (s statements) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if s.tracer == nil || !traced(ctx) {
		return ctx
	}
	verb := verbOf(e.Query)
	_, span := s.tracer.Start(ctx, "sql "+verb, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("db.system.name", "postgresql"),
		attribute.String("db.operation.name", verb), attribute.String("db.query.text", textOf(e)), attribute.String("kasparro.pool", s.pool)))
	if e.Stash == nil {
		e.Stash = map[any]any{}
	}
	e.Stash[spanKey{}] = span
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (s statements) AfterQuery(ctx context.Context, e *bun.QueryEvent) {
	took, failure := time.Since(e.StartTime), e.Err
	if errors.Is(failure, sql.ErrNoRows) {
		failure = nil
	}
	s.sql.WithLabelValues(s.pool, verbOf(e.Query)).Observe(took.Seconds())
	if failure != nil {
		s.sqlBad.WithLabelValues(s.pool, kindOf(failure)).Inc()
	}
	if span, ok := e.Stash[spanKey{}].(trace.Span); ok {
		end(span, failure)
	}
	if took < s.slow {
		return
	}
	attrs := []slog.Attr{slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("pool", s.pool), slog.String("statement", textOf(e))}
	if failure != nil {
		attrs = append(attrs, slog.String("failed", kindOf(failure)))
	}
	s.log.LogAttrs(ctx, slog.LevelWarn, "slow statement", attrs...)
}

// longest is how many bytes of a statement are shown.
const longest = 2000

// textOf is a statement without its arguments, on one line. What bun calls the template has them written in where a query is
// built, so that is written again by a generator that writes none.
func textOf(e *bun.QueryEvent) string {
	text := e.QueryTemplate
	if q, ok := e.IQuery.(schema.QueryAppender); ok {
		b, err := q.AppendQuery(schema.NewNopQueryGen(), nil)
		if err != nil {
			return verbOf(e.Query)
		}
		text = string(b)
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}
