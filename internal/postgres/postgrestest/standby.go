package postgrestest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/embedded"
)

// standbyWithin bounds the start and the end of a standby.
const standbyWithin = time.Minute

// Standby is a streaming standby of the server that the tests share. It is a test's own to break.
type Standby struct {
	t      testing.TB
	dir    string
	server *embedded.Server
}

// NewStandby copies the server with all its databases and follows it, until the test ends.
func NewStandby(t testing.TB) *Standby {
	t.Helper()
	require.NotEmpty(t, dir, "TestMain of this package must call postgrestest.Main")
	began.Store(true)
	primary, err := start()
	require.NoError(t, err)
	s := &Standby{t: t, dir: filepath.Join(t.TempDir(), "standby")}
	slot := fmt.Sprintf("standby_%d", serial.Add(1)) // before all else: what is written meanwhile may be gone when it is to be read
	admin(t, primary, "SELECT pg_create_physical_replication_slot('"+slot+"', true)")
	t.Cleanup(func() { admin(t, primary, "SELECT pg_drop_replication_slot('"+slot+"')") })
	ctx, cancel := context.WithTimeout(context.Background(), standbyWithin)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(programs(t, primary), "pg_basebackup"), "--dbname="+primary.URL("postgres"), "--pgdata="+s.dir,
		"--wal-method=stream", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--slot="+slot).CombinedOutput()
	require.NoError(t, err, "%s", out)
	s.Start()
	t.Cleanup(s.stop)
	return s
}

// programs is where the programs of the server lie.
func programs(t testing.TB, server *embedded.Server) (dir string) {
	t.Helper()
	db := Open(t, server.URL("postgres"))
	require.NoError(t, db.NewRaw("SELECT setting FROM pg_config WHERE name = 'BINDIR'").Scan(t.Context(), &dir))
	return dir
}

// Start starts a standby that was killed.
func (s *Standby) Start() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), standbyWithin)
	defer cancel()
	server, err := embedded.Start(ctx, embedded.Options{Dir: s.dir, Fast: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(s.t, err)
	s.server = server
}

// Kill kills the standby without a word to anybody.
func (s *Standby) Kill() {
	s.t.Helper()
	require.NoError(s.t, syscall.Kill(s.Pid(), syscall.SIGKILL))
	s.stop()
}

func (s *Standby) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), standbyWithin)
	defer cancel()
	if err := s.server.Stop(ctx); err != nil {
		s.t.Log("the standby:", err) // it was killed, say
	}
}

// Pid is that of the postmaster.
func (s *Standby) Pid() int {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "postmaster.pid"))
	require.NoError(s.t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	require.NoError(s.t, err)
	return pid
}

// URL is that of a database of the primary on the standby.
func (s *Standby) URL(primaryURL string) string {
	s.t.Helper()
	u, err := url.Parse(primaryURL)
	require.NoError(s.t, err)
	return s.server.URL(path.Base(u.Path))
}

// Await waits until the standby has replayed all that the primary has written. primaryURL is that of any database of it.
func (s *Standby) Await(primaryURL string) {
	s.t.Helper()
	var written string
	require.NoError(s.t, Open(s.t, primaryURL).NewRaw("SELECT pg_current_wal_insert_lsn()::text").Scan(s.t.Context(), &written))
	db := s.Admin()
	require.Eventually(s.t, func() bool {
		var has bool
		return db.NewRaw("SELECT pg_last_wal_replay_lsn() >= ?", written).Scan(s.t.Context(), &has) == nil && has
	}, standbyWithin, 5*time.Millisecond)
}

// Pause has the standby receive what comes without replaying it.
func (s *Standby) Pause() {
	s.t.Helper()
	s.replay("SELECT pg_wal_replay_pause()", "paused")
}

// Resume undoes Pause.
func (s *Standby) Resume() {
	s.t.Helper()
	s.replay("SELECT pg_wal_replay_resume()", "not paused")
}

func (s *Standby) replay(statement, state string) {
	s.t.Helper()
	db := s.Admin()
	_, err := db.Exec(statement)
	require.NoError(s.t, err)
	require.Eventually(s.t, func() bool {
		var now string
		return db.NewRaw("SELECT pg_get_wal_replay_pause_state()").Scan(context.Background(), &now) == nil && now == state
	}, 20*time.Second, 5*time.Millisecond)
}

// Admin returns a pool on the standby, closed with the test.
func (s *Standby) Admin() *bun.DB {
	s.t.Helper()
	return Open(s.t, s.server.URL("postgres"))
}
