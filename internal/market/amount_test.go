package market_test

import (
	"regexp"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/kasparro/kasparro/internal/market"
)

var canonical = regexp.MustCompile(`^(0|-?(0|[1-9]\d*)\.\d*[1-9]|-?[1-9]\d*)$`)

// Whatever numeric gives out, its amount is the same number in its one form.
func TestAmountsAreCanonical(t *testing.T) {
	numeric := rapid.StringMatching(`-?(0|[1-9]\d{0,40})(\.\d{1,60})?`)
	rapid.Check(t, func(t *rapid.T) {
		text := numeric.Draw(t, "numeric")
		a := market.NewAmount(text)
		require.Regexp(t, canonical, a.String(), text)
		require.True(t, decimal.RequireFromString(text).Equal(decimal.RequireFromString(a.String())), "%s: %s", text, a)
		require.Equal(t, a, market.NewAmount(a.String()))
	})
	for text, want := range map[string]string{
		"": "", "0": "0", "0.000": "0", "-0": "0", "-0.00": "0", "100": "100", "100.00": "100", "1.50": "1.5", "-12.3400": "-12.34", "-0.10": "-0.1",
		"0.000000000000000000000000000001": "0.000000000000000000000000000001", "1000000000000000000000000000000": "1000000000000000000000000000000",
	} {
		require.Equal(t, want, market.NewAmount(text).String())
	}
}
