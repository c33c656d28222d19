package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	// retentionLock lets one process drop payloads at a time, and none while a rebuild stores a batch: that
	// may make a record the newest again whose payload would then be dropped.
	retentionLock = 0x72657465 // "rete"
	// dropPatience is how long dropping a month may stand before the payloads and keep others waiting
	// behind it, in milliseconds.
	dropPatience = 250
	// dropTimeout bounds the dropping of a month: what its newest records were read from is looked for.
	dropTimeout = 5 * time.Minute
)

// lockRetention keeps all payloads in place until the end of a transaction.
func lockRetention(ctx context.Context, tx bun.Tx) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock_shared(?)", retentionLock)
	return err
}

// DropExpired drops the payloads of every month, in UTC, that lies wholly before an instant, and returns
// the names of the partitions that it has dropped. The payloads that the newest records were read from are
// kept, until a newer record takes their place. A month in which somebody reads or writes just then is left for
// the next time, as is everything while another process is at it: neither is an error. Where there is nothing to
// do, one look at the catalogue is all that it takes.
func (s *Store) DropExpired(ctx context.Context, olderThan time.Time) (dropped []string, err error) {
	months, err := s.rawMonths(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range months {
		if m.begins.AddDate(0, 1, 0).After(olderThan) {
			break
		}
		done, err := s.dropMonth(ctx, m.partition)
		if errors.Is(err, market.ErrConflict) {
			return dropped, nil
		}
		if err != nil {
			return dropped, fmt.Errorf("drop the payloads of %s: %w", m.begins.Format("January 2006"), err)
		}
		if done {
			dropped = append(dropped, m.partition)
		}
	}
	return dropped, nil
}

// dropMonth drops a partition and tells whether it did. Writers of that month are kept out while the payloads to
// be kept are moved; everybody else only while the partition goes.
func (s *Store) dropMonth(ctx context.Context, partition string) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, dropTimeout)
	defer cancel()
	err = inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) error {
		err := tx.NewRaw(mayDrop, retentionLock, partition).Scan(ctx, &done)
		if err != nil || !done {
			return err
		}
		if _, err = tx.ExecContext(ctx, dropPartition, bun.Ident(partition), dropPatience); err != nil {
			return err
		}
		return noteCommit(ctx, tx, 0, addedNone)
	})
	if err != nil {
		return false, unavailable(err)
	}
	if done {
		s.mu.Lock()
		delete(s.months, partition)
		s.mu.Unlock()
	}
	return done, nil
}

// mayDrop tells whether a partition is there to be dropped, once the lock is taken. A rebuild that is going on may
// find the newest records missing, and still has to read their payloads; one that was left alone for a day
// keeps nothing.
const mayDrop = `
SELECT CASE WHEN pg_try_advisory_xact_lock(?0) THEN to_regclass(?1) IS NOT NULL AND NOT EXISTS (
	SELECT FROM rebuilds WHERE finished_at IS NULL AND updated_at > now() - interval '1 day')
ELSE false END`

// dropPartition moves, clears and drops. What has been moved before is deleted only where a newer record is
// there: that there is none at all may be a mishap.
const dropPartition = `
SET LOCAL lock_timeout = ?1;
LOCK TABLE ?0 IN SHARE MODE;
INSERT INTO raw_kept (` + rawColumns + `)
	SELECT w.id, w.source_id, w.external_id, w.run_id, w.fetched_at, w.observed_at, w.payload, w.payload_hash
	FROM latest_records n JOIN listings l ON l.id = n.listing_id
	JOIN ?0 w ON w.external_id = l.external_id AND w.id = n.raw_id;
DELETE FROM raw_kept k USING listings l, latest_records n
	WHERE l.source_id = k.source_id AND l.external_id = k.external_id AND n.listing_id = l.id
		AND n.raw_id <> k.id AND (k.observed_at IS NULL OR k.observed_at <= n.observed_at);
DROP TABLE ?0`
