package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// RecordsOf implements market.Reader. One scan for each listing feeds one query, whose rows are
// then dealt out to the assets.
func (s *Store) RecordsOf(ctx context.Context, assetIDs []int64, f market.RecordFilter, w market.Window[market.RecordKey]) (map[int64]market.Page[market.Record], error) {
	pages := make(map[int64]market.Page[market.Record], len(assetIDs))
	listings, err := s.listingIDsOf(ctx, assetIDs, f)
	if err != nil || len(listings) == 0 {
		return pages, unavailable(err)
	}
	list := recordList{filter: f, descending: true, window: w}
	records, err := s.queryRecords(ctx, list.queryEach(listings))
	if err != nil {
		return nil, fmt.Errorf("read records of assets: %w", unavailable(err))
	}
	byAsset := make(map[int64][]market.Record, len(assetIDs))
	for _, r := range records {
		if have := byAsset[r.AssetID]; len(have) <= w.Size {
			byAsset[r.AssetID] = append(have, r)
		}
	}
	for id, rows := range byAsset {
		pages[id] = trim(rows, w.Size, w.Backward)
	}
	return pages, nil
}

// queryEach reads the window of each listing, in the direction of travel.
func (l recordList) queryEach(listings []int64) sqlText {
	direction := "DESC"
	if l.window.Backward {
		direction = "ASC"
	}
	var q sqlText
	for i, id := range listings {
		if i > 0 {
			q.add(" UNION ALL ")
		}
		q.add("(SELECT * FROM records WHERE listing_id = ?", id)
		l.addBounds(&q)
		q.add(fmt.Sprintf(" ORDER BY observed_at %s LIMIT %d)", direction, l.window.Size+1))
	}
	return recordsQuery(q, fmt.Sprintf("ORDER BY r.observed_at %[1]s, r.listing_id %[1]s", direction))
}

// CountRecordsOf implements market.Reader.
func (s *Store) CountRecordsOf(ctx context.Context, assetIDs []int64, f market.RecordFilter) (map[int64]int64, error) {
	counts := make(map[int64]int64, len(assetIDs))
	listings, err := s.listingIDsOf(ctx, assetIDs, f)
	if err != nil || len(listings) == 0 {
		return counts, unavailable(err)
	}
	var q sqlText
	q.add(`SELECT l.asset_id, sum(n.records) AS records FROM (
		SELECT listing_id, count(*) AS records FROM records WHERE listing_id IN (?)`, bun.List(listings))
	q.within(f.ObservedAt)
	q.add(` GROUP BY listing_id) n JOIN listings l ON l.id = n.listing_id GROUP BY l.asset_id`)
	var rows []struct{ AssetID, Records int64 }
	if err := s.db.NewRaw(q.String(), q.args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count records of assets: %w", unavailable(err))
	}
	for _, r := range rows {
		counts[r.AssetID] = r.Records
	}
	return counts, nil
}

// listingIDsOf returns the listings of the assets that the filter lets through.
func (s *Store) listingIDsOf(ctx context.Context, assetIDs []int64, f market.RecordFilter) ([]int64, error) {
	if len(assetIDs) == 0 {
		return nil, nil
	}
	q := s.db.NewSelect().TableExpr("listings AS l").ColumnExpr("l.id").
		Where("l.asset_id IN (?)", bun.List(assetIDs)).OrderExpr("l.id")
	if f.Assets != nil || f.Symbols != nil {
		narrowed, err := s.listingIDs(ctx, f)
		if err != nil {
			return nil, err
		}
		q.Where("l.id IN (?)", bun.List(narrowed))
	}
	if f.Sources != nil {
		ids, err := s.sourceIDs(ctx, f.Sources)
		if err != nil {
			return nil, err
		}
		q.Where("l.source_id IN (?)", bun.List(ids))
	}
	var ids []int64
	return ids, q.Scan(ctx, &ids)
}
