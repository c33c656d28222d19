package postgres

import (
	"context"
	"fmt"

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

// catalogue is all assets while their listings are being shared out among them.
type catalogue struct {
	assets map[int64]*assetRow
	slugs  map[string]bool
	taken  map[int64]bool // assets that a group has
	fresh  []*assetRow
	better []assetRow // assets whose name, symbol or slug changes
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

// assetsOf returns the asset of each group: the one that its strongest listing has, so that an
// asset keeps its id and slug, or a new one. A bare ticker or name speaks for its asset only once every
// other listing has spoken, or it would take the asset along to whoever leads its ranking now.
func (c *catalogue) assetsOf(groups []market.Group, rows []listingRow) []*assetRow {
	owners := make([]*assetRow, len(groups))
	for _, weak := range []bool{false, true} {
		for i, g := range groups {
			if owners[i] == nil {
				owners[i] = c.held(g, rows, weak)
			}
		}
	}
	for i, g := range groups {
		if owners[i] == nil {
			owners[i] = c.found(g, rows)
		} else {
			c.improve(owners[i], g)
		}
	}
	return owners
}

// held takes for a group the first free asset that one of its listings has, or returns nil.
func (c *catalogue) held(g market.Group, rows []listingRow, weak bool) *assetRow {
	for _, m := range g.Members {
		id := rows[m.Listing].AssetID
		if m.Match.Method.Weak() == weak && id != 0 && !c.taken[id] {
			c.taken[id] = true
			return c.assets[id]
		}
	}
	return nil
}

func (c *catalogue) found(g market.Group, rows []listingRow) *assetRow {
	a := &assetRow{Symbol: g.Symbol, Name: g.Name, Rank: rows[g.Members[0].Listing].Rank, Provisional: !g.Named}
	a.Slug = c.slug(g)
	c.fresh = append(c.fresh, a)
	return a
}

// improve gives an asset the name and symbol of its group, and a provisional one its slug as well.
func (c *catalogue) improve(a *assetRow, g market.Group) {
	settled := a.Provisional && g.Named
	if a.Symbol == g.Symbol && a.Name == g.Name && !settled {
		return
	}
	if settled {
		delete(c.slugs, a.Slug) // its own slug is the first that it may keep
		a.Slug, a.Provisional = c.slug(g), false
	}
	a.Symbol, a.Name = g.Symbol, g.Name
	c.better = append(c.better, *a)
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
