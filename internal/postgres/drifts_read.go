package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// driftColumns are those of scanDrifts, from a drift d and its source s.
const driftColumns = `d.id, d.run_id, s.name AS source, d.part, d.path, upper(d.kind) AS kind, d.expected, d.seen,
	d.rename_candidate, d.confidence, d.created_at`

// Drifts implements market.Reader.
func (s *Store) Drifts(ctx context.Context, f market.DriftFilter, w market.Window[int64]) (market.Page[market.Drift], error) {
	q := s.filteredDrifts(f).ColumnExpr(driftColumns)
	newestFirst(q, "d.id", w)
	list, err := scanDrifts(ctx, q)
	if err != nil {
		return market.Page[market.Drift]{}, fmt.Errorf("read drifts: %w", unavailable(err))
	}
	return trim(list, w.Size, w.Backward), nil
}

// DriftsOf implements market.Reader.
func (s *Store) DriftsOf(ctx context.Context, runIDs []int64, most int) ([]market.Drift, error) {
	if len(runIDs) == 0 {
		return nil, nil
	}
	numbered := s.db.NewSelect().TableExpr("drifts").Where("run_id IN (?)", bun.List(runIDs)).
		ColumnExpr("*, row_number() OVER (PARTITION BY run_id ORDER BY id DESC) AS place")
	list, err := scanDrifts(ctx, s.db.NewSelect().TableExpr("(?) AS d", numbered).Join("JOIN sources AS s ON s.id = d.source_id").
		ColumnExpr(driftColumns).Where("d.place <= ?", most).OrderExpr("d.id DESC"))
	if err != nil {
		return nil, fmt.Errorf("read drifts of runs: %w", unavailable(err))
	}
	return list, nil
}

func scanDrifts(ctx context.Context, q *bun.SelectQuery) ([]market.Drift, error) {
	var rows []struct {
		ID, RunID                                                 int64
		Source, Part, Path, Kind, Expected, Seen, RenameCandidate string
		Confidence                                                float64
		CreatedAt                                                 time.Time
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, err
	}
	list := make([]market.Drift, len(rows))
	for i, r := range rows {
		list[i] = market.Drift{
			ID: r.ID, RunID: r.RunID, Source: r.Source, Part: r.Part, Path: r.Path, Kind: market.DriftKind(r.Kind), Expected: r.Expected,
			Seen: r.Seen, RenameCandidate: r.RenameCandidate, Confidence: r.Confidence, CreatedAt: r.CreatedAt.UTC(),
		}
	}
	return list, nil
}

// CountDrifts implements market.Reader.
func (s *Store) CountDrifts(ctx context.Context, f market.DriftFilter) (int64, error) {
	var n int64
	if err := s.filteredDrifts(f).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count drifts: %w", unavailable(err))
	}
	return n, nil
}

func (s *Store) filteredDrifts(f market.DriftFilter) *bun.SelectQuery {
	q := s.db.NewSelect().TableExpr("drifts AS d").Join("JOIN sources AS s ON s.id = d.source_id")
	if f.Sources != nil {
		q.Where("s.name IN (?)", texts(f.Sources))
	}
	if f.Kinds != nil {
		q.Where("d.kind IN (?)", texts(lower(f.Kinds)))
	}
	if f.RunIDs != nil {
		q.Where("d.run_id IN (?)", bun.List(f.RunIDs))
	}
	return q
}
