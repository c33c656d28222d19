package chaos_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Beside a process that serves, the run of a dead process is closed within three heartbeats, whether it
// had stored a page or not. It takes these heartbeats, so only the long form has the time.
func TestTheDeadAreFoundInTime(t *testing.T) {
	t.Parallel()
	if !long() {
		return
	}
	r := newRig(t)
	beside := r.serve("--no-scheduler")
	for pages := range 2 {
		try(t, "kill -9 of a run, found by who serves", func() {
			r.stall("coingecko", pages)
			p := r.start("ingest", "coingecko")
			r.awaitStalled(p)
			p.kill()
			r.sim.ClearFaults()
			silent := "SELECT extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 FROM etl_runs WHERE id = ?"
			id := r.lastRun()
			await(t, "the end of the run of the dead", func() bool {
				return r.read("SELECT status FROM etl_runs WHERE id = ?", id) == "abandoned"
			})
			var seconds float64
			require.NoError(t, r.db.NewRaw(silent, id).Scan(t.Context(), &seconds))
			require.GreaterOrEqual(t, seconds, 15.0)
			require.LessOrEqual(t, seconds, 17.0)
			require.True(t, r.number("SELECT count(*) FROM etl_runs WHERE id = ? AND finished_at = heartbeat_at AND pages = ?", id, pages) == 1)
			r.ingest("coingecko", "csv")
			r.sound()
		})
	}
	beside.kill()
}
