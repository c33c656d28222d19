package postgres

import (
	"context"
	"fmt"
	"slices"

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
	MergedInto  int64   `bun:",nullzero"` // 0 while it lives
	Sources     []int16 `bun:",array"`    // sorted

	changed bool
}

// catalogue is all assets, those that were merged among them, while listings are being shared out.
type catalogue struct {
	assets map[int64]*assetRow
	slugs  map[string]bool // also former ones
	taken  map[int64]bool  // assets that a group has
	fresh  []*assetRow
	better []*assetRow // assets that change
	former []formerSlug
}

// formerSlug leads to an asset that has a better slug now.
type formerSlug struct {
	bun.BaseModel `bun:"table:former_slugs"`

	Slug    string
	AssetID int64
}

func loadCatalogue(ctx context.Context, tx bun.Tx) (*catalogue, error) {
	var rows []*assetRow
	if err := tx.NewSelect().Model(&rows).Scan(ctx); err != nil {
		return nil, fmt.Errorf("load assets: %w", err)
	}
	var former []string
	if err := tx.NewRaw("SELECT slug FROM former_slugs").Scan(ctx, &former); err != nil {
		return nil, fmt.Errorf("load former slugs: %w", err)
	}
	c := &catalogue{assets: make(map[int64]*assetRow, len(rows)), slugs: make(map[string]bool, len(rows)), taken: map[int64]bool{}}
	for _, a := range rows {
		c.assets[a.ID] = a
		c.slugs[a.Slug] = true
	}
	for _, slug := range former {
		c.slugs[slug] = true
	}
	return c, nil
}

// assetsOf returns the asset of each group. An asset stays with those of its listings that have the best
// claim to it; a group without one gets back the asset that was once made for one of its listings, keeps
// one that its listings are guests of, or gets a new one.
func (c *catalogue) assetsOf(groups []market.Group, rows []listingRow) []*assetRow {
	owners := make([]*assetRow, len(groups))
	claims := c.claims(groups, rows)
	allot := func(guests bool) {
		for _, claim := range claims {
			if claim.onlyGuests() == guests && owners[claim.group] == nil && !c.taken[claim.asset] {
				owners[claim.group] = c.assets[claim.asset]
				c.taken[claim.asset] = true
			}
		}
	}
	allot(false)
	for i, g := range groups {
		if owners[i] == nil {
			owners[i] = c.homeOf(g, rows)
		}
	}
	allot(true)
	for i, g := range groups {
		if owners[i] == nil {
			owners[i] = c.found(g, rows)
		} else {
			c.improve(owners[i], g)
		}
	}
	return owners
}

// homeOf is an asset that was made for a listing of the group and is free, brought back if it was merged;
// nil where there is none.
func (c *catalogue) homeOf(g market.Group, rows []listingRow) *assetRow {
	for _, m := range g.Members {
		a := c.assets[rows[m.Listing].HomeAssetID]
		if a == nil || c.taken[a.ID] {
			continue
		}
		c.taken[a.ID] = true
		if a.MergedInto != 0 {
			a.MergedInto = 0
			c.change(a)
		}
		return a
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
		was := a.Slug
		delete(c.slugs, was) // its own slug is the first that it may keep
		a.Slug, a.Provisional = c.slug(g), false
		if a.Slug != was {
			c.slugs[was] = true
			c.former = append(c.former, formerSlug{Slug: was, AssetID: a.ID})
		}
	}
	a.Symbol, a.Name = g.Symbol, g.Name
	c.change(a)
}

// list notes which sources list an asset.
func (c *catalogue) list(a *assetRow, sources []int16) {
	if slices.Equal(a.Sources, sources) {
		return
	}
	a.Sources = sources
	if a.ID != 0 {
		c.change(a)
	}
}

func (c *catalogue) change(a *assetRow) {
	if !a.changed {
		a.changed = true
		c.better = append(c.better, a)
	}
}

func (c *catalogue) slug(g market.Group) string {
	slug := market.Slug(g.Name, g.Symbol, func(s string) bool { return c.slugs[s] })
	c.slugs[slug] = true
	return slug
}

func (c *catalogue) write(ctx context.Context, tx bun.Tx) error {
	if len(c.better) > 0 {
		_, err := tx.NewUpdate().With("better", tx.NewValues(&c.better)).Model((*assetRow)(nil)).TableExpr("better").
			Set("slug = better.slug").Set("symbol = better.symbol").Set("name = better.name").Set("provisional = better.provisional").
			Set("merged_into = better.merged_into").Set("sources = better.sources").Where("assets.id = better.id").Exec(ctx)
		if err != nil {
			return fmt.Errorf("change assets: %w", err)
		}
	}
	if len(c.fresh) > 0 {
		if _, err := tx.NewInsert().Model(&c.fresh).Returning("id").Exec(ctx); err != nil {
			return fmt.Errorf("add assets: %w", err)
		}
	}
	if len(c.former) > 0 {
		if _, err := tx.NewInsert().Model(&c.former).Exec(ctx); err != nil {
			return fmt.Errorf("keep former slugs: %w", err)
		}
	}
	return nil
}
