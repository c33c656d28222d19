package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// writtenAtOnce is how many rows are written by one statement.
const writtenAtOnce = 1000

// writeConsensus makes the stored consensus of the assets what their standings give, and takes away that
// of merged ones. Only rows that differ are written, in the order of their keys.
func writeConsensus(ctx context.Context, tx bun.Tx, assets []*assetRow, standings map[int64]*standing, since time.Time, ids []int64) error {
	var stored []consensusRow
	if err := among(tx.NewSelect().Model(&stored), "asset_id", ids).Scan(ctx); err != nil {
		return fmt.Errorf("load consensus: %w", err)
	}
	old := make(map[int64]*consensusRow, len(stored))
	for i := range stored {
		old[stored[i].AssetID] = &stored[i]
	}
	var rows []*consensusRow
	var gone []int64
	for _, a := range assets {
		known := old[a.ID]
		if a.MergedInto != 0 {
			if known != nil {
				gone = append(gone, a.ID)
			}
			continue
		}
		if row := newConsensusRow(a, standings[a.ID], since); known == nil || !row.equal(known) {
			rows = append(rows, row)
		}
	}
	if len(gone) > 0 {
		if _, err := tx.ExecContext(ctx, "DELETE FROM consensus WHERE asset_id IN (?)", bun.List(gone)); err != nil {
			return fmt.Errorf("drop consensus: %w", err)
		}
	}
	slices.SortFunc(rows, func(x, y *consensusRow) int { return int(x.AssetID - y.AssetID) })
	for chunk := range slices.Chunk(rows, writtenAtOnce) {
		if err := upsertConsensus(ctx, tx, chunk); err != nil {
			return fmt.Errorf("write consensus: %w", err)
		}
	}
	return nil
}

func newConsensusRow(a *assetRow, s *standing, since time.Time) *consensusRow {
	row := &consensusRow{AssetID: a.ID, Sources: a.Sources}
	if s == nil {
		return row
	}
	c := market.ConsensusOf(s.quotes, since)
	if c == nil {
		return row
	}
	row.PriceUSD, row.SpreadPercent = decimal.NewNullDecimal(c.PriceUSD), decimal.NewNullDecimal(c.SpreadPercent)
	row.MarketCapUSD, row.PercentChange24h = c.MarketCapUSD, c.PercentChange24h
	row.PriceSources, row.ObservedAt = c.Sources, &c.ObservedAt
	return row
}

func (r *consensusRow) equal(other *consensusRow) bool {
	same := func(x, y decimal.NullDecimal) bool {
		return x.Valid == y.Valid && (!x.Valid || x.Decimal.Equal(y.Decimal))
	}
	sameTime := (r.ObservedAt == nil) == (other.ObservedAt == nil) && (r.ObservedAt == nil || r.ObservedAt.Equal(*other.ObservedAt))
	return slices.Equal(r.Sources, other.Sources) && same(r.PriceUSD, other.PriceUSD) && same(r.SpreadPercent, other.SpreadPercent) &&
		same(r.MarketCapUSD, other.MarketCapUSD) && same(r.PercentChange24h, other.PercentChange24h) &&
		r.PriceSources == other.PriceSources && sameTime
}

func upsertConsensus(ctx context.Context, tx bun.Tx, rows []*consensusRow) error {
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (asset_id) DO UPDATE").Set("sources = EXCLUDED.sources").
		Set("price_usd = EXCLUDED.price_usd").Set("spread_percent = EXCLUDED.spread_percent").
		Set("market_cap_usd = EXCLUDED.market_cap_usd").Set("percent_change_24h = EXCLUDED.percent_change_24h").
		Set("price_sources = EXCLUDED.price_sources").Set("observed_at = EXCLUDED.observed_at").Exec(ctx)
	return err
}

// consensus is what the row says; nil where there was no price.
func (r *consensusRow) consensus() *market.Consensus {
	if !r.PriceUSD.Valid || !r.SpreadPercent.Valid || r.ObservedAt == nil {
		return nil
	}
	return &market.Consensus{
		PriceUSD: r.PriceUSD.Decimal, SpreadPercent: r.SpreadPercent.Decimal, MarketCapUSD: r.MarketCapUSD,
		PercentChange24h: r.PercentChange24h, Sources: r.PriceSources, ObservedAt: r.ObservedAt.UTC(),
	}
}
