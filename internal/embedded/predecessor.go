package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postmaster is what a server says of itself in its data directory.
type postmaster struct {
	pid       int    // 0 where the file does not say
	socketDir string // empty until the socket is there
}

func postmasterPath(dir string) string { return filepath.Join(dir, "postmaster.pid") }

// readPostmaster reads postmaster.pid: process number, data directory, start time, port, directory
// of the socket, and more, one a line.
func readPostmaster(dir string) (postmaster, error) {
	text, err := os.ReadFile(postmasterPath(dir))
	if err != nil {
		return postmaster{}, fmt.Errorf("find the running server: %w", err)
	}
	lines := strings.Split(string(text), "\n")
	var p postmaster
	if pid, err := strconv.Atoi(strings.TrimSpace(lines[0])); err == nil {
		p.pid = max(pid, -pid) // negative in single-user mode
	}
	if len(lines) > 5 {
		p.socketDir = lines[4]
	}
	return p, nil
}

// awaitPredecessor sees to it that no server is left on the cluster: one whose parent was killed
// is shutting down, or is told to, and its end is waited for.
func (s *Server) awaitPredecessor(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for told := false; ; {
		left, err := readPostmaster(s.dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		command := commandLine(left.pid)
		if left.pid == 0 || !isServer(command) {
			return disown(postmasterPath(s.dir))
		}
		if !told {
			told = true
			s.log.Info("waiting for an earlier PostgreSQL to end", "pid", left.pid, "dir", s.dir)
			if slices.Contains(command, s.dir) {
				// Surely ours. That it has gone meanwhile is as good.
				_ = syscall.Kill(left.pid, syscall.SIGINT)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("process %d (%s) still runs on %s: end it, or if it serves another cluster remove %s: %w",
				left.pid, strings.Join(command, " "), s.dir, postmasterPath(s.dir), context.Cause(ctx))
		}
	}
}

// isServer tells PostgreSQL from a process that was given the number of one that is gone. In doubt
// it is a server: two on one cluster would destroy it.
func isServer(command []string) bool {
	if len(command) == 0 {
		return false
	}
	name := filepath.Base(command[0])
	return name == "postgres" || name == "postmaster" || strings.HasPrefix(command[0], "postgres:")
}

// disown writes our process number over that of a server that is gone: PostgreSQL takes a file
// with its parent's number for stale, whoever has the old number now. The rest stays, for by it
// the next server makes sure that no memory of the old one is still in use.
func disown(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("take over after an earlier server: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("take over after an earlier server: %w", err)
	}
	_, err = fmt.Fprintf(file, "%d\n%s", os.Getpid(), rest)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("take over after an earlier server: %w", err)
	}
	return nil
}
