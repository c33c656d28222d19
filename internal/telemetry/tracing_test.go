package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/telemetry"
)

func TestSpansHangTogether(t *testing.T) {
	c := newCollector(t)
	w := newWorld(t, telemetry.Options{Endpoint: c.URL + "/v1/traces"})
	r := httptest.NewRequest("GET", "/data?api_key=hush", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	ctx, end := w.Request(r, "/data", true)
	w.statement(ctx, bun.QueryEvent{Query: "SELECT 'hush'", QueryTemplate: "SELECT ?"}, 0)
	end(500, 1)
	w.statement(t.Context(), bun.QueryEvent{Query: "DELETE"}, 0) // of nothing that is traced
	_, end = w.Request(httptest.NewRequest("GET", "/livez", nil), "/livez", false)
	end(200, 1)

	run := market.Run{ID: 5, Source: "csv"}
	ctx, slot := w.Slot(t.Context(), "csv", time.Now())
	ctx, ended := w.Part(ctx, "run", run)
	page, pageEnded := w.Part(ctx, "page", run)
	commit, committed := w.Part(page, "commit", run)
	w.statement(commit, bun.QueryEvent{Query: "BEGIN"}, 0)
	committed(errors.New("hush"))
	pageEnded(nil)
	ended(nil)
	slot(telemetry.SlotTaken, nil)
	w.Close()
	require.ElementsMatch(t, []string{
		"GET /data", "GET /data > sql SELECT",
		"slot csv", "slot csv > run csv", "slot csv > run csv > page csv", "slot csv > run csv > page csv > commit csv", "slot csv > run csv > page csv > commit csv > sql BEGIN",
	}, c.tree())
	for _, s := range c.spans {
		require.NotContains(t, s.String(), "hush")
		if s.Name == "GET /data" {
			require.Equal(t, "0af7651916cd43dd8448eb211c80319c", fmt.Sprintf("%x", s.TraceId))
		}
	}
	require.Contains(t, w.metrics(t), `kasparro_slots_total{outcome="taken",source="csv"} 1`)
}

func TestOperationsOverASocketAreTracesOfTheirOwn(t *testing.T) {
	c := newCollector(t)
	w := newWorld(t, telemetry.Options{Endpoint: c.URL + "/v1/traces"})
	watch := w.Operations().(graphql.OperationInterceptor)
	answers := w.Operations().(graphql.ResponseInterceptor)
	fields := w.Operations().(graphql.FieldInterceptor)
	operate := func(ctx context.Context, kind ast.Operation) {
		ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{Operation: &ast.OperationDefinition{Name: "Q", Operation: kind}})
		watch.InterceptOperation(ctx, func(ctx context.Context) graphql.ResponseHandler {
			answers.InterceptResponse(ctx, func(ctx context.Context) *graphql.Response {
				ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Record", Field: graphql.CollectedField{Field: &ast.Field{Name: "asset"}}, IsResolver: true})
				_, err := fields.InterceptField(ctx, func(ctx context.Context) (any, error) {
					w.statement(ctx, bun.QueryEvent{Query: "SELECT 1", QueryTemplate: "SELECT ?"}, 0)
					return nil, nil
				})
				require.NoError(t, err)
				return &graphql.Response{}
			})
			return nil
		})
	}
	request, end := w.Request(httptest.NewRequest("GET", "/graphql", nil), "/graphql", false)
	operate(request, ast.Query)
	end(101, 0)
	ctx, cancel := context.WithCancel(request)
	operate(ctx, ast.Subscription) // what is read for its events is part of nothing
	require.Contains(t, w.metrics(t), `kasparro_graphql_subscriptions{operation="Q"} 1`)
	cancel()
	require.Eventually(t, func() bool {
		return strings.Contains(w.metrics(t), `kasparro_graphql_subscriptions{operation="Q"} 0`)
	}, 10*time.Second, time.Millisecond)
	w.Close()
	require.ElementsMatch(t, []string{
		"GET /graphql", "GET /graphql > graphql query Q", "GET /graphql > graphql query Q > Record.asset", "GET /graphql > graphql query Q > Record.asset > sql SELECT",
		"graphql subscription Q",
	}, c.tree())
}

// Whether a request is traced, and in which trace, is for us to say and for those that we trust.
func TestStrangersDoNotSayWhatIsTraced(t *testing.T) {
	const trace, sampled, unsampled = "0af7651916cd43dd8448eb211c80319c", "01", "00"
	for name, c := range map[string]struct {
		ratio, flag  string
		ours, traced bool
	}{
		"a stranger asks for it":         {"0", sampled, false, false},
		"a stranger asks not to be seen": {"1", unsampled, false, true},
		"one of ours asks for it":        {"0", sampled, true, true},
		"one of ours asks for none":      {"1", unsampled, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
			t.Setenv("OTEL_TRACES_SAMPLER_ARG", c.ratio)
			kept := newCollector(t)
			w := newWorld(t, telemetry.Options{Endpoint: kept.URL + "/v1/traces"})
			r := httptest.NewRequest("GET", "/data", nil)
			r.Header.Set("Traceparent", "00-"+trace+"-b7ad6b7169203331-"+c.flag)
			r.Header.Set("Tracestate", "hush=hush")
			_, end := w.Request(r, "/data", c.ours)
			end(200, 1)
			w.Close()
			if !c.traced {
				require.Empty(t, kept.spans)
				return
			}
			require.Len(t, kept.spans, 1)
			require.Equal(t, c.ours, trace == fmt.Sprintf("%x", kept.spans[0].TraceId))
			require.NotContains(t, kept.spans[0].String(), "hush")
			if !c.ours {
				require.Len(t, kept.spans[0].Links, 1)
				require.Equal(t, trace, fmt.Sprintf("%x", kept.spans[0].Links[0].TraceId))
			}
		})
	}
}

func TestACollectorThatIsAwayHoldsNobodyUp(t *testing.T) {
	w := newWorld(t, telemetry.Options{Endpoint: "http://127.0.0.1:1"})
	_, end := w.Request(httptest.NewRequest("GET", "/data", nil), "/data", false)
	end(200, 1)
	w.Close()
	require.NotContains(t, w.log.String(), `"level":"ERROR"`)
}
