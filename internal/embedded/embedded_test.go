package embedded

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDataSurvivesARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "postgres")
	first := start(t, dir)
	execute(t, first, "CREATE TABLE kept (n int)")
	execute(t, first, "INSERT INTO kept VALUES (42)")
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, first.Stop(t.Context()), "a second Stop")
	require.NoDirExists(t, first.socketDir)
	require.NoFileExists(t, postmasterPath(dir))

	second := start(t, dir)
	require.Equal(t, "42", ask(t, second, "SELECT n FROM kept"))
	require.FileExists(t, logPath(dir)+".1", "the log of the first server")
}

func TestSettings(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "pg"))
	for name, want := range map[string]string{
		"listen_addresses":                 "",
		"fsync":                            "off",
		"random_page_cost":                 "1.1",
		"max_connections":                  "100",
		"client_connection_check_interval": "5s",
		"TimeZone":                         "UTC",
		"server_encoding":                  "UTF8",
		"unix_socket_permissions":          "0700",
	} {
		require.Equal(t, want, ask(t, s, "SHOW "+name), name)
	}
	require.Equal(t, locale, ask(t, s, "SELECT datcollate FROM pg_database WHERE datname = 'kasparro'"))
	require.Equal(t, "kasparro", ask(t, s, "SELECT current_user"))
	require.Equal(t, "kasparro", ask(t, s, "SELECT current_database()"))
	info, err := os.Stat(s.socketDir)
	require.NoError(t, err)
	require.Equal(t, fs.ModeDir|0o700, info.Mode())
}

func TestMakesWhatWasLeftHalfMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pg")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.Mkdir(dir+".new", 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir+".new", "PG_VERSION"), []byte("15\n"), 0o600))
	require.Equal(t, "1", ask(t, start(t, dir), "SELECT 1"))
	require.NoDirExists(t, dir+".new")
}

func TestLeavesOtherDirectoriesUntouched(t *testing.T) {
	for name, test := range map[string]struct {
		file, text string
		says       []string
	}{
		"a newer version": {"PG_VERSION", "99\n", []string{"PostgreSQL 99", "installed is 1"}},
		"an old version":  {"PG_VERSION", "9.6\n", []string{"PG_VERSION", `"9.6"`}},
		"too old":         {"PG_VERSION", "14\n", []string{"PostgreSQL 14", "at least 15"}},
		"something else":  {"diary.txt", "dear diary", []string{"no PostgreSQL cluster"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, test.file)
			require.NoError(t, os.WriteFile(path, []byte(test.text), 0o600))
			before, err := os.Stat(path)
			require.NoError(t, err)

			_, err = Start(t.Context(), Options{Dir: dir, Fast: true})
			for _, words := range append(test.says, dir, "left as it is") {
				require.ErrorContains(t, err, words)
			}
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 1)
			after, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, before.ModTime(), after.ModTime())
			uid, _, err := owner(path)
			require.NoError(t, err)
			require.Equal(t, os.Geteuid(), uid)
		})
	}
}

func TestFailureShowsTheLog(t *testing.T) {
	dir := cluster(t)
	conf := filepath.Join(dir, "postgresql.conf")
	good, err := os.ReadFile(conf)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(conf, []byte("no_such_setting = 1\n"), 0o600))

	_, err = Start(t.Context(), Options{Dir: dir, Fast: true})
	require.ErrorContains(t, err, `unrecognized configuration parameter "no_such_setting"`)
	require.ErrorContains(t, err, logPath(dir))

	require.NoError(t, os.WriteFile(conf, good, 0o600))
	start(t, dir)
}

func TestStopWithoutPatience(t *testing.T) {
	dir := cluster(t)
	s := start(t, dir)
	execute(t, s, "SET synchronous_commit = on; CREATE TABLE kept AS SELECT 1 AS n")
	// Frozen, it cannot hear the polite signal; it gets both when it goes on.
	require.NoError(t, s.process.cmd.Process.Signal(syscall.SIGSTOP))
	ctx, cancel := context.WithCancelCause(t.Context())
	noPatience := errors.New("no patience")
	cancel(noPatience)
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop(ctx) }()
	<-ctx.Done()
	require.NoError(t, s.process.cmd.Process.Signal(syscall.SIGCONT))
	require.ErrorIs(t, <-stopped, noPatience)
	require.Equal(t, "1", ask(t, start(t, dir), "SELECT n FROM kept"))
}

func TestBadDirectoryNames(t *testing.T) {
	_, err := Start(t.Context(), Options{})
	require.ErrorContains(t, err, "needs a directory")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = Start(t.Context(), Options{Dir: filepath.Join(file, "pg")})
	require.ErrorContains(t, err, file)
	require.ErrorContains(t, err, "DATA_DIR")
}
