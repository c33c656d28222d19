package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// Rejections implements market.Reader.
func (s *Store) Rejections(ctx context.Context, f market.RejectionFilter, w market.Window[int64]) (market.Page[market.Rejection], error) {
	var rows []struct {
		ID, RunID                                 int64
		Source, ExternalID, Reason, Field, Detail string
		CreatedAt                                 time.Time
		ResolvedAt                                *time.Time
	}
	q := s.filteredRejections(f).ColumnExpr(`j.id, j.run_id, s.name AS source, j.external_id, j.reason, j.field,
		j.detail, j.created_at, j.resolved_at`)
	newestFirst(q, "j.id", w)
	if err := q.Scan(ctx, &rows); err != nil {
		return market.Page[market.Rejection]{}, fmt.Errorf("read rejections: %w", unavailable(err))
	}
	list := make([]market.Rejection, len(rows))
	for i, r := range rows {
		list[i] = market.Rejection{
			ID: r.ID, RunID: r.RunID, Source: r.Source, ExternalID: r.ExternalID,
			Reason:    market.Reason{Code: r.Reason, Field: r.Field, Detail: r.Detail},
			CreatedAt: r.CreatedAt.UTC(), ResolvedAt: utc(r.ResolvedAt),
		}
	}
	return trim(list, w.Size, w.Backward), nil
}

// CountRejections implements market.Reader.
func (s *Store) CountRejections(ctx context.Context, f market.RejectionFilter) (int64, error) {
	var n int64
	if err := s.filteredRejections(f).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count rejections: %w", unavailable(err))
	}
	return n, nil
}

func (s *Store) filteredRejections(f market.RejectionFilter) *bun.SelectQuery {
	q := s.db.NewSelect().TableExpr("rejections AS j").Join("JOIN sources AS s ON s.id = j.source_id")
	if f.Sources != nil {
		q.Where("s.name IN (?)", texts(f.Sources))
	}
	if f.Codes != nil {
		q.Where("j.reason IN (?)", texts(f.Codes))
	}
	if f.RunID != nil {
		q.Where("j.run_id = ?", *f.RunID)
	}
	if f.Resolved != nil {
		q.Where("(j.resolved_at IS NOT NULL) = ?", *f.Resolved)
	}
	return q
}

// utc returns the same instant in UTC; nil stays nil.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
