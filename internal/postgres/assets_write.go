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
	Symbol          string
	Name            string
	MatchMethod     string
	MatchConfidence float64
}

// applyGroups resolves the listings to assets and writes the difference. The caller holds the
// asset lock.
func applyGroups(ctx context.Context, tx bun.Tx, rows []listingRow, resolve market.Resolver) error {
	listings := make([]market.Listing, len(rows))
	for i, r := range rows {
		listings[i] = r.listing()
	}
	groups := resolve(listings)
	c, err := loadCatalogue(ctx, tx)
	if err != nil {
		return err
	}
	owners := c.assetsOf(groups, rows)
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	if err := writeMatches(ctx, tx, rows, groups, owners); err != nil {
		return err
	}
	return c.removeOrphans(ctx, tx)
}

// writeMatches adds the new listings and changes those that have a new name, asset or evidence.
func writeMatches(ctx context.Context, tx bun.Tx, rows []listingRow, groups []market.Group, owners []*assetRow) error {
	var fresh, changed []matchRow
	for i, g := range groups {
		for _, m := range g.Members {
			r := rows[m.Listing]
			row := matchRow{
				ID: r.ID, SourceID: r.SourceID, ExternalID: r.ExternalID, AssetID: owners[i].ID,
				Symbol: r.Symbol, Name: r.Name,
				MatchMethod: string(m.Match.Method), MatchConfidence: m.Match.Confidence,
			}
			switch {
			case r.ID == 0:
				fresh = append(fresh, row)
			case r.changed || r.AssetID != row.AssetID || r.Method != row.MatchMethod:
				changed = append(changed, row)
			}
		}
	}
	if len(fresh) > 0 {
		if _, err := tx.NewInsert().Model(&fresh).Exec(ctx); err != nil {
			return fmt.Errorf("add: %w", err)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	_, err := tx.NewUpdate().With("changed", tx.NewValues(&changed)).Model((*matchRow)(nil)).TableExpr("changed").
		Set("asset_id = changed.asset_id").Set("symbol = changed.symbol").Set("name = changed.name").
		Set("match_method = changed.match_method").Set("match_confidence = changed.match_confidence").
		Where("listings.id = changed.id").Exec(ctx)
	if err != nil {
		return fmt.Errorf("change: %w", err)
	}
	return nil
}
