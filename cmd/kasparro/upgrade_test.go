package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A slot comes while the program is being replaced. The one that is started then takes it: what was said meanwhile is stored.
func TestASlotDuringAnUpgradeIsNotLost(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "prices.csv")
	require.NoError(t, os.WriteFile(file, []byte("Symbol,Name,Date,Close\nBTC,Bitcoin,2024-01-01,100\n"), 0o600))
	env := append(away(t), "CSV_PATH="+file, "ETL_SCHEDULE=0 0 * * *", "ETL_SCHEDULE_COINGECKO=off", "ETL_SCHEDULE_COINPAPRIKA=off")
	db := postgrestest.Open(t, strings.TrimPrefix(env[0], "DATABASE_URL="))
	awaitRecords := func(p *program, want int) {
		t.Helper()
		require.Eventually(t, func() bool {
			var n int
			return db.NewRaw("SELECT count(*) FROM records").Scan(t.Context(), &n) == nil && n == want
		}, time.Minute, 50*time.Millisecond, "%s", p.stderr)
	}
	before := launch(t, t.TempDir(), env, "serve")
	awaitRecords(before, 1)
	require.Equal(t, exitDone, before.stop(syscall.SIGTERM), before.stderr)
	_, err := db.ExecContext(t.Context(), "UPDATE etl_runs SET scheduled_at = scheduled_at - interval '1 day'") // a day goes by
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte("Symbol,Name,Date,Close\nBTC,Bitcoin,2024-01-01,100\nBTC,Bitcoin,2024-01-02,101\n"), 0o600))
	after := launch(t, t.TempDir(), env, "serve")
	awaitRecords(after, 2)
	require.Equal(t, exitDone, after.stop(syscall.SIGTERM), after.stderr)
}

// The version of before is started over a schema that a newer one has made: every command says so and changes nothing.
func TestAnOlderVersionRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	env := append(away(t), "DATABASE_URL="+postgrestest.URL(t))
	db := postgrestest.Open(t, strings.TrimPrefix(env[len(env)-1], "DATABASE_URL="))
	_, err := db.ExecContext(t.Context(), "INSERT INTO bun_migrations (name, group_id) VALUES ('0099', 99)")
	require.NoError(t, err)
	for _, command := range [][]string{{"serve"}, {"ingest", "csv"}, {"migrate", "up"}, {"migrate", "down"}} {
		code, _, stderr := finish(t, t.TempDir(), env, command...)
		require.Equal(t, exitFailed, code, command)
		require.Contains(t, stderr, "the schema is newer than this program: it has 0099; run the version that made it", command)
	}
	code, stdout, _ := finish(t, t.TempDir(), env, "migrate", "status")
	require.Equal(t, exitDone, code)
	require.Contains(t, stdout, "applied  0011_waiting\nnewer    0099\n")
	code, stdout, _ = finish(t, t.TempDir(), env, "doctor")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "FAIL  database       the schema is newer than this program")
	var runs int
	require.NoError(t, db.NewRaw("SELECT count(*) FROM etl_runs").Scan(t.Context(), &runs))
	require.Zero(t, runs)
}

// Runs come from somebody else's scheduler. The service that only serves judges them by the same timetable; one that meets another
// leaves it alone and says so.
func TestAnotherScheduler(t *testing.T) {
	t.Parallel()
	env, url := simulated(t)
	env = append(env, "PORT=0", "COINGECKO_REQUESTS_PER_SECOND=100")
	s := serveWith(t, env)
	health := func() map[string]any { return get(t, s.base+"/health", "") }
	require.Equal(t, "healthy", health()["status"], "nothing was to be expected yet")
	require.Equal(t, "never_run", health()["etl_last_run_status"])
	code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "--json")
	require.Equal(t, exitDone, code, stdout+stderr)
	require.Equal(t, "healthy", health()["status"])
	for _, source := range health()["sources"].([]any) {
		require.Equal(t, true, source.(map[string]any)["fresh"])
		require.NotNil(t, source.(map[string]any)["next_run_at"])
	}

	other, err := s.store.StartRun(t.Context(), market.RunRequest{Source: "csv", Kind: market.KindFile, Trigger: market.TriggerManual})
	require.NoError(t, err)
	code, stdout, _ = finish(t, t.TempDir(), env, "ingest", "--json", "csv")
	require.Equal(t, exitFailed, code)
	var r report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.Contains(t, r.Error, "a run of this source is going on: "+market.GlobalID(market.IDRun, other.ID))
	code, _, _ = finish(t, t.TempDir(), env, "ingest")
	require.Equal(t, exitPartial, code, "the others were run")

	// Its process is killed, and three heartbeats go by; then the timetable's slots without any run.
	db := postgrestest.Open(t, url)
	_, err = db.ExecContext(t.Context(), "UPDATE etl_runs SET heartbeat_at = now() - interval '1 minute' WHERE status = 'running'")
	require.NoError(t, err)
	code, stdout, stderr = finish(t, t.TempDir(), env, "ingest", "csv")
	require.Equal(t, exitDone, code, stdout+stderr)
	_, err = db.ExecContext(t.Context(), "UPDATE source_totals SET last_success_at = now() - interval '11 minutes'")
	require.NoError(t, err)
	require.Equal(t, "degraded", health()["status"])
}
