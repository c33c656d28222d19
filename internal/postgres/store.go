package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// Store keeps the market in PostgreSQL. It implements market.Reader and what ingestion needs of a
// store, and is safe for concurrent use.
type Store struct {
	// ConsensusAge is how old a price may be and still take part in the consensus on its asset. It is
	// set before the store is used.
	ConsensusAge time.Duration

	db      *bun.DB
	resolve market.Resolver

	mu      sync.RWMutex
	sources map[string]int16 // ids by name; a source never changes its id
	months  map[string]bool  // partitions of raw_records known to exist
}

// New makes a store over a pool. resolve is asked whenever a page brings listings not seen before
// or changes what is known of one; a store that only reads may pass nil.
func New(db *bun.DB, resolve market.Resolver) *Store {
	return &Store{ConsensusAge: market.DefaultConsensusAge, db: db, resolve: resolve, sources: map[string]int16{}, months: map[string]bool{}}
}

// Ping tells within the context's deadline whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", market.ErrUnavailable, err)
	}
	return nil
}

// RegisterSources makes the sources known, so that they are listed before their first run.
func (s *Store) RegisterSources(ctx context.Context, sources ...market.Source) error {
	for _, src := range sources {
		if _, err := s.registerSource(ctx, src.Name, src.Kind); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) registerSource(ctx context.Context, name, kind string) (int16, error) {
	if id, ok := s.knownSource(name); ok {
		return id, nil
	}
	err := inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "LOCK TABLE sources IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sources (id, name, kind)
			SELECT coalesce(max(id), 0) + 1, ?0, ?1 FROM sources ON CONFLICT (name) DO NOTHING;
			INSERT INTO source_totals (source_id) SELECT id FROM sources WHERE name = ?0 ON CONFLICT DO NOTHING`, name, kind)
		if err != nil {
			return err
		}
		return noteCommit(ctx, tx, 0, addedNone)
	})
	if err != nil {
		return 0, fmt.Errorf("register source %s: %w", name, unavailable(err))
	}
	if err := s.loadSources(ctx); err != nil {
		return 0, err
	}
	id, ok := s.knownSource(name)
	if !ok {
		return 0, fmt.Errorf("register source %s: it is not there after it was added", name)
	}
	return id, nil
}

func (s *Store) knownSource(name string) (int16, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.sources[name]
	return id, ok
}

// sourceID returns the id of a source, asking the database only for one not met before.
func (s *Store) sourceID(ctx context.Context, name string) (int16, error) {
	if id, ok := s.knownSource(name); ok {
		return id, nil
	}
	if err := s.loadSources(ctx); err != nil {
		return 0, err
	}
	if id, ok := s.knownSource(name); ok {
		return id, nil
	}
	return 0, fmt.Errorf("source %q: %w", name, market.ErrNotFound)
}

// sourceIDs returns the ids of those names that exist, each once however often it is named.
func (s *Store) sourceIDs(ctx context.Context, names []string) ([]int16, error) {
	ids := make([]int16, 0, len(names))
	reloaded := false
	for _, name := range names {
		id, ok := s.knownSource(name)
		if !ok && !reloaded {
			reloaded = true
			if err := s.loadSources(ctx); err != nil {
				return nil, err
			}
			id, ok = s.knownSource(name)
		}
		if ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (s *Store) loadSources(ctx context.Context) error {
	var rows []struct {
		ID   int16
		Name string
	}
	if err := s.db.NewRaw("SELECT id, name FROM sources").Scan(ctx, &rows); err != nil {
		return fmt.Errorf("read sources: %w", unavailable(err))
	}
	fresh := make(map[string]int16, len(rows))
	for _, r := range rows {
		fresh[r.Name] = r.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.sources, fresh)
	return nil
}
