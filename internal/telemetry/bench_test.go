package telemetry_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// each runs a benchmark with nothing traced, and with a collector.
func each(b *testing.B, what func(b *testing.B, w *world, ctx context.Context)) {
	b.Run("untraced", func(b *testing.B) { what(b, newWorld(b, telemetry.Options{}), b.Context()) })
	b.Run("traced", func(b *testing.B) {
		w := newWorld(b, telemetry.Options{Endpoint: newCollector(b).URL + "/v1/traces"})
		defer w.Close()
		ctx, end := w.Begin(b.Context(), "benchmark")
		defer end(nil)
		what(b, w, ctx)
	})
}

func BenchmarkStatement(b *testing.B) {
	each(b, func(b *testing.B, w *world, ctx context.Context) {
		hook := w.Statements("api")
		e := bun.QueryEvent{Query: "SELECT x FROM y WHERE z = 1", QueryTemplate: "SELECT x FROM y WHERE z = ?", StartTime: time.Now().Add(time.Hour)}
		b.ReportAllocs()
		for b.Loop() {
			hook.AfterQuery(hook.BeforeQuery(ctx, &e), &e)
		}
	})
}

func BenchmarkRequest(b *testing.B) {
	each(b, func(b *testing.B, w *world, _ context.Context) {
		r := httptest.NewRequest("GET", "/data", nil)
		b.ReportAllocs()
		for b.Loop() {
			_, end := w.Request(r, "/data", true)
			end(200, 100)
		}
	})
}

func BenchmarkPart(b *testing.B) {
	each(b, func(b *testing.B, w *world, ctx context.Context) {
		run := market.Run{ID: 1, Source: "csv"}
		b.ReportAllocs()
		for b.Loop() {
			_, end := w.Part(ctx, "page", run)
			end(nil)
		}
	})
}

func BenchmarkResolver(b *testing.B) {
	each(b, func(b *testing.B, w *world, ctx context.Context) {
		watch := w.Operations().(graphql.FieldInterceptor)
		ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", IsResolver: true,
			Field: graphql.CollectedField{Field: &ast.Field{Name: "assets", Alias: "assets"}}})
		b.ReportAllocs()
		for b.Loop() {
			_, err := watch.InterceptField(ctx, func(context.Context) (any, error) { return nil, nil })
			require.NoError(b, err)
		}
	})
}

// What is off allocates nothing, in whatever is done for each page of a run.
func TestWhatIsNotTracedCostsNoMemory(t *testing.T) {
	w := newWorld(t, telemetry.Options{})
	run := market.Run{ID: 1, Source: "csv"}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		_, end := w.Part(t.Context(), "page", run)
		end(nil)
	}))
	hook, e := w.Statements("api"), bun.QueryEvent{Query: "SELECT 1", StartTime: time.Now().Add(time.Hour)}
	require.Zero(t, testing.AllocsPerRun(100, func() { hook.AfterQuery(hook.BeforeQuery(t.Context(), &e), &e) }))
	require.Empty(t, e.Stash)
}
