// Package telemetry shows what goes on inside: metrics for Prometheus, traces for OpenTelemetry, and logs that name what they belong to.
// It is the one room that knows those libraries. The others have hooks, which it fills and the program wires, and it asks nothing of them.
package telemetry

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/trace"
)

// Options are what telemetry is made of. All but Secret, Endpoint and SlowQuery are required.
type Options struct {
	Version, Commit string // of the program
	Sources         []string
	Operations      []string          // names of GraphQL operations that are known beforehand: each has a series of its own
	Secret          func(string) bool // what clients call an operation is not told where this is true; nil: all of it is
	Endpoint        string            // URL that takes traces by OTLP over HTTP; empty: nothing is traced
	SlowQuery       time.Duration     // a statement that takes as long is logged; 0: 500 ms
	Log             *slog.Logger
}

// slowQuery is what is slow where nothing else is said.
const slowQuery = 500 * time.Millisecond

// Telemetry is what a process is watched with. It is safe for concurrent use.
type Telemetry struct {
	registry *prometheus.Registry
	log      *slog.Logger
	slow     time.Duration

	http    httpMetrics
	graphql graphqlMetrics
	sql     *prometheus.HistogramVec
	sqlBad  *prometheus.CounterVec
	runs    runMetrics
	refused prometheus.Counter

	tracer trace.Tracer // nil where nothing is traced: then nothing of it costs anything
	flush  func(context.Context) error
}

// New makes the metrics, and where there is an endpoint begins to send traces to it. Close is to be called in the end.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	t := &Telemetry{registry: prometheus.NewRegistry(), log: o.Log, slow: cmp.Or(o.SlowQuery, slowQuery)}
	if o.Secret == nil {
		o.Secret = func(string) bool { return false }
	}
	if o.Endpoint != "" {
		provider, err := newTracing(ctx, o)
		if err != nil {
			return nil, err
		}
		t.tracer, t.flush = provider.Tracer("kasparro"), provider.Shutdown
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info",
		Help:        "Always 1; its labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": o.Version, "commit": o.Commit}})
	build.Set(1)
	t.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	t.http, t.graphql = newHTTPMetrics(t.registry), newGraphQLMetrics(t.registry, o.Operations, o.Secret)
	t.refused = prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "keys_refused_total",
		Help: "Keys that were not looked at, since too many wrong ones had come from their address."})
	t.registry.MustRegister(t.refused)
	t.sql, t.sqlBad = newSQLMetrics(t.registry)
	t.runs = newRunMetrics(t.registry, o.Sources)
	return t, nil
}

// KeyRefused is told of a key that was not looked at.
func (t *Telemetry) KeyRefused() { t.refused.Inc() }

// closeWithin is how long the last spans may take to be sent.
const closeWithin = 2 * time.Second

// Close sends the spans that are left. A collector that is away is not waited for.
func (t *Telemetry) Close() {
	if t.flush == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	if err := t.flush(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.log.Warn("the last traces could not be sent", "error", err)
	}
}

// namespace begins the name of every metric of ours.
const namespace = "kasparro"

// within are the upper bounds of what takes time, in seconds.
var within = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func counter(r prometheus.Registerer, name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	r.MustRegister(c)
	return c
}

func histogram(r prometheus.Registerer, name, help string, bounds []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: bounds}, labels)
	r.MustRegister(h)
	return h
}
