package main

import (
	"context"
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

// requireSlot looks whether the one slot of the file was counted, and by what became of it.
func requireSlot(t *testing.T, watch *telemetry.Telemetry, outcome string) {
	t.Helper()
	metrics := httptest.NewRecorder()
	watch.Metrics().ServeHTTP(metrics, httptest.NewRequest("GET", "/metrics", nil))
	for _, one := range []string{telemetry.SlotTaken, telemetry.SlotLeft, telemetry.SlotMissed, telemetry.SlotFailed} {
		count := map[bool]string{true: "1", false: "0"}[one == outcome]
		require.Contains(t, metrics.Body.String(), `kasparro_slots_total{outcome="`+one+`",source="csv"} `+count+"\n")
	}
}

// stopper is a log that stops the program when it is told that the database is waited for.
type stopper struct {
	slog.Handler
	stop func()
}

func (s stopper) Enabled(context.Context, slog.Level) bool { return true }
func (s stopper) WithAttrs([]slog.Attr) slog.Handler       { return s }

func (s stopper) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "waiting for the database" {
		s.stop()
	}
	return nil
}

func TestASlotThatWaitsForTheDatabaseAtTheEndWasNotTaken(t *testing.T) {
	t.Parallel()
	db, err := postgres.Open("postgres://nobody@127.0.0.1:1/none", postgres.Pool{Name: "test", MaxConns: 1})
	require.NoError(t, err)
	defer db.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log := slog.New(stopper{slog.DiscardHandler, stop})
	watch, err := newTelemetry(t.Context(), config.Config{}, nil, log)
	require.NoError(t, err)
	newJobs(postgres.New(db, identity.Resolve), []source.Source{csvfile.New("")}, watch, log).run(ctx, "csv", time.Now(), false)
	requireSlot(t, watch, telemetry.SlotMissed)
}

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
			requireSlot(t, watch, outcome)

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
