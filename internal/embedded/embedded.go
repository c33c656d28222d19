// Package embedded runs a private PostgreSQL for people who have none running: a data directory
// and a unix socket of its own, no network, and an end together with the process that started it.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	role      = "kasparro" // the superuser, and the database made for it
	port      = 5432       // no more than a part of the socket's name: nothing listens on TCP
	pollEvery = 20 * time.Millisecond
	failGrace = 10 * time.Second // for ending a server that did not come up
)

// Options say where the server lives.
type Options struct {
	// Dir holds the cluster; it and its parents are made when missing. Dir with ".lock" and, while
	// the cluster is made, ".new" appended stand beside it.
	Dir string
	// Log gets a line for each step; nil logs nothing.
	Log *slog.Logger
	// Fast gives durability up for speed: for tests, never for data that is to be kept.
	Fast bool
}

// Server is a running PostgreSQL: one's own, or that of another process that was attached to.
// It is safe for use by many goroutines.
type Server struct {
	dir       string
	fast      bool
	log       *slog.Logger
	socketDir string
	lock      *os.File // held while the server is ours
	process   *process // nil when attached
	stop      sync.Once
	stopErr   error
}

// Start returns when a PostgreSQL on o.Dir answers and has the database "kasparro". It makes the
// cluster if Dir is missing or empty, and leaves a Dir that holds anything else untouched. Where
// another process already runs a server on Dir, that one is used. The context bounds starting
// only; the server then lives until Stop or the end of this process.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := resolve(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, fast: o.Fast, log: o.Log}
	owner, err := s.lockOrAttach(ctx)
	if err != nil {
		return nil, fmt.Errorf("start the embedded PostgreSQL: %w", err)
	}
	if !owner {
		return s, nil
	}
	if err := s.run(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the embedded PostgreSQL: %w", err), s.abandon())
	}
	return s, nil
}

// URL is how pgx and libpq reach the named database of the server, over its unix socket, as its
// superuser. The database need not exist; "kasparro" does.
func (s *Server) URL(database string) string {
	query := url.Values{"host": {s.socketDir}, "port": {strconv.Itoa(port)}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}

// Stop ends the server, disconnecting its clients, and returns when it is gone. If ctx ends first
// the server is ended without its final checkpoint; nothing committed is lost by that, unless it is a Fast one. On a server
// that was only attached to it does nothing. Further calls return what the first did.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		if s.process == nil {
			return
		}
		err := s.process.end(ctx)
		s.removeSocketDir()
		s.stopErr = errors.Join(err, s.lock.Close())
	})
	return s.stopErr
}

// run brings the server of a cluster up whose lock is held.
func (s *Server) run(ctx context.Context) error {
	made, err := clusterMajor(s.dir)
	if err != nil {
		return err
	}
	bin, err := choose(findInstallations(ctx, SearchPlaces()), made, s.dir)
	if err != nil {
		return err
	}
	acct, err := chooseAccount(s.dir)
	if err != nil {
		return err
	}
	if s.socketDir, err = makeSocketDir(s.dir, acct); err != nil {
		return err
	}
	if acct, err = acct.reach(ctx, bin, s.dir, s.socketDir); err != nil {
		return err
	}
	if made == 0 {
		if err := s.initialise(ctx, bin, acct); err != nil {
			return err
		}
	}
	return s.serve(ctx, bin, acct)
}

// serve starts the server on an existing cluster and returns when it answers.
func (s *Server) serve(ctx context.Context, bin installation, acct account) error {
	if err := adopt(s.dir, acct); err != nil {
		return err
	}
	if err := s.awaitPredecessor(ctx); err != nil {
		return err
	}
	if err := clearSocketDir(s.socketDir); err != nil {
		return err
	}
	out, err := openLog(s.dir, acct)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := acct.command(context.Background(), syscall.SIGINT, bin.postgres(), s.arguments()...)
	cmd.Stdout, cmd.Stderr = out, out
	if s.process, err = launch(cmd); err != nil {
		return fmt.Errorf("run %s as %s: %w", bin.postgres(), acct, err)
	}
	if err := s.awaitAnswer(ctx); err != nil {
		return err
	}
	go s.watch()
	s.log.Info("PostgreSQL is up", "version", bin.version, "dir", s.dir, "as", acct.String())
	return ensureDatabase(ctx, s.URL("postgres"))
}

// abandon leaves nothing running or locked after a start that failed.
func (s *Server) abandon() error {
	var err error
	if s.process != nil {
		ctx, cancel := context.WithTimeout(context.Background(), failGrace)
		defer cancel()
		// How it ended is no news: that it did not come up has been said.
		_ = s.process.end(ctx)
	}
	if s.socketDir != "" {
		s.removeSocketDir()
	}
	if closeErr := s.lock.Close(); closeErr != nil {
		err = fmt.Errorf("release %s: %w", lockPath(s.dir), closeErr)
	}
	return err
}
