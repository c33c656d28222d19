package graph_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/graph/generated"
)

// processor is the time that this process has spent on processors until now, in the kernel too.
func processor(t require.TestingT) time.Duration {
	var used syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkKillers is what each of them takes of a processor, here and by what gqlgen makes of the schema by itself,
// with its own limit of complexity and without.
func BenchmarkKillers(b *testing.B) {
	w := newWorld(b)
	stock := func() *handler.Server {
		s := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: &graph.Resolver{Options: w.options(w.store)}}))
		s.AddTransport(transport.POST{})
		s.Use(extension.Introspection{})
		s.SetRecoverFunc(func(context.Context, any) error { return errors.New("it panics at this") })
		return s
	}
	limited := stock()
	limited.Use(extension.FixedComplexityLimit(1000))
	for _, h := range []struct {
		by string
		http.Handler
	}{{"ours", w.Handler}, {"stock", stock()}, {"limited", limited}} {
		for _, k := range killers() {
			body := k.body(b)
			measure(b, k.name+"/"+h.by, func() { sends(b, h.Handler, strings.NewReader(body)) })
		}
		large := `{"query": "` + strings.Repeat(" ", 10<<20) + `"}`
		measure(b, "a body of 10 MB/"+h.by, func() { sends(b, h.Handler, strings.NewReader(large)) })
		measure(b, "a slow body, with its server and client/"+h.by, func() { trickle(b, h.Handler, 10*time.Millisecond) })
	}
}

func measure(b *testing.B, name string, once func()) {
	b.Run(name, func(b *testing.B) {
		before := processor(b)
		for b.Loop() {
			once()
		}
		b.ReportMetric(float64((processor(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		b.ReportMetric(0, "ns/op")
	})
}
