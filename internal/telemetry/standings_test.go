package telemetry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// hourly is due every hour.
type hourly struct{}

func (hourly) Slots(_ string, now time.Time) (previous, next time.Time, ok bool) {
	previous = now.Truncate(time.Hour)
	return previous, previous.Add(time.Hour), true
}

// ofStandings are lines of /metrics.
var ofStandings = []string{
	"kasparro_database_up 1", `kasparro_source_fresh{source="coingecko"} 1`, `kasparro_source_fresh{source="csv"} 0`,
	`kasparro_source_quarantine_items{source="coingecko"} 3`, `kasparro_source_credits_left{source="coingecko"} 10`,
	`kasparro_source_credits_used{source="csv"} 7`, `kasparro_source_failures_in_a_row{source="coingecko"} 2`,
	`kasparro_source_hour_runs{source="coingecko",status="failed"} 4`, `kasparro_source_hour_runs{source="coingecko",status="abandoned"} 1`,
	`kasparro_source_hour_runs{source="coingecko",status="succeeded"} 0`, `kasparro_source_hour_drifts{kind="new_path",source="coingecko"} 6`,
	`kasparro_source_hour_drifts{kind="missing_path",source="coingecko"} 0`, `kasparro_source_hour_items{outcome="inserted",source="coingecko"} 11`,
	`kasparro_source_hour_items{outcome="updated",source="coingecko"} 12`, `kasparro_source_hour_items{outcome="unchanged",source="coingecko"} 13`,
	`kasparro_source_hour_items{outcome="rejected",source="coingecko"} 14`, `kasparro_source_hour_items{outcome="rejected",source="csv"} 0`, `kasparro_source_runs_running{source="coingecko"} 1`,
}

func TestStandingsAreReadOnceForAllWhoAskAndTellWhenTheyCannotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, telemetry.Options{})
		looks, answer := 0, error(nil)
		fresh, stale := time.Now(), time.Now().Add(-5*time.Hour)
		w.Standings(func(ctx context.Context) ([]market.Standing, error) {
			looks++
			if answer != nil {
				<-ctx.Done() // a database that hangs
				return nil, answer
			}
			return []market.Standing{
				{Name: "coingecko", RecordCount: 5, LastSuccessAt: &fresh, CheckpointAt: &fresh, NewestRecordAt: &stale, Waiting: 3, Running: 1, RequestsThisMonth: 90, FailuresInARow: 2, LastHour: market.Hour{
					Runs: map[market.RunStatus]int64{market.RunFailed: 4, market.RunAbandoned: 1}, Drifts: map[market.DriftKind]int64{market.DriftNewPath: 6},
					Items: market.Counters{Inserted: 11, Updated: 12, Unchanged: 13, Rejected: 14},
				}},
				{Name: "csv", LastSuccessAt: &stale, RequestsThisMonth: 7},
			}, nil
		}, hourly{}, map[string]int64{"coingecko": 100})
		for range 5 {
			text := w.metrics(t)
			for _, want := range ofStandings {
				require.Contains(t, text, want)
			}
			require.NotContains(t, text, `credits_left{source="csv"}`)
			require.NotContains(t, text, `checkpoint_timestamp_seconds{source="csv"}`)
		}
		require.Equal(t, 1, looks)

		answer = errors.New("away")
		time.Sleep(10 * time.Second) // of the bubble's clock
		began := time.Now()
		text := w.metrics(t)
		require.Equal(t, 3*time.Second, time.Since(began), "the time limit of a look")
		require.Contains(t, text, "kasparro_database_up 0")
		require.Contains(t, text, "kasparro_database_look_failures_total 1")
		require.Contains(t, text, "kasparro_database_look_duration_seconds 3")
		require.NotContains(t, text, "kasparro_source_fresh{")
		require.Equal(t, 2, looks)
	})
}
