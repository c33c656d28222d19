package chaos_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/embedded"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/server/servertest"
)

// server is a PostgreSQL that is a test's own to break. Unlike the common one it keeps what is
// committed whatever happens to it.
type server struct {
	t   *testing.T
	dir string
	*embedded.Server
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "postgres")}
	s.up()
	t.Cleanup(s.down)
	return s
}

func (s *server) up() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	s.Server, err = embedded.Start(ctx, embedded.Options{Dir: s.dir, Log: slog.New(slog.DiscardHandler)})
	require.NoError(s.t, err)
}

// down stops the server as pg_ctl -m fast does. A server that is down stays so.
func (s *server) down() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(s.t, s.Stop(ctx))
}

// crash stops the server as pg_ctl -m immediate does: without a last checkpoint, and without a word
// to anybody.
func (s *server) crash() {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "postmaster.pid"))
	require.NoError(s.t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	require.NoError(s.t, err)
	require.NoError(s.t, syscall.Kill(pid, syscall.SIGQUIT))
	s.down()
}

// reopen is for after a restart: the test's connections have ended with the server.
func (r *rig) reopen(s *server) {
	r.t.Helper()
	r.db = postgrestest.Open(r.t, s.URL("kasparro"))
}

// settled returns when no run is open any more, without anybody's help.
func (r *rig) settled() {
	r.t.Helper()
	await(r.t, "the end of all runs", func() bool { return r.number("SELECT count(*) FROM etl_runs WHERE status = 'running'") == 0 })
}

const never = "ETL_SCHEDULE=0 0 29 2 *" // only the run at the start

// Whatever becomes of the database's server, the service goes on when it is back. One server, which
// takes its time to be made, for all of it.
func TestServer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := newRigOn(t, s.URL("kasparro")).with(never)
	r.csv.add(10, 20)
	r.goneAtBoot(s)
	for range max(1, *rounds/10) {
		r.restarted(s, "fast", s.down)
		r.restarted(s, "immediate", s.crash)
		r.killed(s)
	}
}

// A service that is started before its database waits, says so, and begins when it is there.
func (r *rig) goneAtBoot(s *server) {
	t, port := r.t, servertest.FreePort(r.t)
	t.Helper()
	s.down()
	try(t, "database gone at boot", func() {
		a := &api{program: r.with("PORT=" + port).start("serve"), base: "http://127.0.0.1:" + port}
		await(t, "503 of /readyz", func() bool { return a.status("/readyz") == 503 })
		require.Equal(t, 200, a.status("/livez"))
		await(t, "a line in the log", func() bool { return strings.Contains(a.log.String(), "waiting for the database") })
		s.up()
		r.reopen(s)
		await(t, "200 of /readyz", func() bool { return a.status("/readyz") == 200 })
		await(t, "the first runs", func() bool { return a.address() != "" && r.lastRun() == 3 })
		r.settled()
		require.EqualValues(t, 3, r.number("SELECT count(*) FROM etl_runs WHERE status = 'succeeded'"), "%s", &a.log)
		r.sound()
		a.kill()
	})
}

// The server goes down in the middle of runs and comes back.
func (r *rig) restarted(s *server, way string, stop func()) {
	t := r.t
	t.Helper()
	try(t, "restart of the database, "+way, func() {
		r.moveOn()
		r.csv.add(10, 20)
		r.exec("UPDATE etl_runs SET scheduled_at = NULL") // as if this were another minute, with a slot of its own
		a := r.serveUntil(pages(1 + r.dice.IntN(5)))
		stop()
		s.up()
		r.reopen(s)
		await(t, "the service to be ready", func() bool { return a.status("/readyz") == 200 })
		r.settled()
		a.signal(syscall.SIGTERM)
		require.Zero(t, a.wait(), "%s", &a.log)
		r.finish()
		r.sound()
	})
}

// The server process of one connection is killed: PostgreSQL then ends all others and recovers.
func (r *rig) killed(s *server) {
	t := r.t
	t.Helper()
	try(t, "kill -9 of a server process", func() {
		r.moveOn()
		m := writing("records")
		m.arm(r) // and not released: it is gone with the server's memory
		p := r.start("ingest", "csv")
		await(t, m.name, func() bool { return m.seen(r, p) })
		pid := r.number("SELECT pid FROM pg_stat_activity WHERE " + isBlocked + " LIMIT 1")
		require.NoError(t, syscall.Kill(int(pid), syscall.SIGKILL))
		r.reopen(s)
		p.wait()
		await(t, "the recovery", func() bool { return r.db.Ping() == nil })
		r.finish()
		r.sound()
	})
}

// The server process of one connection ends: the page is committed over another.
func TestBackendEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, m := range []moment{writing("records"), committing()} {
		try(t, "pg_terminate_backend at: "+m.name, func() {
			r.moveOn()
			release := m.arm(r)
			p := r.start("ingest", "csv")
			await(t, m.name, func() bool { return m.seen(r, p) })
			require.EqualValues(t, 1, r.number("SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "+isBlocked+") x"))
			release()
			require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
			r.sound()
		})
	}
}
