package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// rebuildRow is how far the rebuild of a source is.
type rebuildRow struct {
	StartedAt       time.Time
	FinishedAt      *time.Time
	AfterExternalID string
	AfterRawID      int64
	Payloads        int64
	Changed         int64
	Rejected        int64
}

const rebuildColumns = `started_at, finished_at, after_external_id, after_raw_id, payloads, changed, rejected`

func (r rebuildRow) rebuild(source string) market.Rebuild {
	return market.Rebuild{
		Source: source, StartedAt: r.StartedAt.UTC(), FinishedAt: utc(r.FinishedAt),
		After:    market.RawKey{ExternalID: r.AfterExternalID, ID: r.AfterRawID},
		Payloads: r.Payloads, Changed: r.Changed, Rejected: r.Rejected,
	}
}

// StartRebuild goes on with the rebuild of a source that is not finished, or begins a new one.
func (s *Store) StartRebuild(ctx context.Context, source string) (market.Rebuild, error) {
	id, err := s.sourceID(ctx, source)
	if err != nil {
		return market.Rebuild{}, err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO rebuilds AS before (source_id) VALUES (?)
		ON CONFLICT (source_id) DO UPDATE SET started_at = now(), updated_at = now(), finished_at = NULL,
			after_external_id = '', after_raw_id = 0, payloads = 0, changed = 0, rejected = 0
		WHERE before.finished_at IS NOT NULL`, id)
	if err != nil {
		return market.Rebuild{}, fmt.Errorf("start rebuild of %s: %w", source, unavailable(err))
	}
	return s.RebuildOf(ctx, source)
}

// RebuildOf returns the rebuild of a source as it stands, or market.ErrNotFound where there was none. It
// waits for a batch on its way, so that what it returns is final.
func (s *Store) RebuildOf(ctx context.Context, source string) (market.Rebuild, error) {
	id, err := s.sourceID(ctx, source)
	if err != nil {
		return market.Rebuild{}, err
	}
	var rows []rebuildRow
	err = s.db.NewRaw("SELECT "+rebuildColumns+" FROM rebuilds WHERE source_id = ? FOR UPDATE", id).Scan(ctx, &rows)
	if err != nil {
		return market.Rebuild{}, fmt.Errorf("read rebuild of %s: %w", source, unavailable(err))
	}
	if len(rows) == 0 {
		return market.Rebuild{}, fmt.Errorf("rebuild of %s: %w", source, market.ErrNotFound)
	}
	return rows[0].rebuild(source), nil
}

// moveRebuild moves a rebuild from where it stands behind the last payload of a batch. It is fence and
// resumption in one: whoever else had read the same batch finds it moved, and gets ErrRebuilding.
func moveRebuild(ctx context.Context, tx bun.Tx, source int16, r market.Rebuild, to market.RawKey, payloads int) error {
	res, err := tx.ExecContext(ctx, `UPDATE rebuilds SET after_external_id = ?, after_raw_id = ?, payloads = payloads + ?, updated_at = now()
		WHERE source_id = ? AND started_at = ? AND finished_at IS NULL AND after_external_id = ? AND after_raw_id = ?`,
		to.ExternalID, to.ID, payloads, source, r.StartedAt, r.After.ExternalID, r.After.ID)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return market.ErrRebuilding
	}
	return nil
}

// closeStep adds what a step has done to its rebuild and returns that.
func closeStep(ctx context.Context, tx bun.Tx, source int16, changed, rejected int64, finished bool) (row rebuildRow, err error) {
	err = tx.NewRaw(`UPDATE rebuilds SET changed = changed + ?, rejected = rejected + ?,
			finished_at = CASE WHEN ? THEN clock_timestamp() END
		WHERE source_id = ? RETURNING `+rebuildColumns, changed, rejected, finished, source).Scan(ctx, &row)
	return row, err
}
