package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// assetRow is an asset with what decides its slug.
type assetRow struct {
	bun.BaseModel `bun:"table:assets,alias:assets"`

	ID          int64 `bun:",pk,autoincrement"`
	Slug        string
	Symbol      string
	Name        string
	Rank        *int32
	Provisional bool
}

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

// catalogue is all assets while their listings are being shared out among them.
type catalogue struct {
	assets map[int64]*assetRow
	slugs  map[string]bool
	taken  map[int64]bool // assets that a group has
	fresh  []*assetRow
	better []assetRow // assets whose name, symbol or slug changes
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
	owners := make([]*assetRow, len(groups))
	for i, g := range groups {
		owners[i] = c.assetOf(g, rows)
	}
	if err := c.write(ctx, tx); err != nil {
		return err
	}
	if err := writeMatches(ctx, tx, rows, groups, owners); err != nil {
		return err
	}
	return c.removeOrphans(ctx, tx)
}

func loadCatalogue(ctx context.Context, tx bun.Tx) (*catalogue, error) {
	var rows []*assetRow
	if err := tx.NewSelect().Model(&rows).Scan(ctx); err != nil {
		return nil, fmt.Errorf("load assets: %w", err)
	}
	c := &catalogue{assets: make(map[int64]*assetRow, len(rows)), slugs: make(map[string]bool, len(rows)), taken: map[int64]bool{}}
	for _, a := range rows {
		c.assets[a.ID] = a
		c.slugs[a.Slug] = true
	}
	return c, nil
}

// assetOf returns the asset of a group: the one that its strongest listing has, so that an asset
// keeps its id and slug, or a new one. A provisional asset takes the group's name and slug.
func (c *catalogue) assetOf(g market.Group, rows []listingRow) *assetRow {
	for _, byTicker := range []bool{false, true} {
		for _, m := range g.Members {
			id := rows[m.Listing].AssetID
			if (m.Match.Method == market.MatchTicker) == byTicker && id != 0 && !c.taken[id] {
				c.taken[id] = true
				return c.improve(c.assets[id], g)
			}
		}
	}
	a := &assetRow{Symbol: g.Symbol, Name: g.Name, Rank: rows[g.Members[0].Listing].Rank, Provisional: !g.Named}
	a.Slug = c.slug(g)
	c.fresh = append(c.fresh, a)
	return a
}

func (c *catalogue) improve(a *assetRow, g market.Group) *assetRow {
	if a.Symbol == g.Symbol && a.Name == g.Name {
		return a
	}
	if a.Provisional && g.Named {
		a.Slug, a.Provisional = c.slug(g), false
	}
	a.Symbol, a.Name = g.Symbol, g.Name
	c.better = append(c.better, *a)
	return a
}

func (c *catalogue) slug(g market.Group) string {
	slug := market.Slug(g.Name, g.Symbol, func(s string) bool { return c.slugs[s] })
	c.slugs[slug] = true
	return slug
}

func (c *catalogue) write(ctx context.Context, tx bun.Tx) error {
	if len(c.better) > 0 {
		_, err := tx.NewUpdate().With("better", tx.NewValues(&c.better)).Model((*assetRow)(nil)).TableExpr("better").
			Set("slug = better.slug").Set("symbol = better.symbol").Set("name = better.name").
			Set("provisional = better.provisional").Where("assets.id = better.id").Exec(ctx)
		if err != nil {
			return fmt.Errorf("rename assets: %w", err)
		}
	}
	if len(c.fresh) > 0 {
		if _, err := tx.NewInsert().Model(&c.fresh).Returning("id").Exec(ctx); err != nil {
			return fmt.Errorf("add assets: %w", err)
		}
	}
	return nil
}

// removeOrphans deletes the assets that have lost their last listing to another.
func (c *catalogue) removeOrphans(ctx context.Context, tx bun.Tx) error {
	var orphans []int64
	for id := range c.assets {
		if !c.taken[id] {
			orphans = append(orphans, id)
		}
	}
	if len(orphans) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM assets WHERE id IN (?)", bun.List(orphans)); err != nil {
		return fmt.Errorf("remove empty assets: %w", err)
	}
	return nil
}

// writeMatches adds the new listings and changes those that have a new name, asset or evidence.
func writeMatches(ctx context.Context, tx bun.Tx, rows []listingRow, groups []market.Group, owners []*assetRow) error {
	var fresh, changed []matchRow
	for i, g := range groups {
		for _, m := range g.Members {
			r := rows[m.Listing]
			row := matchRow{
				ID: r.ID, SourceID: r.SourceID, ExternalID: r.ExternalID, AssetID: owners[i].ID,
				Symbol: strings.ToUpper(r.Symbol), Name: r.Name,
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
