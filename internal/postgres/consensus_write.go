package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// consensusRow is how an asset stands; without a consensus all figures are null.
type consensusRow struct {
	bun.BaseModel `bun:"table:consensus,alias:consensus"`

	AssetID          int64   `bun:",pk"`
	Sources          []int16 `bun:",array"`
	PriceUSD         decimal.NullDecimal
	SpreadPercent    decimal.NullDecimal
	MarketCapUSD     decimal.NullDecimal
	PercentChange24h decimal.NullDecimal `bun:"percent_change_24h"`
	PriceSources     int64
	ObservedAt       *time.Time
}

// standing is an asset while its figures are being gathered.
type standing struct {
	quotes []market.Quote
	rank   *int32
}

// refreshSome brings the standing of the assets with these ids up to date, as refreshStandings does.
func refreshSome(ctx context.Context, tx bun.Tx, age time.Duration, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return refreshStandings(ctx, tx, age, ids)
}

// refreshStandings brings the ranks and the consensus of assets up to date, of all where ids is nil: from
// the newest records of their listings, prices that are older than age left out. Reading first and then
// writing constants keeps the updates off the tables of records. The caller may hold the asset lock already.
func refreshStandings(ctx context.Context, tx bun.Tx, age time.Duration, ids []int64) error {
	if err := lockAssets(ctx, tx); err != nil {
		return err
	}
	standings, err := loadStandings(ctx, tx, ids)
	if err != nil {
		return fmt.Errorf("load standings: %w", err)
	}
	var assets []*assetRow
	if err := among(tx.NewSelect().Model(&assets), "id", ids).Scan(ctx); err != nil {
		return fmt.Errorf("load assets: %w", err)
	}
	if err := writeRanks(ctx, tx, assets, standings); err != nil {
		return err
	}
	return writeConsensus(ctx, tx, assets, standings, time.Now().Add(-age), ids)
}

// among narrows a query to the ids, if there are any to narrow to.
func among(q *bun.SelectQuery, column string, ids []int64) *bun.SelectQuery {
	if ids != nil {
		q.Where(column+" IN (?)", bun.List(ids))
	}
	return q
}

func loadStandings(ctx context.Context, tx bun.Tx, ids []int64) (map[int64]*standing, error) {
	q := tx.NewSelect().TableExpr("latest_records AS n").Join("JOIN listings AS l ON l.id = n.listing_id").
		Join("JOIN sources AS s ON s.id = n.source_id").
		ColumnExpr("l.asset_id, s.name, n.observed_at, n.price_usd, n.market_cap_usd, n.percent_change_24h, n.rank")
	rows, err := among(q, "l.asset_id", ids).Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // an error of reading is in Err
	found := map[int64]*standing{}
	for rows.Next() {
		var id int64
		var quote market.Quote
		var rank *int32
		err := rows.Scan(&id, &quote.Source, &quote.ObservedAt, &quote.PriceUSD, &quote.MarketCapUSD, &quote.PercentChange24h, &rank)
		if err != nil {
			return nil, err
		}
		s := found[id]
		if s == nil {
			s = &standing{}
			found[id] = s
		}
		s.quotes = append(s.quotes, quote)
		if rank != nil && (s.rank == nil || *rank < *s.rank) {
			s.rank = rank
		}
	}
	return found, rows.Err()
}

// writeRanks gives every asset the best rank that the newest records of its listings hold.
func writeRanks(ctx context.Context, tx bun.Tx, assets []*assetRow, standings map[int64]*standing) error {
	var moved []*assetRow
	for _, a := range assets {
		s := standings[a.ID]
		if s == nil { // merged, or its records are still to come
			continue
		}
		if (s.rank == nil) != (a.Rank == nil) || s.rank != nil && *s.rank != *a.Rank {
			a.Rank = s.rank
			moved = append(moved, a)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	_, err := tx.NewUpdate().With("moved", tx.NewValues(&moved)).Model((*assetRow)(nil)).TableExpr("moved").
		Set("rank = moved.rank").Where("assets.id = moved.id").Exec(ctx)
	if err != nil {
		return fmt.Errorf("write ranks: %w", err)
	}
	return nil
}
