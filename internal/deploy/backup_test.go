//go:build engine

package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"
)

// A backup is made while the service runs, and restored twice: over what was there, which a standby sees as well, and on a machine
// that has nothing.
func (s *stack) backsUpAndRestores() {
	s.t.Helper()
	made := s.backUp("backups/a 'night'.dump")
	require.Regexp(s.t, `^backups/a 'night'\.dump: \d+\.\d MB, \d+ rows in \d+ tables of kasparro at 20\S+$`, made)
	info, err := os.Stat(filepath.Join(s.dir, "backups", "a 'night'.dump"))
	require.NoError(s.t, err)
	require.Equal(s.t, os.FileMode(0o600), info.Mode())
	left, err := filepath.Glob(filepath.Join(s.dir, "backups", "*"))
	require.NoError(s.t, err)
	require.Len(s.t, left, 1)

	_, rows, _ := strings.Cut(made, "MB, ")
	require.Contains(s.t, s.run("make", "rehearse", "VERSION="+version, "COMMIT="+commit, "FILE=backups/a 'night'.dump"), "Restored kasparro: "+rows+".")
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "short.dump"), []byte("PGDMP"), 0o600))
	said, err := s.restore("FILE=short.dump")
	require.Error(s.t, err)
	require.Contains(s.t, said, "kasparro: short.dump: ")
	last := s.lastRun()
	s.await("a run after the backup", func() bool { return s.lastRun() > last })
	said, err = s.restore("FILE=backups/a 'night'.dump")
	require.Error(s.t, err)
	require.Contains(s.t, said, "the database is in use: connected to kasparro: kasparro api")
	require.Equal(s.t, 1, s.number("standby", "SELECT count(*) FROM pg_database WHERE datname LIKE 'kasparro%'"))

	s.compose("--profile", "api", "stop", "app", "api")
	last = s.lastRun()
	s.restored(made)
	s.await("the restored database on the standby", func() bool {
		return s.number("standby", "SELECT coalesce(max(id), 0) FROM etl_runs WHERE status = 'succeeded'") < last
	})
	s.compose("--profile", "*", "down", "--volumes")
	s.restored(made)
	require.Empty(s.t, s.containers(), "the database was down, and is again")
	s.up()
	s.awaitHealthy()
	require.Zero(s.t, s.number("database", "SELECT count(*) FROM pg_database WHERE datname LIKE 'kasparro\\_%'"), "what held nothing is not kept")
}

func (s *stack) backUp(file string) string {
	s.t.Helper()
	return s.run("make", "backup", "VERSION="+version, "COMMIT="+commit, "FILE="+file)
}

func (s *stack) restore(what string) (string, error) {
	return s.attempt("make", "restore", "VERSION="+version, "COMMIT="+commit, what)
}

// restored restores, drops what was kept, and holds the role of the service to what it may.
func (s *stack) restored(made string) {
	s.t.Helper()
	said, err := s.restore("FILE=backups/a 'night'.dump")
	require.NoError(s.t, err, said)
	_, rows, _ := strings.Cut(made, "MB, ")
	require.Contains(s.t, said, fmt.Sprintf("Restored kasparro: %s. Every count and checksum is that of the backup.", rows))
	require.NotContains(s.t, said, s.secret("POSTGRES_PASSWORD"))
	if kept := regexp.MustCompile(`DROP=(\w+)`).FindStringSubmatch(said); kept != nil {
		out, err := s.restore("DROP=" + kept[1])
		require.NoError(s.t, err, out)
		require.Zero(s.t, s.number("database", "SELECT count(*) FROM pg_roles WHERE rolname = 'kasparro' AND rolcreatedb"))
	}
}
