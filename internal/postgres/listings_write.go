package postgres

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// assetLock makes those who decide which listings are one asset do so one after the other. It is
// taken in transactions only.
const assetLock = 0x61737365 // "asse"

func lockAssets(ctx context.Context, tx bun.Tx) error {
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", assetLock)
	return err
}

// listingRow is a listing with what decides its asset.
type listingRow struct {
	ID         int64
	SourceID   int16
	Source     string
	ExternalID string
	Symbol     string
	Name       string
	AssetID    int64
	Method     string
	Confidence float64
	Pinned     bool
	Rank       *int32

	changed bool // its name or symbol is not what was stored
}

// storeListings makes a listing of every staged external id that has none, notes changed names,
// and, only if there was either, resolves all listings to assets again.
func (p *page) storeListings(ctx context.Context) error {
	news, err := p.unknownListings(ctx)
	if err != nil || len(news) == 0 {
		return err
	}
	return settleListings(ctx, p.tx, news, p.resolve)
}

// settleListings stores new and changed listings and resolves all to assets again.
func settleListings(ctx context.Context, tx bun.Tx, news []listingRow, resolve market.Resolver) error {
	if err := lockAssets(ctx, tx); err != nil {
		return err
	}
	all, err := loadListings(ctx, tx)
	if err != nil {
		return err
	}
	return applyGroups(ctx, tx, merge(all, news), resolve)
}

// unknownListings returns the listings of the page that are new or have changed, by external id.
// The last item of an external id speaks for it, and an empty symbol or name takes nothing back.
func (p *page) unknownListings(ctx context.Context) ([]listingRow, error) {
	var rows []listingRow
	err := p.tx.NewRaw(`SELECT coalesce(l.id, 0) AS id, ?0 AS source_id, s.external_id, s.rank, src.name AS source,
			coalesce(nullif(s.symbol, ''), l.symbol, '') AS symbol,
			coalesce(nullif(s.name, ''), l.name, '') AS name
		FROM (SELECT DISTINCT ON (external_id) external_id, symbol, name, rank
			FROM stage ORDER BY external_id, ord DESC) s
		JOIN sources src ON src.id = ?0
		LEFT JOIN listings l ON l.source_id = ?0 AND l.external_id = s.external_id
		WHERE l.id IS NULL OR (s.symbol <> '' AND s.symbol <> l.symbol) OR (s.name <> '' AND s.name <> l.name)
		ORDER BY s.external_id`, p.source).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("find new ones: %w", err)
	}
	return rows, nil
}

// selectListings reads listings without their ranks.
const selectListings = `SELECT l.id, l.source_id, s.name AS source, l.external_id, l.symbol, l.name, l.asset_id,
		l.match_method AS method, l.match_confidence AS confidence, l.pinned
	FROM listings l JOIN sources s ON s.id = l.source_id `

// loadListings reads every listing with its latest rank. The two are put together here, and not by
// an outer join from a small table to one that may be spread over machines.
func loadListings(ctx context.Context, tx bun.Tx) ([]listingRow, error) {
	var rows []listingRow
	if err := tx.NewRaw(selectListings).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	var ranked []struct {
		ListingID int64
		Rank      int32
	}
	err := tx.NewRaw("SELECT listing_id, rank FROM latest_records WHERE rank IS NOT NULL").Scan(ctx, &ranked)
	if err != nil {
		return nil, fmt.Errorf("load ranks: %w", err)
	}
	ranks := make(map[int64]*int32, len(ranked))
	for i, r := range ranked {
		ranks[r.ListingID] = &ranked[i].Rank
	}
	for i, r := range rows {
		rows[i].Rank = ranks[r.ID]
	}
	return rows, nil
}

// merge lays the new and changed listings over all that are known. Another page may have added
// one of them since they were looked up, hence the look by key and not by id.
func merge(all, news []listingRow) []listingRow {
	type key struct {
		source int16
		id     string
	}
	at := make(map[key]int, len(all))
	for i, l := range all {
		at[key{l.SourceID, l.ExternalID}] = i
	}
	for _, n := range news {
		if i, ok := at[key{n.SourceID, n.ExternalID}]; ok {
			all[i].Symbol, all[i].Name, all[i].changed = n.Symbol, n.Name, true
			continue
		}
		all = append(all, n)
	}
	return all
}

func (l listingRow) listing() market.Listing {
	return market.Listing{
		ID: l.ID, Source: l.Source, ExternalID: l.ExternalID, Symbol: l.Symbol, Name: l.Name,
		AssetID: l.AssetID, Match: market.Match{Method: market.MatchMethod(l.Method), Confidence: l.Confidence},
		Pinned: l.Pinned, Rank: l.Rank,
	}
}
