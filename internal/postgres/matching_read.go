package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// MatchCandidates implements market.Reader.
func (s *Store) MatchCandidates(ctx context.Context, f market.CandidateFilter, w market.Window[market.CandidateKey]) (market.Page[market.MatchCandidate], error) {
	q := s.filteredCandidates(f).ColumnExpr("m.id, m.listing_id, m.other_id, m.score, m.method, m.reason")
	if w.After != nil {
		q.Where("(m.score, m.id) < (?, ?)", w.After.Score, w.After.ID)
	}
	if w.Before != nil {
		q.Where("(m.score, m.id) > (?, ?)", w.Before.Score, w.Before.ID)
	}
	direction := "DESC"
	if w.Backward {
		direction = "ASC"
	}
	var rows []candidateRow
	err := q.OrderExpr("m.score "+direction+", m.id "+direction).Limit(int64(w.Size)+1).Offset(int64(w.Skip)).Scan(ctx, &rows)
	if err != nil {
		return market.Page[market.MatchCandidate]{}, fmt.Errorf("read candidates: %w", unavailable(err))
	}
	list, err := s.joinCandidates(ctx, rows)
	return trim(list, w.Size, w.Backward), err
}

// joinCandidates puts the listings to the candidates.
func (s *Store) joinCandidates(ctx context.Context, rows []candidateRow) ([]market.MatchCandidate, error) {
	ids := make([]int64, 0, 2*len(rows))
	for _, r := range rows {
		ids = append(ids, r.ListingID, r.OtherID)
	}
	found, err := s.ListingsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]market.Listing, len(found))
	for _, l := range found {
		byID[l.ID] = l
	}
	list := make([]market.MatchCandidate, len(rows))
	for i, r := range rows {
		list[i] = market.MatchCandidate{
			CandidateKey: market.CandidateKey{Score: r.Score, ID: r.ID},
			Listings:     [2]market.Listing{byID[r.ListingID], byID[r.OtherID]},
			Match:        market.Match{Method: market.MatchMethod(r.Method), Confidence: r.Score, Reason: r.Reason},
		}
	}
	return list, nil
}

// CountMatchCandidates implements market.Reader.
func (s *Store) CountMatchCandidates(ctx context.Context, f market.CandidateFilter) (n int64, err error) {
	if err := s.filteredCandidates(f).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count candidates: %w", unavailable(err))
	}
	return n, nil
}

func (s *Store) filteredCandidates(f market.CandidateFilter) *bun.SelectQuery {
	q := s.db.NewSelect().TableExpr("match_candidates AS m")
	if f.MinScore > 0 {
		q.Where("m.score >= ?", f.MinScore)
	}
	if f.Sources != nil {
		q.Where(`EXISTS (SELECT FROM listings l JOIN sources s ON s.id = l.source_id
			WHERE l.id IN (m.listing_id, m.other_id) AND s.name IN (?))`, texts(f.Sources))
	}
	if f.Assets != nil {
		q.Where(`EXISTS (SELECT FROM listings l WHERE l.id IN (m.listing_id, m.other_id) AND l.asset_id IN (`+livingAssets+`))`, texts(f.Assets))
	}
	return q
}

// MatchChanges implements market.Reader.
func (s *Store) MatchChanges(ctx context.Context, f market.ChangeFilter, w market.Window[int64]) (market.Page[market.MatchChange], error) {
	q := s.filteredChanges(f).ColumnExpr(`m.id, m.changed_at, m.listing_id, m.from_asset_id AS from_id, m.to_asset_id AS to_id,
		m.method, m.confidence, m.reason, m.changed_by AS by`)
	newestFirst(q, "m.id", w)
	var rows []struct {
		ID, ListingID, FromID, ToID int64
		ChangedAt                   time.Time
		Method, Reason, By          string
		Confidence                  float64
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return market.Page[market.MatchChange]{}, fmt.Errorf("read changes: %w", unavailable(err))
	}
	list := make([]market.MatchChange, len(rows))
	for i, r := range rows {
		list[i] = market.MatchChange{
			ID: r.ID, ChangedAt: r.ChangedAt.UTC(), ListingID: r.ListingID, FromID: r.FromID, ToID: r.ToID, By: r.By,
			Match: market.Match{Method: market.MatchMethod(r.Method), Confidence: r.Confidence, Reason: r.Reason},
		}
	}
	return trim(list, w.Size, w.Backward), nil
}

// CountMatchChanges implements market.Reader.
func (s *Store) CountMatchChanges(ctx context.Context, f market.ChangeFilter) (n int64, err error) {
	if err := s.filteredChanges(f).ColumnExpr("count(*)").Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count changes: %w", unavailable(err))
	}
	return n, nil
}

// filteredChanges finds an asset also under the slug that it had before it was merged.
func (s *Store) filteredChanges(f market.ChangeFilter) *bun.SelectQuery {
	q := s.db.NewSelect().TableExpr("match_changes AS m")
	if f.Sources != nil {
		q.Join("JOIN listings AS l ON l.id = m.listing_id").Join("JOIN sources AS s ON s.id = l.source_id").
			Where("s.name IN (?)", texts(f.Sources))
	}
	if f.Assets != nil {
		ids := `(SELECT id FROM assets WHERE slug IN (?0) UNION (` + livingAssets + `))`
		q.Where("(m.from_asset_id IN "+ids+" OR m.to_asset_id IN "+ids+")", texts(f.Assets))
	}
	return q
}
