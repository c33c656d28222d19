package market_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

var consensusNoon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func quote(source, price string, age time.Duration) market.Quote {
	return market.Quote{Source: source, ObservedAt: consensusNoon.Add(-age), PriceUSD: decimal.RequireFromString(price)}
}

// figures gives a quote a market cap and a change; an empty text gives none.
func figures(q market.Quote, marketCap, change string) market.Quote {
	if marketCap != "" {
		q.MarketCapUSD = decimal.NewNullDecimal(decimal.RequireFromString(marketCap))
	}
	if change != "" {
		q.PercentChange24h = decimal.NewNullDecimal(decimal.RequireFromString(change))
	}
	return q
}

func TestConsensusOf(t *testing.T) {
	const day, late = 24 * time.Hour, 24*time.Hour + time.Microsecond
	for name, c := range map[string]struct {
		quotes        []market.Quote
		price, spread string
		sources       int64
	}{
		"none":                {nil, "", "", 0},
		"no price":            {[]market.Quote{quote("a", "0", 0), quote("b", "-1", 0)}, "", "", 0},
		"one source":          {[]market.Quote{quote("a", "3", 0)}, "3", "0", 1},
		"odd":                 {[]market.Quote{quote("a", "3", 0), quote("b", "1", time.Hour), quote("c", "2", 0)}, "2", "100", 3},
		"even":                {[]market.Quote{quote("a", "1", 0), quote("b", "2", 0)}, "1.5", "66.6667", 2},
		"to the digit":        {[]market.Quote{quote("a", "0.00000000000000000000000000001", 0), quote("b", "0.00000000000000000000000000002", 0)}, "0.000000000000000000000000000015", "66.6667", 2},
		"newest of each":      {[]market.Quote{quote("a", "9", time.Hour), quote("a", "3", 0), quote("a", "8", 2*time.Hour)}, "3", "0", 1},
		"as old as may be":    {[]market.Quote{quote("a", "1", 0), quote("b", "3", day)}, "2", "100", 2},
		"older":               {[]market.Quote{quote("a", "1", 0), quote("b", "3", late)}, "1", "0", 1},
		"all too old":         {[]market.Quote{quote("a", "1", late), quote("b", "3", 50000*time.Hour)}, "", "", 0},
		"a zero is no say":    {[]market.Quote{quote("a", "0", 0), quote("b", "3", time.Hour)}, "3", "0", 1},
		"a zero hides none":   {[]market.Quote{quote("a", "0", 0), quote("a", "3", time.Hour)}, "3", "0", 1},
		"later than is asked": {[]market.Quote{quote("a", "1", -50000*time.Hour)}, "1", "0", 1},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				got := market.ConsensusOf(c.quotes, consensusNoon.Add(-day))
				require.Equal(t, c.sources > 0, got != nil)
				if got != nil {
					require.Equal(t, c.price, got.PriceUSD.String())
					require.Equal(t, c.spread, got.SpreadPercent.String())
					require.Equal(t, c.sources, got.Sources)
				}
				slices.Reverse(c.quotes)
			}
		})
	}
}

// Market caps and changes are the medians of those that took part and gave one; a source that gives none
// has no say in them, and neither has one whose price is too old or missing.
func TestConsensusOnWhatNotAllGive(t *testing.T) {
	given := func(source, price, marketCap, change string, age time.Duration) market.Quote {
		return figures(quote(source, price, age), marketCap, change)
	}
	for name, c := range map[string]struct {
		quotes            []market.Quote
		marketCap, change string
	}{
		"nobody":              {[]market.Quote{given("a", "1", "", "", 0), given("b", "1", "", "", 0)}, "", ""},
		"one of three":        {[]market.Quote{given("a", "1", "", "", 0), given("b", "2", "70", "-4.25", 0), given("c", "3", "", "", 0)}, "70", "-4.25"},
		"even":                {[]market.Quote{given("a", "1", "10", "-1", 0), given("b", "2", "15", "2", 0)}, "12.5", "0.5"},
		"odd, not as priced":  {[]market.Quote{given("a", "1", "9", "0", 0), given("b", "2", "7", "3", 0), given("c", "3", "8", "-3", 0)}, "8", "0"},
		"too old":             {[]market.Quote{given("a", "1", "10", "1", 0), given("b", "1", "90", "9", 3*time.Hour)}, "10", "1"},
		"no price":            {[]market.Quote{given("a", "1", "10", "1", 0), given("b", "0", "90", "9", 0)}, "10", "1"},
		"older of its source": {[]market.Quote{given("a", "1", "", "1", 0), given("a", "1", "90", "9", time.Hour)}, "", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				got := market.ConsensusOf(c.quotes, consensusNoon.Add(-2*time.Hour))
				require.NotNil(t, got)
				requireFigure(t, c.marketCap, got.MarketCapUSD)
				requireFigure(t, c.change, got.PercentChange24h)
				slices.Reverse(c.quotes)
			}
		})
	}
}

func requireFigure(t *testing.T, want string, got decimal.NullDecimal) {
	t.Helper()
	require.Equal(t, want != "", got.Valid)
	if got.Valid {
		require.Equal(t, want, got.Decimal.String())
	}
}

func TestConsensusIsAsOfTheNewestPrice(t *testing.T) {
	quotes := []market.Quote{quote("a", "1", time.Hour), quote("b", "1", 0), quote("c", "0", -time.Hour), quote("d", "1", 2*time.Hour)}
	before := slices.Clone(quotes)
	got := market.ConsensusOf(quotes, consensusNoon.Add(-24*time.Hour))
	require.Equal(t, consensusNoon, got.ObservedAt)
	require.Equal(t, before, quotes, "what was given stays as it was")
}
