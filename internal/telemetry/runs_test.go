package telemetry_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// aboutRuns are the lines of /metrics that tell of runs, but for those that are 0 and for buckets.
func aboutRuns(text string) (lines []string) {
	told := regexp.MustCompile(`^kasparro_(runs|rows|pages|upstream|drifts|slots|run_duration_seconds_(sum|count))`)
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "kasparro_")
		if told.MatchString("kasparro_"+line) && !strings.HasSuffix(line, " 0") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestWhatRunsCount(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	finished := began.Add(90 * time.Second)
	run := market.Run{Source: "csv", Status: market.RunPartial, StartedAt: began, FinishedAt: &finished}
	for name, c := range map[string]struct {
		told func(*telemetry.Telemetry)
		want []string
	}{
		"nothing yet": {func(*telemetry.Telemetry) {}, nil},
		"a page": {func(w *telemetry.Telemetry) {
			w.Committed(run, market.Counters{Extracted: 10, Inserted: 1, Updated: 2, Unchanged: 3, Rejected: 4, Pages: 5, Retries: 6, Waits: 7, WaitedMS: 8500, BytesFetched: 9})
		}, []string{
			`rows_total{outcome="inserted",source="csv"} 1`, `rows_total{outcome="updated",source="csv"} 2`, `rows_total{outcome="unchanged",source="csv"} 3`,
			`rows_total{outcome="rejected",source="csv"} 4`, `pages_total{source="csv"} 5`, `upstream_retries_total{source="csv"} 6`,
			`upstream_waits_total{source="csv"} 7`, `upstream_wait_seconds_total{source="csv"} 8.5`, `upstream_received_bytes_total{source="csv"} 9`,
		}},
		"an end": {func(w *telemetry.Telemetry) {
			w.Ended(run, market.RunEnd{
				Effort: market.Effort{Retries: 2, Waits: 3, Waited: 4500 * time.Millisecond, Wasted: 5},
				Drifts: []market.Drift{{Kind: market.DriftNewPath}, {Kind: market.DriftMissingPath}, {Kind: market.DriftNewPath}, {Kind: market.DriftNewPath}, {Kind: market.DriftMissingPath}, {Kind: market.DriftTypeChanged}},
			})
		}, []string{
			`runs_total{source="csv",status="partial"} 1`, `run_duration_seconds_sum{source="csv"} 90`, `run_duration_seconds_count{source="csv"} 1`,
			`upstream_retries_total{source="csv"} 2`, `upstream_waits_total{source="csv"} 3`, `upstream_wait_seconds_total{source="csv"} 4.5`,
			`upstream_received_bytes_total{source="csv"} 5`, `drifts_total{kind="new_path",source="csv"} 3`,
			`drifts_total{kind="missing_path",source="csv"} 2`, `drifts_total{kind="type_changed",source="csv"} 1`,
		}},
		"runs of processes that went away": {func(w *telemetry.Telemetry) { w.Abandoned(3); w.Abandoned(1) }, []string{`runs_abandoned_total 4`}},
		"a slot": {func(w *telemetry.Telemetry) {
			_, done := w.Slot(t.Context(), "csv", began)
			done(telemetry.SlotMissed, nil)
		}, []string{`slots_total{outcome="missed",source="csv"} 1`}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, telemetry.Options{})
			c.told(w.Telemetry)
			require.ElementsMatch(t, c.want, aboutRuns(w.metrics(t)))
		})
	}
}
