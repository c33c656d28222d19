package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// matchRow is a listing as it is written.
type matchRow struct {
	bun.BaseModel `bun:"table:listings,alias:listings"`

	ID              int64 `bun:",pk,autoincrement"`
	SourceID        int16
	ExternalID      string
	AssetID         int64
	HomeAssetID     int64 `bun:",nullzero"`
	Symbol          string
	Name            string
	MatchMethod     string
	MatchConfidence float64
	MatchReason     string
	Pinned          bool
	Contracts       []string `bun:",array"`

	at int // its place among the rows
}

// changeRow is a change of mind.
type changeRow struct {
	bun.BaseModel `bun:"table:match_changes"`

	ListingID   int64
	FromAssetID int64
	ToAssetID   int64
	Method      string
	Confidence  float64
	Reason      string
	ChangedBy   string
}

// writeMatches adds the new listings, changes those that have a new name, asset or evidence, and notes
// each that was given to another asset.
func (s *settling) writeMatches(ctx context.Context) error {
	var fresh, changed []*matchRow
	var changes []changeRow
	for i, g := range s.result.Groups {
		for n, m := range g.Members {
			r := &s.rows[m.Listing]
			row := s.match(i, n, m)
			switch {
			case r.ID == 0:
				fresh = append(fresh, row)
			case r.differs(row):
				changed = append(changed, row)
			}
			if r.AssetID == row.AssetID {
				continue
			}
			s.touched[row.AssetID] = true
			if r.ID != 0 {
				s.touched[r.AssetID] = true
				changes = append(changes, changeRow{
					ListingID: r.ID, FromAssetID: r.AssetID, ToAssetID: row.AssetID, Method: row.MatchMethod,
					Confidence: row.MatchConfidence, Reason: row.MatchReason, ChangedBy: s.by,
				})
			}
		}
	}
	if err := s.addListings(ctx, fresh); err != nil {
		return err
	}
	if err := s.changeListings(ctx, changed); err != nil || len(changes) == 0 {
		return err
	}
	if _, err := s.tx.NewInsert().Model(&changes).Exec(ctx); err != nil {
		return fmt.Errorf("note changes: %w", err)
	}
	return nil
}

// match is the row of the member of a group. The first member of a group that gets a new asset is the
// one that it is made for, unless it has a home to go back to.
func (s *settling) match(group, n int, m market.Member) *matchRow {
	r, owner := &s.rows[m.Listing], s.owners[group]
	home := r.HomeAssetID
	if home == 0 && n == 0 && !s.assets.taken[owner.ID] {
		home = owner.ID
	}
	return &matchRow{
		ID: r.ID, SourceID: r.SourceID, ExternalID: r.ExternalID, AssetID: owner.ID, HomeAssetID: home, Symbol: r.Symbol, Name: r.Name,
		MatchMethod: string(m.Match.Method), MatchConfidence: m.Match.Confidence, MatchReason: m.Match.Reason,
		Pinned: r.spoken || len(r.same)+len(r.apart) > 0, Contracts: append([]string{}, r.Contracts...), at: m.Listing,
	}
}

// differs tells whether a listing has to be written.
func (l *listingRow) differs(to *matchRow) bool {
	return l.changed || l.AssetID != to.AssetID || l.HomeAssetID != to.HomeAssetID || l.Method != to.MatchMethod ||
		l.Confidence != to.MatchConfidence || l.Reason != to.MatchReason || l.Pinned != to.Pinned
}

// addListings stores new listings, which get their numbers.
func (s *settling) addListings(ctx context.Context, fresh []*matchRow) error {
	if len(fresh) == 0 {
		return nil
	}
	if _, err := s.tx.NewInsert().Model(&fresh).Returning("id").Exec(ctx); err != nil {
		return fmt.Errorf("add: %w", err)
	}
	for _, row := range fresh {
		s.rows[row.at].ID = row.ID
	}
	return nil
}

func (s *settling) changeListings(ctx context.Context, changed []*matchRow) error {
	if len(changed) == 0 {
		return nil
	}
	_, err := s.tx.NewUpdate().With("changed", s.tx.NewValues(&changed)).Model((*matchRow)(nil)).TableExpr("changed").
		Set("asset_id = changed.asset_id").Set("home_asset_id = changed.home_asset_id").Set("symbol = changed.symbol").
		Set("name = changed.name").Set("match_method = changed.match_method").Set("match_confidence = changed.match_confidence").
		Set("match_reason = changed.match_reason").Set("pinned = changed.pinned").Set("contracts = changed.contracts").
		Where("listings.id = changed.id").Exec(ctx)
	if err != nil {
		return fmt.Errorf("change: %w", err)
	}
	return nil
}
