package market

import "github.com/shopspring/decimal"

// AssetFilter narrows assets. In each list nil means any, and an empty list matches nothing.
type AssetFilter struct {
	Slugs            []string         // also former ones
	Symbols          []string         // in any case
	Sources          []string         // listed by at least one of them
	Name             string           // a part of the name, in any case; empty means any
	MinSources       int64            // listed by at least so many sources
	MinSpreadPercent *decimal.Decimal // its sources are at least so far apart; nil means any, and no price
}

// AssetOrder is an order over assets; ties go by id in the same direction, and assets without the
// figure come last.
type AssetOrder string

// Orders of assets. Prices and changes are those of the consensus.
const (
	AssetsByRank      AssetOrder = "RANK" // best first
	AssetsByName      AssetOrder = "NAME"
	AssetsByPrice     AssetOrder = "PRICE_DESC"
	AssetsByMarketCap AssetOrder = "MARKET_CAP_DESC"
	AssetsByGain      AssetOrder = "PERCENT_CHANGE_24H_DESC"
	AssetsByLoss      AssetOrder = "PERCENT_CHANGE_24H_ASC"
	AssetsBySpread    AssetOrder = "SPREAD_DESC" // widest first
)

// AssetKey is the place of an asset in an order.
type AssetKey struct {
	Rank   *int32           `json:"r,omitempty"` // set for AssetsByRank where the asset has one
	Name   string           `json:"n,omitempty"` // set for AssetsByName
	Figure *decimal.Decimal `json:"f,omitempty"` // set for the other orders where the asset has the figure
	ID     int64            `json:"i"`
}

// mostDigits is more than any figure has, before its point and behind it.
const mostDigits = 1000

// possible tells whether there can be such a place: a figure is written without an exponent, which could
// make it as long as it likes.
func (k AssetKey) possible() bool {
	f := k.Figure
	return f == nil || f.Exponent() <= 0 && f.Exponent() >= -mostDigits && f.Coefficient().BitLen() <= 8*mostDigits
}

// Key returns the asset's place in the order.
func (o AssetOrder) Key(a Asset) AssetKey {
	switch o {
	case AssetsByRank:
		return AssetKey{Rank: a.Rank, ID: a.ID}
	case AssetsByName:
		return AssetKey{Name: a.Name, ID: a.ID}
	}
	key := AssetKey{ID: a.ID}
	if figure := o.figure(a.Consensus); figure.Valid {
		key.Figure = &figure.Decimal
	}
	return key
}

// figure is what an order by figures goes by.
func (o AssetOrder) figure(c *Consensus) decimal.NullDecimal {
	switch {
	case c == nil:
		return decimal.NullDecimal{}
	case o == AssetsByPrice:
		return decimal.NewNullDecimal(c.PriceUSD)
	case o == AssetsByMarketCap:
		return c.MarketCapUSD
	case o == AssetsBySpread:
		return decimal.NewNullDecimal(c.SpreadPercent)
	}
	return c.PercentChange24h
}
