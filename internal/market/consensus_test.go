package market_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

func TestConsensusOf(t *testing.T) {
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	record := func(source, price string, age time.Duration) market.Record {
		return market.Record{
			RecordKey: market.RecordKey{ObservedAt: noon.Add(-age)}, Source: source,
			Figures: market.Figures{PriceUSD: decimal.RequireFromString(price)},
		}
	}
	for name, c := range map[string]struct {
		records       []market.Record
		price, spread string
		sources       int64
	}{
		"none":             {nil, "", "", 0},
		"no price":         {[]market.Record{record("a", "0", 0), record("b", "-1", 0)}, "", "", 0},
		"one source":       {[]market.Record{record("a", "3", 0)}, "3", "0", 1},
		"odd":              {[]market.Record{record("a", "3", 0), record("b", "1", time.Hour), record("c", "2", 0)}, "2", "100", 3},
		"even":             {[]market.Record{record("a", "1", 0), record("b", "2", 0)}, "1.5", "66.6667", 2},
		"to the digit":     {[]market.Record{record("a", "0.00000000000000000000000000001", 0), record("b", "0.00000000000000000000000000002", 0)}, "0.000000000000000000000000000015", "66.6667", 2},
		"newest of each":   {[]market.Record{record("a", "9", time.Hour), record("a", "3", 0), record("a", "8", 2*time.Hour)}, "3", "0", 1},
		"a day old":        {[]market.Record{record("a", "1", 0), record("b", "3", 24*time.Hour)}, "2", "100", 2},
		"more than a day":  {[]market.Record{record("a", "1", 0), record("b", "3", 24*time.Hour+time.Microsecond)}, "1", "0", 1},
		"all years old":    {[]market.Record{record("a", "1", 50000*time.Hour)}, "1", "0", 1},
		"a zero is no say": {[]market.Record{record("a", "0", 0), record("b", "3", 48*time.Hour)}, "3", "0", 1},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				got, ok := market.ConsensusOf(c.records)
				require.Equal(t, c.sources > 0, ok)
				if ok {
					require.Equal(t, c.price, got.PriceUSD.String())
					require.Equal(t, c.spread, got.SpreadPercent.String())
					require.Equal(t, c.sources, got.Sources)
				}
				slices.Reverse(c.records)
			}
		})
	}
	got, _ := market.ConsensusOf([]market.Record{record("a", "1", time.Hour), record("b", "1", 0)})
	require.Equal(t, noon, got.ObservedAt)
}
