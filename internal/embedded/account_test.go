package embedded

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunsForAnOrdinaryUser(t *testing.T) {
	cmd, home := ordinary(t)
	dir := filepath.Join(home, "data", "pg")
	person := startChild(t, cmd, dir)
	require.Equal(t, "kasparro", askURL(t, person.says, "SELECT current_user"))
	uid, _, err := owner(versionFile(dir))
	require.NoError(t, err)
	homeOwner, _, err := owner(home)
	require.NoError(t, err)
	require.Equal(t, homeOwner, uid)
	require.NoError(t, person.stdin.Close())
	require.NoError(t, person.cmd.Wait())

	// Root, or the same person again, goes on with it as its owner.
	require.Equal(t, "1", ask(t, start(t, dir), "SELECT 1"))
	again, _, err := owner(logPath(dir))
	require.NoError(t, err)
	require.Equal(t, uid, again)
}

func TestUnwritableDirectory(t *testing.T) {
	cmd, _ := ordinary(t)
	closed := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(closed), 0o755))
	require.NoError(t, os.Chmod(closed, 0o555))
	person := startChild(t, cmd, filepath.Join(closed, "pg"))
	require.Contains(t, person.says, "error:")
	require.Contains(t, person.says, closed)
	require.Contains(t, person.says, "permission denied")
	require.Contains(t, person.says, "DATA_DIR")
	entries, err := os.ReadDir(closed)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestSocketDirectoryOfSomebodyElse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pg")
	acct, err := chooseAccount(dir)
	require.NoError(t, err)
	path, err := makeSocketDir(dir, acct)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))

	require.NoError(t, os.Symlink(t.TempDir(), path))
	defer os.Remove(path)
	_, err = Start(t.Context(), Options{Dir: dir, Fast: true})
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "not a directory of")
	_, err = os.Lstat(path)
	require.NoError(t, err, "what belongs to somebody else stays")

	if os.Geteuid() == 0 {
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o700))
		require.NoError(t, newAccount(1, 1).own(path))
		_, err = Start(t.Context(), Options{Dir: dir, Fast: true})
		require.ErrorContains(t, err, "user 1's")
		require.DirExists(t, path)
	}
}

func TestSocketPathStaysShort(t *testing.T) {
	long := filepath.Join(t.TempDir(), "a-very-long-name-of-a-directory-for-temporary-files-that-would-make-the-path-of-a-socket-too-long")
	require.NoError(t, os.Mkdir(long, 0o777))
	t.Setenv("TMPDIR", long)
	path, err := makeSocketDir(filepath.Join(long, "pg"), account{})
	require.NoError(t, err)
	defer os.Remove(path)
	require.LessOrEqual(t, len(filepath.Join(path, socketName)), maxSocketPath)
}
