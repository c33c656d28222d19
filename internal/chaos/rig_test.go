package chaos_test

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/simulator"
)

const apiKey = "a-key-for-this-test"

// rig is everything that the program needs, in the hands of a test.
type rig struct {
	t      *testing.T
	dice   *rand.Rand
	binary string
	db     *bun.DB // the test's own way to the database
	env    []string
	sim    *simulator.Simulator
	csv    *files
}

// newRig makes a rig on a migrated database of its own.
func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOn(t, postgrestest.URL(t))
}

// newRigOn makes a rig on the database at url. Time stands still at the simulated upstreams, so that
// what a run has not got the next one gets, until the test moves it on.
func newRigOn(t *testing.T, url string) *rig {
	t.Helper()
	binary, err := asItIs()
	require.NoError(t, err)
	start := time.Now().Add(-12 * time.Hour).Truncate(time.Minute)
	r := &rig{
		t: t, dice: dice(t), binary: binary, db: postgrestest.Open(t, url), csv: &files{t: t, dir: t.TempDir()},
		sim: simulator.New(simulator.Options{
			Seed: int64(*seed >> 1), Now: func() time.Time { return start }, Keep: -1,
			Coins: 300, // two pages of CoinGecko
		}),
	}
	server := httptest.NewServer(r.sim)
	t.Cleanup(server.Close)
	t.Cleanup(r.sim.ClearFaults) // held requests would hold the server open
	r.env = []string{
		"DATABASE_URL=" + url, "API_KEY=" + apiKey, "PORT=0", "LOG_FORMAT=json", "LOG_LEVEL=debug",
		"CSV_PATH=" + r.csv.dir, "ETL_SCHEDULE=off",
		"COINGECKO_REQUESTS_PER_SECOND=100", "COINPAPRIKA_REQUESTS_PER_SECOND=100",
		"COINGECKO_BASE_URL=" + server.URL + "/coingecko/api/v3", "COINPAPRIKA_BASE_URL=" + server.URL + "/coinpaprika/v1",
	}
	r.csv.add(3, 20)
	return r
}

// start starts a process. Settings come before those of the rig.
func (r *rig) start(args ...string) *program {
	r.t.Helper()
	return launch(r.t, r.binary, r.env, args...)
}

// with is the rig with other settings.
func (r *rig) with(settings ...string) *rig {
	other := *r
	other.env = append(append([]string{}, r.env...), settings...) // of two alike the last one counts
	return &other
}

// finish lets the dead be found dead, and runs every source to its end once.
func (r *rig) finish() {
	r.t.Helper()
	r.age()
	r.ingest()
}

// ingest runs sources, all if none is named, to their end.
func (r *rig) ingest(sources ...string) {
	r.t.Helper()
	p := r.start(append([]string{"ingest", "--json"}, sources...)...)
	require.Zero(r.t, p.wait(), "%s\n%s", &p.out, &p.log)
}

// age makes the heartbeats of open runs old, as if their processes had been silent since.
func (r *rig) age() {
	r.t.Helper()
	r.exec("UPDATE etl_runs SET heartbeat_at = now() - interval '16 seconds' WHERE status = 'running'")
}

// moveOn lets the market move and the files grow.
func (r *rig) moveOn() {
	r.t.Helper()
	require.NoError(r.t, r.sim.Advance(time.Minute))
	r.csv.add(2, 20)
	r.csv.grow(5)
}

func (r *rig) exec(statement string, args ...any) {
	r.t.Helper()
	_, err := r.db.ExecContext(context.Background(), statement, args...) // also while the test is being cleared away
	require.NoError(r.t, err)
}

// number reads a number.
func (r *rig) number(query string, args ...any) (n int64) {
	r.t.Helper()
	require.NoError(r.t, r.db.NewRaw(query, args...).Scan(context.Background(), &n))
	return n
}

// read reads a text.
func (r *rig) read(query string, args ...any) (s string) {
	r.t.Helper()
	require.NoError(r.t, r.db.NewRaw(query, args...).Scan(context.Background(), &s))
	return s
}
