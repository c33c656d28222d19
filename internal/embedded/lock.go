package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockPath is beside the cluster, not in it: it must be there before the cluster is.
func lockPath(dir string) string { return dir + ".lock" }

// lockOrAttach makes this process the one that runs the server on the cluster (true), or attaches
// to the server of the process that is. While that one is still coming up or already going down
// it waits, to the end of ctx.
func (s *Server) lockOrAttach(ctx context.Context) (owner bool, err error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for waiting := false; ; {
		if s.lock, err = tryLock(lockPath(s.dir)); s.lock != nil || err != nil {
			return err == nil, err
		}
		unanswered := s.attach(ctx)
		if unanswered == nil {
			s.log.Info("using the PostgreSQL that another process runs", "dir", s.dir)
			return false, nil
		}
		if !waiting {
			s.log.Info("waiting for the PostgreSQL of another process", "dir", s.dir)
			waiting = true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, fmt.Errorf("another process holds %s, but its server does not answer (%w): %w", lockPath(s.dir), unanswered, context.Cause(ctx))
		}
	}
}

// tryLock returns nil and no error where another process holds the lock. The kernel releases it
// when the process ends, however it ends.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(path, err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return file, nil
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = nil
	} else {
		err = fmt.Errorf("lock %s: %w", path, err)
	}
	return nil, errors.Join(err, file.Close())
}

// attach finds the socket of the running server and asks it for an answer.
func (s *Server) attach(ctx context.Context) error {
	running, err := readPostmaster(s.dir)
	if err != nil {
		return err
	}
	if running.socketDir == "" {
		return errors.New("it has no socket yet")
	}
	attached := Server{socketDir: running.socketDir}
	if err := answers(ctx, attached.URL(role)); err != nil {
		return err
	}
	s.socketDir = running.socketDir
	return nil
}
