package telemetry

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"

	"github.com/kasparro/kasparro/internal/market"
)

type runMetrics struct {
	runs, rows, pages, retries, waits, waited, bytes, drifts, slots *prometheus.CounterVec

	duration  *prometheus.HistogramVec
	abandoned prometheus.Counter
}

// Outcomes of rows and of slots.
var (
	rowOutcomes  = []string{"inserted", "updated", "unchanged", "rejected"}
	slotOutcomes = []string{SlotTaken, SlotLeft, SlotMissed, SlotFailed}
	runStatuses  = []market.RunStatus{market.RunSucceeded, market.RunPartial, market.RunInterrupted, market.RunFailed}
	driftKinds   = []market.DriftKind{market.DriftNewPath, market.DriftMissingPath, market.DriftTypeChanged}
)

// What becomes of a slot.
const (
	SlotTaken  = "taken"  // this process has run it
	SlotLeft   = "left"   // another process has, or a run before it was still going on
	SlotMissed = "missed" // the process was stopped before it could be run
	SlotFailed = "failed" // it could not be run
)

func newRunMetrics(r prometheus.Registerer, sources []string) runMetrics {
	m := runMetrics{
		runs:     counter(r, "runs_total", "Runs of this process that ended, by status.", "source", "status"),
		rows:     counter(r, "rows_total", "Items that this process has stored, or put into quarantine, by what came of them.", "source", "outcome"),
		pages:    counter(r, "pages_total", "Pages that this process has committed.", "source"),
		retries:  counter(r, "upstream_retries_total", "Requests to upstreams that were repeated.", "source"),
		waits:    counter(r, "upstream_waits_total", "Times that a request to an upstream was held back, by a rate limit or before a repetition.", "source"),
		waited:   counter(r, "upstream_wait_seconds_total", "How long all of them took.", "source"),
		bytes:    counter(r, "upstream_received_bytes_total", "Bytes of the answers of upstreams, after decompression.", "source"),
		drifts:   counter(r, "drifts_total", "Changes that runs of this process have found in the shape of payloads.", "source", "kind"),
		slots:    counter(r, "slots_total", "Slots of the schedule that came up in this process, by what became of them.", "source", "outcome"),
		duration: histogram(r, "run_duration_seconds", "How long runs took.", []float64{.1, .5, 1, 5, 10, 30, 60, 300, 1800, 7200}, "source"),
		abandoned: prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "runs_abandoned_total",
			Help: "Runs of processes that went away without a word, closed by this one."}),
	}
	r.MustRegister(m.abandoned)
	for _, source := range sources {
		m.prepare(source)
	}
	return m
}

// prepare makes the series of a source: one that comes to be with its first event is no increase.
func (m runMetrics) prepare(source string) {
	for _, status := range runStatuses {
		m.runs.WithLabelValues(source, lower(status))
	}
	for _, outcome := range rowOutcomes {
		m.rows.WithLabelValues(source, outcome)
	}
	for _, outcome := range slotOutcomes {
		m.slots.WithLabelValues(source, outcome)
	}
	for _, kind := range driftKinds {
		m.drifts.WithLabelValues(source, lower(kind))
	}
	for _, of := range []*prometheus.CounterVec{m.pages, m.retries, m.waits, m.waited, m.bytes} {
		of.WithLabelValues(source)
	}
	m.duration.WithLabelValues(source)
}

// itemsOf are how many items had each of rowOutcomes.
func itemsOf(c market.Counters) [4]int64 {
	return [...]int64{c.Inserted, c.Updated, c.Unchanged, c.Rejected}
}

func lower[T ~string](s T) string { return strings.ToLower(string(s)) }

// Committed is told what a page has added to the counters of its run.
func (t *Telemetry) Committed(run market.Run, added market.Counters) {
	for i, n := range itemsOf(added) {
		t.runs.rows.WithLabelValues(run.Source, rowOutcomes[i]).Add(float64(n))
	}
	t.runs.pages.WithLabelValues(run.Source).Add(float64(added.Pages))
	t.runs.bytes.WithLabelValues(run.Source).Add(float64(added.BytesFetched))
	t.asked(run.Source, added.Retries, added.Waits, time.Duration(added.WaitedMS)*time.Millisecond)
}

// Ended is told how a run ended.
func (t *Telemetry) Ended(run market.Run, end market.RunEnd) {
	t.runs.runs.WithLabelValues(run.Source, lower(run.Status)).Inc()
	t.runs.duration.WithLabelValues(run.Source).Observe(run.Duration(time.Now()).Seconds())
	t.runs.bytes.WithLabelValues(run.Source).Add(float64(end.Wasted))
	t.asked(run.Source, end.Retries, end.Waits, end.Waited)
	for _, d := range end.Drifts {
		t.runs.drifts.WithLabelValues(run.Source, lower(d.Kind)).Inc()
	}
}

func (t *Telemetry) asked(source string, retries, waits int64, waited time.Duration) {
	t.runs.retries.WithLabelValues(source).Add(float64(retries))
	t.runs.waits.WithLabelValues(source).Add(float64(waits))
	t.runs.waited.WithLabelValues(source).Add(waited.Seconds())
}

// Abandoned is told of runs whose processes went away.
func (t *Telemetry) Abandoned(n int) { t.runs.abandoned.Add(float64(n)) }

// Part begins the span of a part of a run: "run", "page" or "commit".
func (t *Telemetry) Part(ctx context.Context, part string, run market.Run) (context.Context, func(error)) {
	if t.tracer == nil {
		return ctx, nothing
	}
	return t.Begin(ctx, part+" "+run.Source, attribute.String("kasparro.source", run.Source),
		attribute.String("kasparro.run_id", market.GlobalID(market.IDRun, run.ID)))
}

// Slot begins the span of a slot, and returns what is to be told of what became of it, one of SlotTaken and the like.
func (t *Telemetry) Slot(ctx context.Context, source string, slot time.Time) (context.Context, func(outcome string, err error)) {
	done := nothing
	if t.tracer != nil {
		ctx, done = t.Begin(ctx, "slot "+source, attribute.String("kasparro.source", source), attribute.String("kasparro.slot", slot.UTC().Format(time.RFC3339)))
	}
	return ctx, func(outcome string, err error) {
		t.runs.slots.WithLabelValues(source, outcome).Inc()
		done(err)
	}
}
