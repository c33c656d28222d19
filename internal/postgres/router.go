package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// Router answers the questions of market.Reader from standbys of the database, in turn. Questions under a market.View go
// to one server together, and only to one that has all that this process has shown before; a read that fails
// is asked of another. Whatever is asked without a view goes to the primary. It implements market.Reader and is safe for
// concurrent use.
type Router struct {
	primary   *server
	replicas  []*server
	limit     time.Duration // that a replica may be behind
	log       *slog.Logger
	sightings sightings     // of Run alone, as is what follows
	stranded  time.Time     // since when no server is as far as the floor; zero where one is
	bell      chan struct{} // asks for a look

	turn  atomic.Uint32
	floor atomic.Int64 // the version that has been shown: nobody is answered from an older one
}

// server is the primary or a replica.
type server struct {
	name  string // without secrets
	store *Store
	looks *bun.DB      // a connection of its own, which no reads keep waiting
	fit   atomic.Bool  // a replica: to be read from; the primary: there
	known atomic.Int64 // the version that it has at least

	fitness fitness // of a replica, at the last look

	mu   sync.Mutex
	life context.Context // of the reads that are going on; ends when the server is found gone
	end  context.CancelFunc
}

// errGone is why a read was given up in the middle: the server does not answer any more.
var errGone = errors.New("the server does not answer any more")

// NewRouter makes a router over the pool of API reads at the primary, and over pools like it at the replicas. A replica that
// is further behind than limit is left out. Nothing is read from replicas before Run.
func NewRouter(primary *bun.DB, primaryURL string, replicaURLs []string, p Pool, limit time.Duration, log *slog.Logger) (*Router, error) {
	r := &Router{limit: limit, log: log, bell: make(chan struct{}, 1)}
	looks, err := Open(primaryURL, lookPool)
	if err != nil {
		return nil, err
	}
	r.primary = newServer("the primary", looks)
	r.primary.store = New(primary, nil)
	r.primary.fit.Store(true)
	for i, url := range replicaURLs {
		s, err := openReplica(url, p)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("replica %d: %w", i+1, err), r.Close())
		}
		r.replicas = append(r.replicas, s)
	}
	return r, nil
}

func newServer(name string, looks *bun.DB) *server {
	s := &server{name: name, looks: looks}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

func openReplica(url string, p Pool) (*server, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	looks, err := Open(url, lookPool)
	if err != nil {
		return nil, err
	}
	s := newServer(fmt.Sprintf("%s:%d", cfg.Host, cfg.Port), looks)
	p.connected = s.connected
	reads, err := Open(url, p)
	if err != nil {
		return nil, errors.Join(err, looks.Close())
	}
	s.store = New(reads, nil)
	return s, nil
}

// Close closes the pools that the router has opened.
func (r *Router) Close() error {
	errs := []error{r.primary.looks.Close()}
	for _, s := range r.replicas {
		errs = append(errs, s.looks.Close(), s.store.db.Close())
	}
	return errors.Join(errs...)
}

// connected refuses a connection to a standby that has gone back: after a crash it may answer before it has replayed again
// what it had shown.
func (s *server) connected(ctx context.Context, conn *pgx.Conn) error {
	before := s.known.Load()
	var version int64
	if err := conn.QueryRow(ctx, versionQuery, pgx.QueryExecModeSimpleProtocol).Scan(&version); err != nil {
		return err
	}
	if version < before {
		s.known.Store(version)
		return fmt.Errorf("%s has gone back from version %d to %d", s.name, before, version)
	}
	raise(&s.known, version)
	return nil
}

// choose returns the replica whose turn it is, of those that are fit and have all that was shown; the primary where there
// is none.
func (r *Router) choose(except *server) *server {
	floor, first, skipped := r.floor.Load(), r.turn.Add(1), false
	for i := range r.replicas {
		s := r.replicas[(int(first)+i)%len(r.replicas)]
		if s == except || !s.fit.Load() {
			continue
		}
		if s.known.Load() >= floor {
			return s
		}
		skipped = true
	}
	if skipped { // it has more by now than it had at the last look, as likely as not
		r.wake()
	}
	return r.primary
}

// wake asks for a look, without waiting for it.
func (r *Router) wake() {
	select {
	case r.bell <- struct{}{}:
	default:
	}
}

// leaveOut keeps reads from a server until the next look.
func (r *Router) leaveOut(s *server) {
	s.fit.Store(false)
	r.wake()
}

// gone ends the reads that are going on at the server: they are asked elsewhere.
func (s *server) gone() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
	s.life, s.end = context.WithCancel(context.Background())
}

// within returns a context that ends with ctx, or when the server is found gone.
func (s *server) within(ctx context.Context) (context.Context, context.CancelFunc) {
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(life, func() { cancel(errGone) })
	return ctx, func() { stop(); cancel(nil) }
}

// raise sets a to at least n.
func raise(a *atomic.Int64, n int64) {
	for old := a.Load(); old < n && !a.CompareAndSwap(old, n); old = a.Load() {
	}
}
