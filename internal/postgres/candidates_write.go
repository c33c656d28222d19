package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
)

// candidateRow is a candidate as it is stored.
type candidateRow struct {
	bun.BaseModel `bun:"table:match_candidates,alias:match_candidates"`

	ID        int64 `bun:",pk,autoincrement"`
	ListingID int64
	OtherID   int64
	Score     float64
	Method    string
	Reason    string
}

// candidatePair are the numbers of two listings.
type candidatePair struct{ listing, other int64 }

// writeCandidates makes the stored candidates those of the result. One that stays keeps its number.
func (s *settling) writeCandidates(ctx context.Context) error {
	var stored []candidateRow
	if err := s.tx.NewSelect().Model(&stored).Scan(ctx); err != nil {
		return fmt.Errorf("load candidates: %w", err)
	}
	old := make(map[candidatePair]candidateRow, len(stored))
	for _, c := range stored {
		old[candidatePair{c.ListingID, c.OtherID}] = c
	}
	var fresh []*candidateRow
	for _, c := range s.result.Candidates {
		row := candidateRow{
			ListingID: s.rows[c.Listings[0]].ID, OtherID: s.rows[c.Listings[1]].ID,
			Score: c.Match.Confidence, Method: string(c.Match.Method), Reason: c.Match.Reason,
		}
		p := candidatePair{row.ListingID, row.OtherID}
		known := old[p]
		delete(old, p)
		if row.ID = known.ID; row != known {
			fresh = append(fresh, &row)
		}
	}
	if err := s.dropCandidates(ctx, old); err != nil || len(fresh) == 0 {
		return err
	}
	return s.storeCandidates(ctx, fresh)
}

func (s *settling) dropCandidates(ctx context.Context, gone map[candidatePair]candidateRow) error {
	if len(gone) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(gone))
	for _, c := range gone {
		ids = append(ids, c.ID)
	}
	if _, err := s.tx.ExecContext(ctx, "DELETE FROM match_candidates WHERE id IN (?)", bun.List(ids)); err != nil {
		return fmt.Errorf("drop candidates: %w", err)
	}
	return nil
}

func (s *settling) storeCandidates(ctx context.Context, rows []*candidateRow) error {
	for chunk := range slices.Chunk(rows, writtenAtOnce) {
		_, err := s.tx.NewInsert().Model(&chunk).ExcludeColumn("id").On("CONFLICT (listing_id, other_id) DO UPDATE").
			Set("score = EXCLUDED.score").Set("method = EXCLUDED.method").Set("reason = EXCLUDED.reason").Returning("NULL").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store candidates: %w", err)
		}
	}
	return nil
}
