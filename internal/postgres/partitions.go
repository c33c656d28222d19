package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// partitionName is the name of a month's partition of raw_records.
const partitionName = "raw_records_2006_01"

// ensurePartitions makes the partitions of raw_records for the month of a page and the next one, so that
// the turn of a month finds its partition made. A partition is made apart and then attached, which
// readers and writers of the others do not feel.
func (s *Store) ensurePartitions(ctx context.Context, fetched time.Time) error {
	fetched = fetched.UTC()
	first := time.Date(fetched.Year(), fetched.Month(), 1, 0, 0, 0, 0, time.UTC)
	for _, month := range []time.Time{first, first.AddDate(0, 1, 0)} {
		name := month.Format(partitionName)
		if s.hasPartition(name) {
			continue
		}
		if err := s.makePartition(ctx, name, month); err != nil {
			return fmt.Errorf("partition %s: %w", name, unavailable(err))
		}
		if month.AddDate(0, 1, 0).Before(time.Now()) {
			continue // a month that is over may be dropped, by whatever process: it is looked for each time
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
	return inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
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

// rawMonth is a month of payloads.
type rawMonth struct {
	partition string
	begins    time.Time // UTC
}

// rawMonths returns the months that there are partitions for, oldest first. A partition that somebody has made
// under another name is left to them.
func (s *Store) rawMonths(ctx context.Context) ([]rawMonth, error) {
	var names []string
	err := s.db.NewRaw(`SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'raw_records'::regclass ORDER BY c.relname`).Scan(ctx, &names)
	if err != nil {
		return nil, fmt.Errorf("list the months of payloads: %w", unavailable(err))
	}
	var months []rawMonth
	for _, name := range names {
		if begins, err := time.Parse(partitionName, name); err == nil {
			months = append(months, rawMonth{partition: name, begins: begins})
		}
	}
	return months, nil
}
