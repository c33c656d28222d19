package market_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

var now = time.Date(2026, 1, 1, 12, 7, 0, 0, time.UTC)

// everyFive has a slot every five minutes for every source but "manual".
type everyFive struct{}

func (everyFive) Slots(source string, now time.Time) (previous, next time.Time, ok bool) {
	previous = now.Truncate(5 * time.Minute)
	return previous, previous.Add(5 * time.Minute), source != "manual"
}

func TestAssess(t *testing.T) {
	at := func(hour, minute, second int) *time.Time {
		when := time.Date(2026, 1, 1, hour, minute, second, 0, time.UTC)
		return &when
	}
	run := func(id int64) *market.Run { return &market.Run{ID: id} }
	for _, c := range []struct {
		name   string
		state  market.SourceState
		source string
		status market.HealthStatus
		fresh  bool
	}{
		{name: "before its first run", status: market.Healthy},
		{name: "in its first run", state: market.SourceState{LastRun: run(1)}, status: market.Healthy},
		{name: "in time", state: market.SourceState{LastRun: run(1), LastSuccessAt: at(12, 5, 1)}, status: market.Healthy, fresh: true},
		{name: "a slot missed", state: market.SourceState{LastRun: run(1), LastSuccessAt: at(12, 0, 0)}, status: market.Healthy, fresh: true},
		{name: "two slots missed", state: market.SourceState{LastRun: run(1), TotalRuns: 1, LastSuccessAt: at(11, 59, 59)}, status: market.Degraded},
		{name: "interrupted at first", state: market.SourceState{LastRun: run(2), TotalRuns: 1}, status: market.Degraded},
		{name: "failing, but fresh", state: market.SourceState{LastRun: run(2), LastSuccessAt: at(12, 5, 1), LastError: "no answer"},
			status: market.Degraded, fresh: true},
		{name: "failed from the start", state: market.SourceState{LastRun: run(1), LastError: "no answer"}, status: market.Degraded},
		{name: "by hand, never", source: "manual", status: market.Healthy},
		{name: "by hand, long ago", source: "manual", state: market.SourceState{LastRun: run(1), LastSuccessAt: at(1, 0, 0)},
			status: market.Healthy, fresh: true},
		{name: "by hand, in vain", source: "manual", state: market.SourceState{LastRun: run(1), LastError: "no file"}, status: market.Degraded},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.state.Name = c.source
			h := market.Assess([]market.SourceState{c.state}, everyFive{}, now)
			require.Equal(t, c.status, h.Status)
			require.Len(t, h.Sources, 1)
			require.Equal(t, c.fresh, h.Sources[0].Fresh)
			require.Equal(t, c.state, h.Sources[0].SourceState)
			if c.source == "manual" {
				require.Nil(t, h.Sources[0].NextRunAt)
			} else {
				require.Equal(t, *at(12, 10, 0), *h.Sources[0].NextRunAt)
			}
		})
	}
}

// One bad source is enough, and the newest run of any source is the last.
func TestAssessManySources(t *testing.T) {
	state := func(name string, id int64, failure string) market.SourceState {
		success := now
		return market.SourceState{
			Source: market.Source{Name: name}, LastRun: &market.Run{ID: id, Source: name}, LastSuccessAt: &success, LastError: failure,
		}
	}
	h := market.Assess([]market.SourceState{state("a", 3, ""), state("b", 9, "no answer"), state("c", 4, ""), {}}, everyFive{}, now)
	require.Equal(t, market.Degraded, h.Status)
	require.Equal(t, "b", h.LastRun.Source)
	require.Len(t, h.Sources, 4)
	h = market.Assess(nil, everyFive{}, now)
	require.Equal(t, market.Health{Status: market.Healthy}, h)
	require.Equal(t, market.Unhealthy, market.Unreachable().Status)
	require.NotNil(t, market.Unreachable().Sources)
}
