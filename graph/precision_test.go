package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/graph"
	"github.com/kasparro/kasparro/internal/market"
)

// figure draws a decimal as sources write them, with exponents and zeros wherever they may stand.
var figure = rapid.Custom(func(t *rapid.T) string {
	return rapid.StringMatching(`-?\d{1,30}(\.\d{1,40})?([eE][+-]?[0-3]?\d)?`).Draw(t, "figure")
})

// plain is the one form of a number, worked out from its text alone: no exponent, no zeros that say nothing.
func plain(d decimal.Decimal) string {
	digits := strings.TrimPrefix(d.Coefficient().String(), "-")
	if d.Exponent() >= 0 {
		digits += strings.Repeat("0", int(d.Exponent()))
	} else {
		places := int(-d.Exponent())
		digits = strings.Repeat("0", max(0, places+1-len(digits))) + digits
		digits = strings.TrimRight(digits[:len(digits)-places]+"."+digits[len(digits)-places:], "0")
	}
	digits = strings.TrimSuffix(digits, ".")
	if whole := strings.TrimLeft(digits, "0"); whole == "" || whole[0] == '.' {
		digits = "0" + whole
	} else {
		digits = whole
	}
	if d.IsNegative() {
		return "-" + digits
	}
	return digits
}

// Whatever number is stored comes back as the same number in its one form, from records and from what the executor writes.
func TestFiguresComeBackAsTheyAre(t *testing.T) {
	w := newWorld(t)
	texts := []string{"1e-30", "1e30", "0.000", "-0", "-0.0e5", "1.50", "100", "-12.3400", "1e2", "00012.0", strings.Repeat("9", 90) + "." + strings.Repeat("1", 90)}
	for seed := range 400 {
		texts = append(texts, figure.Example(seed))
	}
	var b market.Batch
	want := map[string]string{}
	for i, text := range texts {
		o := observe(fmt.Sprintf("Coin %03d", i), fmt.Sprintf("C%03d", i), "1", noon)
		d := decimal.RequireFromString(text)
		o.PercentChange24h = decimal.NewNullDecimal(d)
		if d.IsPositive() {
			o.PriceUSD = d
		}
		b.Observations = append(b.Observations, o)
		want[o.ExternalID] = plain(d)
	}
	w.run(t, "coingecko", b, succeeded)
	const query = `{ records(first: 500) { nodes { externalId priceUsd percentChange24h } } }`
	for _, node := range dig(t, w.data(t, query), "records", "nodes").([]any) {
		id := node.(map[string]any)["externalId"].(string)
		require.Equal(t, want[id], node.(map[string]any)["percentChange24h"], id)
		if want[id] != "0" && want[id][0] != '-' {
			require.Equal(t, want[id], node.(map[string]any)["priceUsd"], id)
		}
		delete(want, id)
	}
	require.Empty(t, want, "all were there")
	fast := w.json(t, query)
	w.Handler = graph.NewStockHandler(w.options(w.store))
	require.Equal(t, fast, w.json(t, query))
}
