package market

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// ConsensusSpan is how far behind the newest price of an asset another price may lie and still
// take part in its consensus: a day, so that daily closes count beside live prices while the end
// of an old file does not.
const ConsensusSpan = 24 * time.Hour

// Consensus is what the sources agree on: the median of their latest prices.
type Consensus struct {
	PriceUSD      decimal.Decimal // exact: the mean of the middle two where their number is even
	SpreadPercent decimal.Decimal // (highest - lowest) / median in percent, to 4 decimals
	Sources       int64           // sources that took part
	ObservedAt    time.Time       // of the newest price
}

// ConsensusOf judges records of one asset, in any order. Of each source its newest record takes
// part, if its price is above zero and it is within ConsensusSpan of the newest of them all. It
// returns false where none does.
func ConsensusOf(records []Record) (Consensus, bool) {
	newest := map[string]Record{}
	var at time.Time
	for _, r := range records {
		if !r.PriceUSD.IsPositive() {
			continue
		}
		if seen, ok := newest[r.Source]; !ok || r.ObservedAt.After(seen.ObservedAt) {
			newest[r.Source] = r
		}
		if r.ObservedAt.After(at) {
			at = r.ObservedAt
		}
	}
	var prices []decimal.Decimal
	for _, r := range newest {
		if at.Sub(r.ObservedAt) <= ConsensusSpan {
			prices = append(prices, r.PriceUSD)
		}
	}
	if len(prices) == 0 {
		return Consensus{}, false
	}
	slices.SortFunc(prices, decimal.Decimal.Cmp)
	price := median(prices)
	spread := prices[len(prices)-1].Sub(prices[0])
	return Consensus{
		PriceUSD:      price,
		SpreadPercent: spread.Shift(2).DivRound(price, 4),
		Sources:       int64(len(prices)),
		ObservedAt:    at,
	}, true
}

// median takes at least one value, sorted. Halving by multiplication keeps it exact.
func median(sorted []decimal.Decimal) decimal.Decimal {
	high := sorted[len(sorted)/2]
	low := sorted[(len(sorted)-1)/2]
	return high.Add(low).Mul(decimal.New(5, -1))
}
