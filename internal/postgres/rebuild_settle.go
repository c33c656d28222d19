package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// createDrift is by how much the maintained counts of a source are wrong: of each day, and of all where the
// day is null. One statement sees one moment, in which a page is both stored and counted or neither:
// whatever pages are stored meanwhile, the difference stays what it is, and nobody has to wait.
const createDrift = `
CREATE TEMP TABLE drift ON COMMIT DROP AS
	WITH held AS (
		SELECT (observed_at AT TIME ZONE 'UTC')::date AS day, count(*) AS n
		FROM records WHERE source_id = ?0 GROUP BY 1)
	SELECT day, sum(n) AS n
		FROM (SELECT day, n FROM held UNION ALL SELECT day, -record_count FROM source_days WHERE source_id = ?0) c
		GROUP BY day HAVING sum(n) <> 0
	UNION ALL SELECT NULL, (SELECT coalesce(sum(n), 0) FROM held) - record_count FROM source_totals WHERE source_id = ?0`

const settleCounts = `
INSERT INTO source_days (source_id, day, record_count) SELECT ?0, day, n FROM drift WHERE day IS NOT NULL ORDER BY day
	ON CONFLICT (source_id, day) DO UPDATE SET record_count = source_days.record_count + excluded.record_count;
DELETE FROM source_days WHERE source_id = ?0 AND record_count = 0;
UPDATE source_totals t SET record_count = record_count + d.n FROM drift d WHERE t.source_id = ?0 AND d.day IS NULL AND d.n <> 0`

// FinishRebuild counts the records of the source one by one, sets the maintained counts right, brings the
// ranks and the consensus of assets up to date and closes the rebuild. It returns market.ErrRebuilding when the rebuild
// does not stand at r any more.
func (s *Store) FinishRebuild(ctx context.Context, r market.Rebuild) (market.Rebuild, error) {
	source, err := s.sourceID(ctx, r.Source)
	if err != nil {
		return r, err
	}
	var row rebuildRow
	err = inTx(ctx, s.db, func(ctx context.Context, tx bun.Tx) (err error) {
		if err := moveRebuild(ctx, tx, source, r, r.After, 0); err != nil {
			return err
		}
		for _, statement := range []string{createDrift, settleCounts} {
			if _, err := tx.ExecContext(ctx, statement, source); err != nil {
				return fmt.Errorf("count records: %w", err)
			}
		}
		if err := refreshStandings(ctx, tx, s.ConsensusAge, nil); err != nil {
			return fmt.Errorf("standings: %w", err)
		}
		if row, err = closeStep(ctx, tx, source, 0, 0, true); err != nil {
			return err
		}
		return noteCommit(ctx, tx, 0, addedNone)
	})
	if err != nil {
		return r, fmt.Errorf("finish rebuild of %s: %w", r.Source, unavailable(err))
	}
	return row.rebuild(r.Source), nil
}
