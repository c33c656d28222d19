package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/kasparro/kasparro/internal/market"
)

// assetColumns are those of queryAssets, from an asset a and its consensus c.
const assetColumns = `a.id, a.slug, a.symbol, a.name, a.rank, coalesce(a.merged_into, 0), c.price_usd, c.spread_percent,
	c.market_cap_usd, c.percent_change_24h, coalesce(c.price_sources, 0), c.observed_at`

// selectAssets reads assets, also merged ones.
const selectAssets = "SELECT " + assetColumns + " FROM assets a LEFT JOIN consensus c ON c.asset_id = a.id "

func (s *Store) queryAssets(ctx context.Context, query string, args ...any) (assets []market.Asset, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var a market.Asset
		var c consensusRow
		err := rows.Scan(&a.ID, &a.Slug, &a.Symbol, &a.Name, &a.Rank, &a.MergedInto, &c.PriceUSD, &c.SpreadPercent,
			&c.MarketCapUSD, &c.PercentChange24h, &c.PriceSources, &c.ObservedAt)
		if err != nil {
			return nil, err
		}
		a.Consensus = c.consensus()
		assets = append(assets, a)
	}
	return assets, rows.Err()
}

// CountAssets implements market.Reader.
func (s *Store) CountAssets(ctx context.Context, f market.AssetFilter) (n int64, err error) {
	sets, err := s.sourceSets(ctx, f)
	if err != nil {
		return 0, fmt.Errorf("count assets: %w", unavailable(err))
	}
	var q sqlText
	for i, set := range sets {
		if i > 0 {
			q.add(" UNION ALL ")
		}
		q.add("SELECT count(*) FROM assets a")
		if f.MinSpreadPercent != nil {
			q.add(" JOIN consensus c ON c.asset_id = a.id")
		}
		q.add(" WHERE a.sources = ?::smallint[]", pgdialect.Array(set))
		narrowAssets(&q, f)
	}
	if q.empty() {
		return 0, nil
	}
	if err := s.db.NewRaw("SELECT sum(count) FROM ("+q.String()+") counted", q.args...).Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count assets: %w", unavailable(err))
	}
	return n, nil
}

// AssetsByID implements market.Reader.
func (s *Store) AssetsByID(ctx context.Context, ids []int64) ([]market.Asset, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	assets, err := s.queryAssets(ctx, selectAssets+"WHERE a.id IN (?)", bun.List(ids))
	if err != nil {
		return nil, fmt.Errorf("read assets by id: %w", unavailable(err))
	}
	return assets, nil
}

// AssetBySlug implements market.Reader.
func (s *Store) AssetBySlug(ctx context.Context, slug string) (market.Asset, error) {
	assets, err := s.queryAssets(ctx, selectAssets+"WHERE a.id IN ("+livingAssets+")", texts([]string{slug}))
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
	return s.listingsWhere(ctx, "l.asset_id", assetIDs)
}

// ListingsByID implements market.Reader.
func (s *Store) ListingsByID(ctx context.Context, ids []int64) ([]market.Listing, error) {
	return s.listingsWhere(ctx, "l.id", ids)
}

func (s *Store) listingsWhere(ctx context.Context, column string, ids []int64) ([]market.Listing, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []listingRow
	err := s.db.NewRaw(selectListings+"WHERE "+column+" IN (?) ORDER BY s.name, l.external_id", bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read listings: %w", unavailable(err))
	}
	listings := make([]market.Listing, len(rows))
	for i := range rows {
		listings[i] = rows[i].listing()
	}
	return listings, nil
}
