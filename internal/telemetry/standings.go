package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	// keptFor is how long what the database has said is told again: several may scrape, and none should cost it anything.
	keptFor = 10 * time.Second
	// lookWithin is how long it may take to say it.
	lookWithin = 3 * time.Second
)

// Standings has what only the database knows told by /metrics: how the sources stand. look reads it, within the time that its context
// has; budgets are the requests that each source may make in a month, where there is a budget.
func (t *Telemetry) Standings(look func(context.Context) ([]market.Standing, error), timetable market.Timetable, budgets map[string]int64) {
	t.registry.MustRegister(&standings{look: look, timetable: timetable, budgets: budgets, now: time.Now})
}

// standings is a prometheus.Collector.
type standings struct {
	look      func(context.Context) ([]market.Standing, error)
	timetable market.Timetable
	budgets   map[string]int64
	now       func() time.Time

	mu       sync.Mutex
	looked   time.Time
	took     time.Duration
	failures int
	up       bool
	sources  []market.Standing
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

var (
	databaseUp    = describe("database_up", "1 where the database has told within 3 s how the sources stand, else 0; then nothing is told of them.")
	databaseFails = describe("database_look_failures_total", "Looks at how the sources stand that failed.")
	databaseTook  = describe("database_look_duration_seconds", "How long the last look took.")

	lastSuccess  = describe("source_last_success_timestamp_seconds", "When the last run that succeeded ended; absent before the first.", "source")
	fresh        = describe("source_fresh", "1 where the last success is no older than the schedule allows, else 0.", "source")
	newestRecord = describe("source_newest_record_timestamp_seconds", "The source's own time of its newest record; absent before the first.", "source")
	checkpoint   = describe("source_checkpoint_timestamp_seconds", "When the checkpoint was last stored; absent before the first.", "source")
	records      = describe("source_records", "Records held.", "source")
	quarantine   = describe("source_quarantine_items", "Items that wait in quarantine.", "source")
	running      = describe("source_runs_running", "Runs that are going on, in whatever process.", "source")
	creditsUsed  = describe("source_credits_used", "Requests made to the upstream this month in UTC, by all processes.", "source")
	creditsLimit = describe("source_credits_limit", "Requests that may be made in a month; absent where there is no budget.", "source")
	failures     = describe("source_failures_in_a_row", "Runs that failed, in part or altogether, or were abandoned since the last that succeeded, in whatever process; 100 at most.", "source")
	hourRuns     = describe("source_hour_runs", "Runs that ended within the last hour, in whatever process, by status.", "source", "status")
	hourItems    = describe("source_hour_items", "Items of these runs, and of those that are going on, by what came of them.", "source", "outcome")
	hourDrifts   = describe("source_hour_drifts", "Changes that they found in the shape of payloads.", "source", "kind")
	creditsLeft  = describe("source_credits_left", "Requests that are left of them this month; absent where there is no budget.", "source")
)

// Describe implements prometheus.Collector.
func (s *standings) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{databaseUp, databaseFails, databaseTook, lastSuccess, fresh, newestRecord, checkpoint, records, quarantine, running, failures, hourRuns, hourItems, hourDrifts, creditsUsed, creditsLimit, creditsLeft} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (s *standings) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now().Sub(s.looked) >= keptFor {
		s.lookAgain()
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(databaseUp, number(s.up))
	to <- prometheus.MustNewConstMetric(databaseFails, prometheus.CounterValue, float64(s.failures))
	gauge(databaseTook, s.took.Seconds())
	if !s.up {
		return
	}
	for _, health := range market.Assess(states(s.sources), s.timetable, s.now()).Sources {
		gauge(fresh, number(health.Fresh), health.Name)
	}
	for _, source := range s.sources {
		s.tell(source, gauge)
	}
}

func (s *standings) lookAgain() {
	ctx, cancel := context.WithTimeout(context.Background(), lookWithin)
	defer cancel()
	began := s.now()
	list, err := s.look(ctx)
	s.looked = s.now()
	s.sources, s.up, s.took = list, err == nil, s.looked.Sub(began)
	if err != nil {
		s.failures++
	}
}

func (s *standings) tell(source market.Standing, gauge func(*prometheus.Desc, float64, ...string)) {
	for d, at := range map[*prometheus.Desc]*time.Time{lastSuccess: source.LastSuccessAt, newestRecord: source.NewestRecordAt, checkpoint: source.CheckpointAt} {
		if at != nil {
			gauge(d, float64(at.UnixMilli())/1000, source.Name)
		}
	}
	gauge(records, float64(source.RecordCount), source.Name)
	gauge(quarantine, float64(source.Waiting), source.Name)
	gauge(running, float64(source.Running), source.Name)
	gauge(failures, float64(source.FailuresInARow), source.Name)
	tellHour(source.Name, source.LastHour, gauge)
	gauge(creditsUsed, float64(source.RequestsThisMonth), source.Name)
	if budget := s.budgets[source.Name]; budget > 0 {
		gauge(creditsLimit, float64(budget), source.Name)
		gauge(creditsLeft, float64(max(0, budget-source.RequestsThisMonth)), source.Name)
	}
}

// tellHour tells what runs have done, whoever ran them: a run of the command line is counted by no process that is watched.
func tellHour(source string, hour market.Hour, gauge func(*prometheus.Desc, float64, ...string)) {
	for _, status := range append(runStatuses, market.RunAbandoned) {
		gauge(hourRuns, float64(hour.Runs[status]), source, lower(status))
	}
	for i, n := range itemsOf(hour.Items) {
		gauge(hourItems, float64(n), source, rowOutcomes[i])
	}
	for _, kind := range driftKinds {
		gauge(hourDrifts, float64(hour.Drifts[kind]), source, lower(kind))
	}
}

// states are what freshness is judged by.
func states(list []market.Standing) []market.SourceState {
	found := make([]market.SourceState, len(list))
	for i, s := range list {
		found[i] = market.SourceState{Source: market.Source{Name: s.Name}, LastSuccessAt: s.LastSuccessAt}
	}
	return found
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
