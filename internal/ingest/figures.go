package ingest

import (
	"fmt"
	"math"

	"github.com/shopspring/decimal"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// Figures of the market have at most some forty digits. What goes beyond these bounds is garbage
// that would cost the store dearly: 1e100000 is eight characters here and 100 kB there.
const (
	maxNumberText = 256
	maxExponent   = 128
)

// readFigures reads the amounts of an item as exact decimals.
func readFigures(a source.Amounts) (market.Figures, *market.Reason) {
	var f market.Figures
	if a.Price == "" {
		return f, &market.Reason{Code: "missing_price", Field: "price_usd", Detail: "the source gives no price"}
	}
	price, reason := amount("price_usd", a.Price, true)
	if reason != nil {
		return f, reason
	}
	f.PriceUSD = price.Decimal
	for _, field := range []struct {
		name     string
		text     string
		positive bool
		into     *decimal.NullDecimal
	}{
		{"open_usd", a.Open, true, &f.OpenUSD},
		{"high_usd", a.High, true, &f.HighUSD},
		{"low_usd", a.Low, true, &f.LowUSD},
		{"market_cap_usd", a.MarketCap, true, &f.MarketCapUSD},
		{"volume_24h_usd", a.Volume24h, true, &f.Volume24hUSD},
		{"percent_change_1h", a.PercentChange1h, false, &f.PercentChange1h},
		{"percent_change_24h", a.PercentChange24h, false, &f.PercentChange24h},
		{"percent_change_7d", a.PercentChange7d, false, &f.PercentChange7d},
		{"circulating_supply", a.CirculatingSupply, true, &f.CirculatingSupply},
		{"total_supply", a.TotalSupply, true, &f.TotalSupply},
		{"max_supply", a.MaxSupply, true, &f.MaxSupply},
	} {
		if *field.into, reason = amount(field.name, field.text, field.positive); reason != nil {
			return f, reason
		}
	}
	f.Rank, reason = rank(a.Rank)
	return f, reason
}

// amount reads a number; empty text is null. One that cannot be negative by its meaning is refused
// if it is.
func amount(field, text string, positive bool) (decimal.NullDecimal, *market.Reason) {
	if text == "" {
		return decimal.NullDecimal{}, nil
	}
	if len(text) > maxNumberText {
		return decimal.NullDecimal{}, reject("out_of_range", field, text, "it is longer than any market figure")
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.NullDecimal{}, reject("bad_number", field, text, "it is no decimal number")
	}
	if top := int64(d.Exponent()) + int64(d.NumDigits()); top > maxExponent || d.Exponent() < -maxExponent {
		return decimal.NullDecimal{}, reject("out_of_range", field, text, "it is larger or finer than any market figure")
	}
	if positive && d.IsNegative() {
		return decimal.NullDecimal{}, reject("negative_amount", field, text, "it cannot be negative")
	}
	return decimal.NewNullDecimal(d), nil
}

func rank(text string) (*int32, *market.Reason) {
	d, reason := amount("rank", text, true)
	if reason != nil || !d.Valid || d.Decimal.IsZero() {
		return nil, reason
	}
	if !d.Decimal.IsInteger() || d.Decimal.GreaterThan(decimal.NewFromInt(math.MaxInt32)) {
		return nil, reject("bad_number", "rank", text, "a rank is a whole number")
	}
	r := int32(d.Decimal.IntPart())
	return &r, nil
}

func reject(code, field, text, why string) *market.Reason {
	if len(text) > 80 {
		text = text[:80] + "..."
	}
	return &market.Reason{Code: code, Field: field, Detail: fmt.Sprintf("%q: %s", text, why)}
}
