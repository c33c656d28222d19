package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/kasparro/kasparro/internal/market"
)

type httpMetrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	flying   prometheus.Gauge
}

func newHTTPMetrics(r prometheus.Registerer) httpMetrics {
	m := httpMetrics{
		requests: counter(r, "http_requests_total", "Requests answered, by route, method and status.", "route", "method", "code"),
		duration: histogram(r, "http_request_duration_seconds", "Time taken to answer, until the connection is taken over where it is.", within, "route", "method"),
		bytes:    counter(r, "http_response_bytes_total", "Bytes of the bodies of answers.", "route"),
		flying:   prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests being answered."}),
	}
	r.MustRegister(m.flying)
	return m
}

// Metrics answers what Prometheus asks, which is anything that the program counts and nothing that it was given.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{Registry: t.registry, MaxRequestsInFlight: 4, EnableOpenMetrics: true})
}

// unwatched are the routes that are asked every few seconds, and would fill whatever keeps traces.
var unwatched = map[string]bool{"/health": true, "/livez": true, "/readyz": true, "/metrics": true}

var propagator propagation.TraceContext

// Request is told of a request as it begins, with the path of its route, or "" where there is none, and whether whoever sends it is one of
// ours. It returns the context to answer it in, and what is to be told of its end. What the client names in the path or the query goes
// nowhere.
func (t *Telemetry) Request(r *http.Request, route string, ours bool) (context.Context, func(status int, bytes int64)) {
	began, ctx := time.Now(), r.Context()
	t.http.flying.Inc()
	var span trace.Span
	if t.tracer != nil && !unwatched[route] {
		said := saidOf(r)
		if ours {
			ctx = trace.ContextWithRemoteSpanContext(ctx, said)
		}
		ctx, span = t.tracer.Start(ctx, methodOf(r)+" "+route, append(linkTo(said, ours), trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", methodOf(r)), attribute.String("http.route", route),
				attribute.String("kasparro.request_id", market.RequestID(ctx))))...)
	}
	return ctx, func(status int, bytes int64) {
		t.http.flying.Dec()
		t.http.requests.WithLabelValues(route, methodOf(r), strconv.Itoa(status)).Inc()
		t.http.duration.WithLabelValues(route, methodOf(r)).Observe(time.Since(began).Seconds())
		t.http.bytes.WithLabelValues(route).Add(float64(bytes))
		if span != nil {
			span.SetAttributes(attribute.Int("http.response.status_code", status))
			if status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
			span.End()
		}
	}
}

// saidOf is the span that a request says it belongs to, if any, without the texts that may come with it.
func saidOf(r *http.Request) trace.SpanContext {
	said := trace.SpanContextFromContext(propagator.Extract(context.Background(), propagation.HeaderCarrier(r.Header)))
	return said.WithTraceState(trace.TraceState{})
}

// linkTo has what a stranger asks be a trace of its own, which is linked to the span that it names: whether a request is traced is not for
// strangers to say.
func linkTo(said trace.SpanContext, ours bool) []trace.SpanStartOption {
	if ours || !said.IsValid() {
		return nil
	}
	return []trace.SpanStartOption{trace.WithLinks(trace.Link{SpanContext: said})}
}

// methodOf is the method of a request, of which there are only so many.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
