package embedded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	tailBytes = 8 << 10
	tailLines = 12
)

func logPath(dir string) string { return filepath.Join(dir, "postgres.log") }

// openLog starts a new log for the server and keeps the one before as postgres.log.1. The
// directory belongs to the account, so root must not follow a link that might stand there.
func openLog(dir string, acct account) (*os.File, error) {
	path := logPath(dir)
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("put the last log of PostgreSQL aside: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of PostgreSQL: %w", err)
	}
	if err := acct.own(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// logTail is the last lines of the server's log, or why there are none.
func logTail(dir string) string {
	file, err := os.Open(logPath(dir))
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if size, err := file.Seek(0, io.SeekEnd); err == nil {
		// Reading from the start instead would be no harm.
		_, _ = file.Seek(max(0, size-tailBytes), io.SeekStart)
	}
	text, err := io.ReadAll(io.LimitReader(file, tailBytes))
	if err != nil {
		return err.Error()
	}
	return lastLines(string(text))
}

// lastLines is the end of a text, for an error.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
