package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
)

// figureColumns are the amounts of a record, in the order of figureValues and of scanRecord.
const figureColumns = `price_usd, open_usd, high_usd, low_usd, market_cap_usd, volume_24h_usd,
	percent_change_1h, percent_change_24h, percent_change_7d, rank,
	circulating_supply, total_supply, max_supply`

// createStage holds a page as it arrives; ord keeps the order of the items.
const createStage = `CREATE TEMP TABLE stage (
	ord int, external_id text, symbol text, name text, contracts text[], observed_at timestamptz,
	price_usd numeric, open_usd numeric, high_usd numeric, low_usd numeric, market_cap_usd numeric,
	volume_24h_usd numeric, percent_change_1h numeric, percent_change_24h numeric,
	percent_change_7d numeric, rank int, circulating_supply numeric, total_supply numeric,
	max_supply numeric, payload jsonb, payload_hash bytea) ON COMMIT DROP`

var stageColumns = []string{
	"ord", "external_id", "symbol", "name", "contracts", "observed_at",
	"price_usd", "open_usd", "high_usd", "low_usd", "market_cap_usd",
	"volume_24h_usd", "percent_change_1h", "percent_change_24h",
	"percent_change_7d", "rank", "circulating_supply", "total_supply",
	"max_supply", "payload", "payload_hash",
}

// copyStage fills the staging table through COPY, on the connection that holds the transaction.
func copyStage(ctx context.Context, conn bun.Conn, observations []market.Observation) error {
	rows := pgx.CopyFromSlice(len(observations), func(i int) ([]any, error) {
		return stageRow(i, &observations[i]), nil
	})
	err := conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"stage"}, stageColumns, rows)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy page: %w", err)
	}
	return nil
}

func stageRow(i int, o *market.Observation) []any {
	return []any{
		i, o.ExternalID, strings.ToUpper(o.Symbol), o.Name, append([]string{}, o.Contracts...), o.ObservedAt,
		numeric(o.PriceUSD), nullable(o.OpenUSD), nullable(o.HighUSD), nullable(o.LowUSD), nullable(o.MarketCapUSD),
		nullable(o.Volume24hUSD), nullable(o.PercentChange1h), nullable(o.PercentChange24h),
		nullable(o.PercentChange7d), o.Rank, nullable(o.CirculatingSupply), nullable(o.TotalSupply),
		nullable(o.MaxSupply), o.Payload, o.PayloadHash[:],
	}
}

func numeric(d decimal.Decimal) pgtype.Numeric {
	return pgtype.Numeric{Int: d.Coefficient(), Exp: d.Exponent(), Valid: true}
}

func nullable(d decimal.NullDecimal) pgtype.Numeric {
	if !d.Valid {
		return pgtype.Numeric{}
	}
	return numeric(d.Decimal)
}
