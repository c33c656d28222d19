package embedded

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// socketName is what PostgreSQL calls its socket.
var socketName = fmt.Sprintf(".s.PGSQL.%d", port)

// maxSocketPath is the shortest limit of the systems we run on (Linux has 107, macOS 103).
const maxSocketPath = 103

// makeSocketDir makes the directory for the socket of the cluster in dir: a short path, for a
// socket's is limited, that only the account can enter.
func makeSocketDir(dir string, acct account) (string, error) {
	name := fmt.Sprintf("kasparro-%x", sha256.Sum256([]byte(dir)))[:21]
	path := filepath.Join(os.TempDir(), name)
	if len(filepath.Join(path, socketName)) > maxSocketPath {
		path = filepath.Join("/tmp", name)
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the directory of PostgreSQL's socket: %w", err)
	}
	if err := checkSocketDir(path, acct); err != nil {
		return "", err
	}
	return path, nil
}

// checkSocketDir accepts a directory just made or left from an earlier start, and nothing that
// anybody else may have put in its place: whoever owns it could read the database.
func checkSocketDir(path string, acct account) error {
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look at the directory of PostgreSQL's socket: %w", err)
	}
	uid, _, err := owner(path)
	if err != nil {
		return err
	}
	if !info.IsDir() || (uid != acct.uid() && uid != os.Geteuid()) {
		return fmt.Errorf("%s, where PostgreSQL's socket has to be, is not a directory of %s but user %d's: remove it, or set TMPDIR to another place",
			path, acct, uid)
	}
	if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // a directory, which its owner must be able to enter
		return fmt.Errorf("close %s to others: %w", path, err)
	}
	return acct.own(path)
}

// clearSocketDir removes what a server that was killed has left. Nobody runs on this directory
// now, but its old process number may be somebody else's and would stop the next server.
func clearSocketDir(path string) error {
	for _, name := range []string{socketName, socketName + ".lock"} {
		if err := os.Remove(filepath.Join(path, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the socket of an earlier server: %w", err)
		}
	}
	return nil
}

// removeSocketDir leaves nothing behind; a directory that cannot be removed does no harm.
func (s *Server) removeSocketDir() {
	if err := os.Remove(s.socketDir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("the directory of PostgreSQL's socket is still there", "error", err)
	}
}
