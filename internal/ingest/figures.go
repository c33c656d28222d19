package ingest

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// readFigures reads the amounts of an item that is fit for a record as exact decimals.
func readFigures(a source.Amounts) (market.Figures, *market.Reason) {
	var f market.Figures
	price, reason := amount("price_usd", a.Price)
	if reason != nil {
		return f, reason
	}
	f.PriceUSD = price.Decimal
	for _, field := range []struct {
		name string
		text string
		into *decimal.NullDecimal
	}{
		{"open_usd", a.Open, &f.OpenUSD},
		{"high_usd", a.High, &f.HighUSD},
		{"low_usd", a.Low, &f.LowUSD},
		{"market_cap_usd", a.MarketCap, &f.MarketCapUSD},
		{"volume_24h_usd", a.Volume24h, &f.Volume24hUSD},
		{"percent_change_1h", a.PercentChange1h, &f.PercentChange1h},
		{"percent_change_24h", a.PercentChange24h, &f.PercentChange24h},
		{"percent_change_7d", a.PercentChange7d, &f.PercentChange7d},
		{"circulating_supply", a.CirculatingSupply, &f.CirculatingSupply},
		{"total_supply", a.TotalSupply, &f.TotalSupply},
		{"max_supply", a.MaxSupply, &f.MaxSupply},
	} {
		if *field.into, reason = amount(field.name, field.text); reason != nil {
			return f, reason
		}
	}
	f.Rank, reason = rank(a.Rank)
	return f, reason
}

// amount reads a number; empty text is null.
func amount(field, text string) (decimal.NullDecimal, *market.Reason) {
	if text == "" {
		return decimal.NullDecimal{}, nil
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.NullDecimal{}, &market.Reason{Code: "bad_number", Field: field, Detail: fmt.Sprintf("%q: it is no decimal number", text)}
	}
	return decimal.NewNullDecimal(d), nil
}

// rank reads a rank; 0 is none.
func rank(text string) (*int32, *market.Reason) {
	d, reason := amount("rank", text)
	if reason != nil || !d.Valid || d.Decimal.IsZero() {
		return nil, reason
	}
	r := int32(d.Decimal.IntPart()) //nolint:gosec // it fits: source.Item.Unfit has looked
	return &r, nil
}
