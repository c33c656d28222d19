package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// commitsChannel is where commits are told of, without saying what they did: whoever listens looks.
const commitsChannel = "kasparro_commits"

// Where the records that a transaction has added stand, each once.
const (
	addedNone    = "(SELECT NULL::bigint AS listing_id, NULL::timestamptz AS observed_at, false AS is_new)"
	addedByPage  = "judged"
	addedRebuilt = "derived"
)

// noteCommit moves the version of the data on, and tells everybody. It is the last statement of each transaction that
// changes what readers see, and holds the row of the version until the commit: so the order of versions is
// the order in which commits can be seen, and no other transaction waits for more than that.
func noteCommit(ctx context.Context, tx bun.IDB, runID int64, added string) error {
	_, err := tx.ExecContext(ctx, `WITH moved AS (UPDATE data_version SET version = version + 1 RETURNING version),
			added AS (SELECT coalesce(array_agg(listing_id ORDER BY listing_id, observed_at), '{}') AS listings,
				coalesce(array_agg(observed_at ORDER BY listing_id, observed_at), '{}') AS instants FROM ?1 a WHERE is_new)
		INSERT INTO commits (version, run_id, listing_ids, observed_ats)
			SELECT version, nullif(?0, 0), listings, instants FROM moved, added
		RETURNING pg_notify(?2, '')`, runID, bun.Safe(added), commitsChannel)
	if err != nil {
		return fmt.Errorf("note the commit: %w", err)
	}
	return nil
}

// LeapVersion moves the version of the data to the time, in milliseconds since 1970, or by one where it is past that. A service
// that begins does it: where its database is another one than before, or the same one restored from a backup, no version that
// was told then comes again, and what was kept or followed by such a one is not taken for what is there now.
func (s *Store) LeapVersion(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `WITH moved AS (
			UPDATE data_version SET version = greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint) RETURNING version)
		INSERT INTO commits (version, listing_ids, observed_ats) SELECT version, '{}', '{}' FROM moved RETURNING pg_notify(?, '')`, commitsChannel)
	if err != nil {
		return fmt.Errorf("move the version of the data on: %w", unavailable(err))
	}
	return nil
}

// Commits are remembered for a day, and of those no more than tell of so many records (16 bytes each).
const (
	rememberHours   = 24
	rememberRecords = 5_000_000
)

// ForgetCommits forgets the commits that are too old to be followed from, or too many. The last one stays.
func (s *Store) ForgetCommits(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM commits WHERE version <= (
			SELECT max(version) FROM (
				SELECT version, committed_at, sum(cardinality(listing_ids)) OVER (ORDER BY version DESC) AS told FROM commits) c
			WHERE committed_at < now() - ? * interval '1 hour' OR told > ?)
		AND version < (SELECT max(version) FROM commits)`, rememberHours, rememberRecords)
	if err != nil {
		return fmt.Errorf("forget commits: %w", unavailable(err))
	}
	return nil
}
