package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// hourly are the runs of the last hour, of the last thousand, which is as far as anybody has to look: there is no index by their ends.
const hourly = `hourly AS (SELECT * FROM (SELECT id, source_id, stream, status, finished_at, inserted, updated, unchanged, rejected FROM etl_runs ORDER BY id DESC LIMIT 1000) r
	WHERE finished_at IS NULL OR finished_at > now() - interval '1 hour')`

// lastHour is the market.Hour of source s. Items that are only tried again are not counted once more.
const lastHour = `jsonb_build_object(
	'runs', (SELECT jsonb_object_agg(upper(status), n) FROM (SELECT status, count(*) AS n FROM hourly h
		WHERE h.source_id = s.id AND finished_at IS NOT NULL GROUP BY status) r),
	'items', (SELECT jsonb_build_object('inserted', sum(inserted), 'updated', sum(updated), 'unchanged', sum(unchanged), 'rejected', sum(rejected))
		FROM hourly h WHERE h.source_id = s.id AND h.stream <> '` + market.StreamQuarantine + `'),
	'drifts', (SELECT jsonb_object_agg(upper(kind), n) FROM (SELECT kind, count(*) AS n FROM hourly h JOIN drifts d ON d.run_id = h.id
		WHERE h.source_id = s.id GROUP BY kind) d))`

// failuresInARow are the runs of source s behind its last success, as far as it is among the last hundred.
const failuresInARow = `(SELECT count(*) FROM (SELECT status, bool_or(status = 'succeeded') OVER (ORDER BY id DESC) AS over FROM
	(SELECT id, status FROM etl_runs e WHERE e.source_id = s.id AND e.stream = '' ORDER BY id DESC LIMIT 100) r) r
	WHERE NOT over AND status IN ('failed', 'partial', 'abandoned'))`

// Standings tells by one statement how the sources stand. credentials are those of Allowance, of which the requests of this month are
// told of those that are named.
func (s *Store) Standings(ctx context.Context, credentials []string) ([]market.Standing, error) {
	var list []market.Standing
	err := s.db.NewRaw(`WITH `+hourly+` SELECT s.name, t.record_count, t.last_success_at,
			(SELECT updated_at FROM checkpoints c WHERE c.source_id = s.id AND c.stream = '') AS checkpoint_at,
			(SELECT observed_at FROM records r WHERE r.source_id = s.id ORDER BY observed_at DESC, listing_id DESC LIMIT 1) AS newest_record_at,
			(SELECT count(*) FROM rejections j WHERE j.source_id = s.id AND j.resolved_at IS NULL) AS waiting,
			(SELECT count(*) FROM etl_runs e WHERE e.source_id = s.id AND e.status = 'running') AS running,
			coalesce((SELECT sum(requests)::bigint FROM upstream_allowances a
				WHERE a.credential IN (?) AND split_part(a.credential, ':', 1) = s.name AND a.month = `+thisMonth+`), 0) AS requests_this_month,
			`+failuresInARow+` AS failures_in_a_row, `+lastHour+` AS last_hour
		FROM sources s JOIN source_totals t ON t.source_id = s.id ORDER BY s.name`, bun.List(credentials)).Scan(ctx, &list)
	if err != nil {
		return nil, fmt.Errorf("read how the sources stand: %w", unavailable(err))
	}
	for i := range list {
		n := &list[i]
		n.LastSuccessAt, n.CheckpointAt, n.NewestRecordAt = utc(n.LastSuccessAt), utc(n.CheckpointAt), utc(n.NewestRecordAt)
	}
	return list, nil
}
