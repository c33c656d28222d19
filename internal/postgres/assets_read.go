package postgres

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// Assets implements market.Reader.
func (s *Store) Assets(ctx context.Context, f market.AssetFilter, o market.AssetOrder, w market.Window[market.AssetKey]) (market.Page[market.Asset], error) {
	q, err := s.filteredAssets(ctx, f)
	if err != nil {
		return market.Page[market.Asset]{}, fmt.Errorf("read assets: %w", unavailable(err))
	}
	column := "coalesce(a.rank, 2147483647)" // as the index has it
	if o == market.AssetsByName {
		column = `a.name COLLATE "C"`
	}
	if w.After != nil {
		q.Where("("+column+", a.id) > (?, ?)", place(o, *w.After), w.After.ID)
	}
	if w.Before != nil {
		q.Where("("+column+", a.id) < (?, ?)", place(o, *w.Before), w.Before.ID)
	}
	direction := "ASC"
	if w.Backward {
		direction = "DESC"
	}
	q.OrderExpr(column + " " + direction).OrderExpr("a.id " + direction).Limit(int64(w.Size) + 1).Offset(int64(w.Skip))
	assets, err := selectAssets(ctx, q)
	if err != nil {
		return market.Page[market.Asset]{}, fmt.Errorf("read assets: %w", unavailable(err))
	}
	return trim(assets, w.Size, w.Backward), nil
}

// place is the value of a key in the column of its order.
func place(o market.AssetOrder, k market.AssetKey) any {
	if o == market.AssetsByName {
		return k.Name
	}
	if k.Rank == nil {
		return math.MaxInt32
	}
	return *k.Rank
}

func (s *Store) filteredAssets(ctx context.Context, f market.AssetFilter) (*bun.SelectQuery, error) {
	q := s.db.NewSelect().TableExpr("assets AS a")
	if f.Slugs != nil {
		q.Where("a.slug IN (?)", texts(f.Slugs))
	}
	if f.Symbols != nil {
		q.Where("a.symbol IN (?)", texts(upper(f.Symbols)))
	}
	if f.Name != "" {
		q.Where(`a.name ILIKE ?`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text(f.Name))+"%")
	}
	if f.Sources != nil {
		ids, err := s.sourceIDs(ctx, f.Sources)
		if err != nil {
			return nil, err
		}
		q.Where("EXISTS (SELECT FROM listings l WHERE l.asset_id = a.id AND l.source_id IN (?))", bun.List(ids))
	}
	return q, nil
}

func selectAssets(ctx context.Context, q *bun.SelectQuery) ([]market.Asset, error) {
	var assets []market.Asset
	return assets, q.ColumnExpr("a.id, a.slug, a.symbol, a.name, a.rank").Scan(ctx, &assets)
}

// CountAssets implements market.Reader.
func (s *Store) CountAssets(ctx context.Context, f market.AssetFilter) (int64, error) {
	q, err := s.filteredAssets(ctx, f)
	var n int64
	if err == nil {
		err = q.ColumnExpr("count(*)").Scan(ctx, &n)
	}
	if err != nil {
		return 0, fmt.Errorf("count assets: %w", unavailable(err))
	}
	return n, nil
}

// AssetsByID implements market.Reader.
func (s *Store) AssetsByID(ctx context.Context, ids []int64) ([]market.Asset, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	assets, err := selectAssets(ctx, s.db.NewSelect().TableExpr("assets AS a").Where("a.id IN (?)", bun.List(ids)))
	if err != nil {
		return nil, fmt.Errorf("read assets by id: %w", unavailable(err))
	}
	return assets, nil
}

// AssetBySlug implements market.Reader.
func (s *Store) AssetBySlug(ctx context.Context, slug string) (market.Asset, error) {
	assets, err := selectAssets(ctx, s.db.NewSelect().TableExpr("assets AS a").Where("a.slug = ?", text(slug)))
	if err != nil {
		return market.Asset{}, fmt.Errorf("read asset: %w", unavailable(err))
	}
	if len(assets) == 0 {
		return market.Asset{}, fmt.Errorf("asset %q: %w", slug, market.ErrNotFound)
	}
	return assets[0], nil
}

// ListingsOf implements market.Reader.
func (s *Store) ListingsOf(ctx context.Context, assetIDs []int64) ([]market.Listing, error) {
	if len(assetIDs) == 0 {
		return nil, nil
	}
	var rows []listingRow
	err := s.db.NewRaw(selectListings+"WHERE l.asset_id IN (?) ORDER BY s.name, l.external_id", bun.List(assetIDs)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read listings: %w", unavailable(err))
	}
	listings := make([]market.Listing, len(rows))
	for i, r := range rows {
		listings[i] = r.listing()
	}
	return listings, nil
}
