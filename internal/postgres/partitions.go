package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// ensurePartitions makes the partitions of raw_records for the month of now and the next one. A
// partition is made apart and then attached, which readers and writers of the others do not feel.
func (s *Store) ensurePartitions(ctx context.Context, now time.Time) error {
	now = now.UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	for _, month := range []time.Time{first, first.AddDate(0, 1, 0)} {
		name := month.Format("raw_records_2006_01")
		if s.hasPartition(name) {
			continue
		}
		if err := s.makePartition(ctx, name, month); err != nil {
			return fmt.Errorf("partition %s: %w", name, unavailable(err))
		}
		s.mu.Lock()
		s.months[name] = true
		s.mu.Unlock()
	}
	return nil
}

func (s *Store) hasPartition(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.months[name]
}

func (s *Store) makePartition(ctx context.Context, name string, month time.Time) error {
	return s.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", migrationLock); err != nil {
			return err
		}
		var exists bool
		if err := tx.NewRaw("SELECT to_regclass(?) IS NOT NULL", name).Scan(ctx, &exists); err != nil || exists {
			return err
		}
		_, err := tx.ExecContext(ctx, `CREATE TABLE ?0 (LIKE raw_records INCLUDING ALL);
			ALTER TABLE raw_records ATTACH PARTITION ?0 FOR VALUES FROM (?1) TO (?2)`,
			bun.Ident(name), month, month.AddDate(0, 1, 0))
		return err
	})
}
