package market

import "time"

// Timetable knows when sources are due.
type Timetable interface {
	// Slots returns the last slot not after now and the next one after it, and false for a
	// source that has no schedule.
	Slots(source string, now time.Time) (previous, next time.Time, ok bool)
}

// HealthStatus is the state of the whole service in a word.
type HealthStatus string

// Statuses of the service.
const (
	Healthy   HealthStatus = "healthy"
	Degraded  HealthStatus = "degraded"  // a source is failing or stale
	Unhealthy HealthStatus = "unhealthy" // the database is away
)

// Health is how the service and each of its sources stand.
type Health struct {
	Status  HealthStatus
	LastRun *Run // the newest run of any source; nil before the first
	Sources []SourceHealth
}

// SourceHealth is how one source stands.
type SourceHealth struct {
	SourceState
	NextRunAt *time.Time // nil where nothing is scheduled
	Fresh     bool       // its last success is not older than its schedule allows
}

// Assess judges the states of the sources against their timetable. A source is fresh while its
// last success is no older than the slot before the last one: one missed or slow slot is
// forgiven, two are not. Without a schedule it is fresh once it has succeeded. One whose first run has
// not ended yet is not fresh, but not failing either.
func Assess(states []SourceState, t Timetable, now time.Time) Health {
	h := Health{Status: Healthy}
	for _, s := range states {
		sh := SourceHealth{SourceState: s, Fresh: s.LastSuccessAt != nil}
		if previous, next, ok := t.Slots(s.Name, now); ok {
			sh.NextRunAt = &next
			oldest := previous.Add(-next.Sub(previous))
			sh.Fresh = s.LastSuccessAt != nil && !s.LastSuccessAt.Before(oldest)
		}
		if (!sh.Fresh && s.TotalRuns > 0) || s.LastError != "" {
			h.Status = Degraded
		}
		if s.LastRun != nil && (h.LastRun == nil || s.LastRun.ID > h.LastRun.ID) {
			h.LastRun = s.LastRun
		}
		h.Sources = append(h.Sources, sh)
	}
	return h
}

// Unreachable is the health of a service whose database is away.
func Unreachable() Health { return Health{Status: Unhealthy, Sources: []SourceHealth{}} }
