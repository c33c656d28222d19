package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// errGone is why a read was given up in the middle: the server does not answer any more.
var errGone = errors.New("the server does not answer any more")

// server is the primary or a replica.
type server struct {
	name    string // without secrets
	replica bool
	store   *Store
	looks   *bun.DB      // connections of its own, which no reads keep waiting
	fit     atomic.Bool  // a replica: to be read from; the primary: there
	known   atomic.Int64 // the version that it has at least

	fitness atomic.Pointer[fitness] // of a replica, at the last look; nil before the first
	lag     atomic.Int64            // of a replica, in nanoseconds, at the last look; unknownLag where it did not answer

	reads, moved, passed atomic.Int64 // see Replica

	asking   sync.Mutex
	askAgain time.Time     // when a replica may be asked again whether it has caught up
	pause    time.Duration // until then, as it was chosen; 0 where it had

	mu   sync.Mutex
	life context.Context // of the reads that are going on; ends when the server is found gone
	end  context.CancelFunc
}

func newServer(name string, looks *bun.DB) *server {
	s := &server{name: name, looks: looks}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// openReplica opens the pools of a replica, without connecting to it.
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
	s.replica = true
	s.lag.Store(unknownLag)
	p.connected = s.connected
	reads, err := Open(url, p)
	if err != nil {
		return nil, errors.Join(err, looks.Close())
	}
	s.store = New(reads, nil)
	return s, nil
}

// followingQuery reads the version of the data, and whether the server follows another.
const followingQuery = "SELECT version, pg_is_in_recovery() FROM data_version"

// errPromoted is that a replica takes writes of its own, or may: what it says is not what the primary would.
var errPromoted = fmt.Errorf("%w: it was promoted, and follows nobody any more", market.ErrUnavailable)

// connected refuses a connection to a standby that was promoted, or has gone back: after a crash it may answer before it has
// replayed again what it had shown.
func (s *server) connected(ctx context.Context, conn *pgx.Conn) error {
	before := s.known.Load()
	var version int64
	var follows bool
	err := conn.QueryRow(ctx, followingQuery, pgx.QueryExecModeSimpleProtocol).Scan(&version, &follows)
	switch {
	case err != nil:
		return err
	case !follows:
		return errPromoted
	case version < before:
		s.known.Store(version)
		return fmt.Errorf("%s has gone back from version %d to %d", s.name, before, version)
	}
	raise(&s.known, version)
	return nil
}

// version reads the version of the data. That of a replica which follows nobody any more stands for nothing.
func (s *server) version(ctx context.Context) (version int64, err error) {
	if !s.replica {
		return s.store.Version(ctx)
	}
	follows := false
	if err := s.store.db.NewRaw(followingQuery).Scan(ctx, &version, &follows); err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", unavailable(err))
	}
	if !follows {
		return 0, errPromoted
	}
	return version, nil
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
