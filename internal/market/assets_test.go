package market_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// The place of an asset in each order is that of its own figure, and none where it has none.
func TestPlacesOfAssets(t *testing.T) {
	rank := int32(7)
	bare := market.Asset{ID: 4, Name: "Dai"}
	full := market.Asset{ID: 3, Name: "Bitcoin", Rank: &rank, Consensus: &market.Consensus{
		PriceUSD: decimal.RequireFromString("1.50"), SpreadPercent: decimal.RequireFromString("0.25"),
		MarketCapUSD: decimal.NewNullDecimal(decimal.New(9, 12)), PercentChange24h: decimal.NewNullDecimal(decimal.RequireFromString("-3.5")),
	}}
	priced := market.Asset{ID: 5, Consensus: &market.Consensus{PriceUSD: decimal.New(1, 0)}}
	for order, want := range map[market.AssetOrder][3]string{
		market.AssetsByRank:      {`{"r":7,"i":3}`, `{"i":4}`, `{"i":5}`},
		market.AssetsByName:      {`{"n":"Bitcoin","i":3}`, `{"n":"Dai","i":4}`, `{"i":5}`},
		market.AssetsByPrice:     {`{"f":"1.5","i":3}`, `{"i":4}`, `{"f":"1","i":5}`},
		market.AssetsByMarketCap: {`{"f":"9000000000000","i":3}`, `{"i":4}`, `{"i":5}`},
		market.AssetsByGain:      {`{"f":"-3.5","i":3}`, `{"i":4}`, `{"i":5}`},
		market.AssetsByLoss:      {`{"f":"-3.5","i":3}`, `{"i":4}`, `{"i":5}`},
		market.AssetsBySpread:    {`{"f":"0.25","i":3}`, `{"i":4}`, `{"f":"0","i":5}`},
	} {
		scope := market.NewCursorScope("assets", order)
		for i, asset := range []market.Asset{full, bare, priced} {
			key := order.Key(asset)
			text, err := json.Marshal(key)
			require.NoError(t, err)
			require.Equal(t, want[i], string(text), order)
			back, err := market.DecodeCursor[market.AssetKey](scope, market.EncodeCursor(scope, key))
			require.NoError(t, err)
			again, err := json.Marshal(back)
			require.NoError(t, err)
			require.Equal(t, want[i], string(again), order)
		}
	}
}

// A forged cursor must not make anybody write a billion digits.
func TestACursorToAnImpossibleFigureIsBad(t *testing.T) {
	scope := market.NewCursorScope("assets")
	for figure, possible := range map[string]bool{
		"0": true, "-1": true, "123456789012345678901234567890.000000000000000000000000000001": true,
		strings.Repeat("9", 300) + "." + strings.Repeat("9", 300): true,
		"1e1000000000": false, "1e-1000000000": false, "-9e2147483647": false, "1e9": false, "1e99999999999": false,
		"0." + strings.Repeat("0", 2000) + "1": false, strings.Repeat("7", 100_000): false, "NaN": false, "": false,
	} {
		cursor := market.EncodeCursor(scope, map[string]any{"f": figure, "i": 1})
		_, err := market.DecodeCursor[market.AssetKey](scope, cursor)
		if possible {
			require.NoError(t, err, figure)
		} else {
			require.ErrorIs(t, err, market.ErrBadCursor, figure)
		}
	}
}
