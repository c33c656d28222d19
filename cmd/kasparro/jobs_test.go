package main

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/config"
	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/source"
	"github.com/kasparro/kasparro/internal/source/csvfile"
	"github.com/kasparro/kasparro/internal/telemetry"
)

// A process that starts in the minute in which another has started, and died, makes good for it.
func TestAStartMakesGoodForARunThatDidNotEnd(t *testing.T) {
	t.Parallel()
	slot := time.Now().UTC().Truncate(time.Minute)
	for name, c := range map[string]struct {
		before string // what became of the run that has the slot
		again  bool   // whether the source is run again
	}{
		"killed":      {"heartbeat_at = now() - interval '1 hour'", true},
		"interrupted": {"status = 'interrupted', finished_at = now()", true},
		"succeeded":   {"status = 'succeeded', finished_at = now()", false},
		"failed":      {"status = 'failed', finished_at = now(), error = 'no answer'", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			store := postgres.New(db, identity.Resolve)
			_, err := store.StartRun(t.Context(), market.RunRequest{
				Source: "csv", Kind: market.KindFile, Trigger: market.TriggerStartup, ScheduledAt: &slot,
			})
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), "UPDATE etl_runs SET "+c.before)
			require.NoError(t, err)

			log := slog.New(slog.DiscardHandler)
			watch, err := newTelemetry(t.Context(), config.Config{}, nil, log)
			require.NoError(t, err)
			newJobs(store, []source.Source{csvfile.New("")}, watch, log).run(t.Context(), "csv", slot, true)

			outcome := map[bool]string{true: telemetry.SlotTaken, false: telemetry.SlotLeft}[c.again]
			metrics := httptest.NewRecorder()
			watch.Metrics().ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
			require.Contains(t, metrics.Body.String(), `kasparro_slots_total{outcome="`+outcome+`",source="csv"} 1`)

			runs, err := store.Runs(t.Context(), market.RunFilter{}, market.Window[int64]{Size: 10})
			require.NoError(t, err)
			if !c.again {
				require.Len(t, runs.Items, 1)
				return
			}
			require.Len(t, runs.Items, 2)
			require.Equal(t, market.RunSucceeded, runs.Items[0].Status, runs.Items[0].Error)
			require.Nil(t, runs.Items[0].ScheduledAt)
			require.NotEqual(t, market.RunRunning, runs.Items[1].Status)
		})
	}
}
