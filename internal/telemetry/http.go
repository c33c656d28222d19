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

// Request is told of a request as it begins, with the path of its route, or "" where there is none. It returns the context to answer it
// in, and what is to be told of its end. What the client names in the path or the query goes nowhere.
func (t *Telemetry) Request(r *http.Request, route string) (context.Context, func(status int, bytes int64)) {
	began, ctx := time.Now(), r.Context()
	t.http.flying.Inc()
	var span trace.Span
	if t.tracer != nil && !unwatched[route] {
		ctx, span = t.tracer.Start(propagator.Extract(ctx, propagation.HeaderCarrier(r.Header)), methodOf(r)+" "+route, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", methodOf(r)), attribute.String("http.route", route),
				attribute.String("kasparro.request_id", market.RequestID(ctx))))
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

// methodOf is the method of a request, of which there are only so many.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
