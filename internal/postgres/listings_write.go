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

// storeListings makes a listing of every staged external id that has none, notes changed names,
// and, only if there was either, resolves all listings to assets again.
func (p *page) storeListings(ctx context.Context) error {
	news, err := p.unknownListings(ctx)
	if err != nil || len(news) == 0 {
		return err
	}
	p.named = int64(len(news))
	p.touched, err = settleListings(ctx, p.tx, news, p.resolve, market.GlobalID(market.IDRun, p.runID))
	return err
}

// settleListings stores new and changed listings, resolves all to assets again in the name of whoever
// is given, and returns the assets that have changed.
func settleListings(ctx context.Context, tx bun.Tx, news []listingRow, resolve market.Resolver, by string) ([]int64, error) {
	if err := lockAssets(ctx, tx); err != nil {
		return nil, err
	}
	all, err := loadListings(ctx, tx)
	if err != nil {
		return nil, err
	}
	return settle(ctx, tx, merge(all, news), resolve, by)
}

// stagedListing is what an item s of the staging table says of its listing.
const stagedListing = `s.external_id, s.contracts, s.rank, s.price_usd, s.market_cap_usd, s.observed_at, src.name AS source`

// unknownListings returns the listings of the page that are new or have changed, by external id.
// The last item of an external id speaks for it, and an empty symbol or name takes nothing back.
func (p *page) unknownListings(ctx context.Context) ([]listingRow, error) {
	var rows []listingRow
	err := p.tx.NewRaw(`SELECT coalesce(l.id, 0) AS id, ?0 AS source_id, `+stagedListing+`,
			coalesce(nullif(s.symbol, ''), l.symbol, '') AS symbol,
			coalesce(nullif(s.name, ''), l.name, '') AS name
		FROM (SELECT DISTINCT ON (external_id) * FROM stage ORDER BY external_id, ord DESC) s
		JOIN sources src ON src.id = ?0
		LEFT JOIN listings l ON l.source_id = ?0 AND l.external_id = s.external_id
		WHERE l.id IS NULL OR (s.symbol <> '' AND s.symbol <> l.symbol) OR (s.name <> '' AND s.name <> l.name)
			OR (s.contracts <> '{}' AND s.contracts <> l.contracts)
		ORDER BY s.external_id`, p.source).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("find new ones: %w", err)
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
		i, ok := at[key{n.SourceID, n.ExternalID}]
		if !ok {
			all = append(all, n)
			continue
		}
		known := &all[i]
		known.Symbol, known.Name, known.quoteRow, known.changed = n.Symbol, n.Name, n.quoteRow, true
		if len(n.Contracts) > 0 {
			known.Contracts = n.Contracts
		}
	}
	return all
}
