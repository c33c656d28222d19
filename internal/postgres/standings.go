package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// Standings tells by one statement how the sources stand. credentials are those of Allowance, of which the requests of this month are
// told of those that are named.
func (s *Store) Standings(ctx context.Context, credentials []string) ([]market.Standing, error) {
	var list []market.Standing
	err := s.db.NewRaw(`SELECT s.name, t.record_count, t.last_success_at,
			(SELECT updated_at FROM checkpoints c WHERE c.source_id = s.id AND c.stream = '') AS checkpoint_at,
			(SELECT observed_at FROM records r WHERE r.source_id = s.id ORDER BY observed_at DESC, listing_id DESC LIMIT 1) AS newest_record_at,
			(SELECT count(*) FROM rejections j WHERE j.source_id = s.id AND j.resolved_at IS NULL) AS waiting,
			(SELECT count(*) FROM etl_runs e WHERE e.source_id = s.id AND e.status = 'running') AS running,
			coalesce((SELECT sum(requests)::bigint FROM upstream_allowances a
				WHERE a.credential IN (?) AND split_part(a.credential, ':', 1) = s.name AND a.month = `+thisMonth+`), 0) AS requests_this_month
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
