package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/kasparro/kasparro/internal/market"
)

// runColumns are those of scanRun, from a run r and its source s.
const runColumns = `r.id, s.name, r.stream, upper(r.trigger), upper(r.status), r.scheduled_at, r.started_at, r.heartbeat_at, r.finished_at,
	r.extracted, r.inserted, r.updated, r.unchanged, r.rejected, r.pages, r.retries, r.waits, r.waited_ms, r.bytes_fetched,
	r.whole, r.coins, r.gone_share, r.price_jump, coalesce(r.cursor_before::text, ''), coalesce(r.cursor_after::text, ''), r.anomalies, r.error`

// Runs implements market.Reader.
func (s *Store) Runs(ctx context.Context, f market.RunFilter, w market.Window[int64]) (market.Page[market.Run], error) {
	q := filteredRuns(s.db, f).ColumnExpr(runColumns)
	newestFirst(q, "r.id", w)
	runs, err := scanRuns(q.Rows(ctx))
	if err != nil {
		return market.Page[market.Run]{}, fmt.Errorf("read runs: %w", unavailable(err))
	}
	return trim(runs, w.Size, w.Backward), nil
}

// CountRuns implements market.Reader.
func (s *Store) CountRuns(ctx context.Context, f market.RunFilter) (int64, error) {
	var n int64
	if err := filteredRuns(s.db, f).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count runs: %w", unavailable(err))
	}
	return n, nil
}

// RunsByID implements market.Reader.
func (s *Store) RunsByID(ctx context.Context, ids []int64) ([]market.Run, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	runs, err := scanRuns(filteredRuns(s.db, market.RunFilter{}).ColumnExpr(runColumns).Where("r.id IN (?)", bun.List(ids)).Rows(ctx))
	if err != nil {
		return nil, fmt.Errorf("read runs by id: %w", unavailable(err))
	}
	return runs, nil
}

func filteredRuns(db *bun.DB, f market.RunFilter) *bun.SelectQuery {
	q := db.NewSelect().TableExpr("etl_runs AS r").Join("JOIN sources AS s ON s.id = r.source_id")
	if f.Sources != nil {
		q.Where("s.name IN (?)", texts(f.Sources))
	}
	if f.Streams != nil {
		q.Where("r.stream IN (?)", texts(f.Streams))
	}
	if f.Live != nil {
		q.Where("(r.stream = '') = ?", *f.Live)
	}
	if f.Statuses != nil {
		q.Where("r.status IN (?)", texts(lower(f.Statuses)))
	}
	if f.Triggers != nil {
		q.Where("r.trigger IN (?)", texts(lower(f.Triggers)))
	}
	return q
}

func lower[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(string(s))
	}
	return out
}

// newestFirst narrows a query to a window over a list in descending order of an id.
func newestFirst(q *bun.SelectQuery, id string, w market.Window[int64]) {
	if w.After != nil {
		q.Where(id+" < ?", *w.After)
	}
	if w.Before != nil {
		q.Where(id+" > ?", *w.Before)
	}
	direction := " DESC"
	if w.Backward {
		direction = " ASC"
	}
	q.OrderExpr(id + direction).Limit(int64(w.Size) + 1).Offset(int64(w.Skip))
}

func queryRuns(ctx context.Context, db bun.IDB, query string, args ...any) ([]market.Run, error) {
	return scanRuns(db.QueryContext(ctx, query, args...))
}

func scanRuns(rows *sql.Rows, err error) (runs []market.Run, _ error) {
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var r market.Run
		if err := scanRun(rows, &r); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		runs = append(runs, r)
	}
	return runs, errors.Join(rows.Err(), rows.Close())
}

func scanRun(rows *sql.Rows, r *market.Run) error {
	err := rows.Scan(&r.ID, &r.Source, &r.Stream, &r.Trigger, &r.Status, &r.ScheduledAt, &r.StartedAt, &r.HeartbeatAt, &r.FinishedAt,
		&r.Extracted, &r.Inserted, &r.Updated, &r.Unchanged, &r.Rejected, &r.Pages, &r.Retries, &r.Waits, &r.WaitedMS, &r.BytesFetched,
		&r.Whole, &r.Coins, &r.GoneShare, &r.PriceJump, &r.CursorBefore, &r.CursorAfter, pgdialect.Array(&r.Anomalies), &r.Error)
	r.StartedAt, r.HeartbeatAt = r.StartedAt.UTC(), r.HeartbeatAt.UTC()
	r.ScheduledAt, r.FinishedAt = utc(r.ScheduledAt), utc(r.FinishedAt)
	return err
}
