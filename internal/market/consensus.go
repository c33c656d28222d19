package market

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// DefaultConsensusAge is how old a price may be and still take part in a consensus, unless another
// age is set: a day, so that daily closes count beside live prices while the end of an old file does not.
const DefaultConsensusAge = 24 * time.Hour

// Quote is the newest that one listing of an asset was seen at.
type Quote struct {
	Source           string
	ObservedAt       time.Time
	PriceUSD         decimal.Decimal
	MarketCapUSD     decimal.NullDecimal
	PercentChange24h decimal.NullDecimal
}

// Consensus is what the sources agree on: the medians of their latest figures. A median is exact: the
// mean of the middle two where their number is even.
type Consensus struct {
	PriceUSD         decimal.Decimal
	SpreadPercent    decimal.Decimal     // (highest price - lowest) / median in percent, to 4 decimals
	MarketCapUSD     decimal.NullDecimal // of those sources that took part and gave one
	PercentChange24h decimal.NullDecimal // of those sources that took part and gave one
	Sources          int64               // sources that took part
	ObservedAt       time.Time           // of the newest price
}

// ConsensusOf judges the quotes of one asset, in any order. Of each source its newest quote takes part,
// if its price is above zero and no older than since. It returns nil where none does.
func ConsensusOf(quotes []Quote, since time.Time) *Consensus {
	newest := make([]Quote, 0, len(quotes))
	for _, q := range quotes {
		if !q.PriceUSD.IsPositive() || q.ObservedAt.Before(since) {
			continue
		}
		i := slices.IndexFunc(newest, func(n Quote) bool { return n.Source == q.Source })
		switch {
		case i < 0:
			newest = append(newest, q)
		case q.ObservedAt.After(newest[i].ObservedAt):
			newest[i] = q
		}
	}
	if len(newest) == 0 {
		return nil
	}
	c := &Consensus{Sources: int64(len(newest))}
	prices := make([]decimal.Decimal, len(newest))
	for i, q := range newest {
		prices[i] = q.PriceUSD
		if q.ObservedAt.After(c.ObservedAt) {
			c.ObservedAt = q.ObservedAt
		}
	}
	c.PriceUSD = median(prices) // and they are sorted behind it
	c.SpreadPercent = prices[len(prices)-1].Sub(prices[0]).Shift(2).DivRound(c.PriceUSD, 4)
	c.MarketCapUSD = medianOf(newest, func(q Quote) decimal.NullDecimal { return q.MarketCapUSD })
	c.PercentChange24h = medianOf(newest, func(q Quote) decimal.NullDecimal { return q.PercentChange24h })
	return c
}

// medianOf is the median of a figure that not every source gives.
func medianOf(quotes []Quote, figure func(Quote) decimal.NullDecimal) decimal.NullDecimal {
	var values []decimal.Decimal
	for _, q := range quotes {
		if v := figure(q); v.Valid {
			values = append(values, v.Decimal)
		}
	}
	if len(values) == 0 {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(median(values))
}

// median takes at least one value, and sorts them. Halving by multiplication keeps it exact.
func median(values []decimal.Decimal) decimal.Decimal {
	slices.SortFunc(values, decimal.Decimal.Cmp)
	high := values[len(values)/2]
	low := values[(len(values)-1)/2]
	return high.Add(low).Mul(decimal.New(5, -1))
}
