package simulator

import "time"

// paprikaRow is a row of /tickers on the free plan, in the real order of
// fields. 0 stands for unknown in the supplies and the market cap.
type paprikaRow struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Symbol      string        `json:"symbol"`
	Rank        int           `json:"rank"`
	TotalSupply int64         `json:"total_supply"`
	MaxSupply   int64         `json:"max_supply"`
	BetaValue   float64       `json:"beta_value"`
	FirstDataAt string        `json:"first_data_at"`
	LastUpdated string        `json:"last_updated"`
	Quotes      paprikaQuotes `json:"quotes"`
}

type paprikaQuotes struct {
	USD paprikaQuote `json:"USD"`
}

type paprikaQuote struct {
	Price               float64 `json:"price"`
	Volume24h           float64 `json:"volume_24h"`
	Volume24hChange24h  float64 `json:"volume_24h_change_24h"`
	MarketCap           int64   `json:"market_cap"`
	MarketCapChange24h  float64 `json:"market_cap_change_24h"`
	PercentChange15m    float64 `json:"percent_change_15m"`
	PercentChange30m    float64 `json:"percent_change_30m"`
	PercentChange1h     float64 `json:"percent_change_1h"`
	PercentChange6h     float64 `json:"percent_change_6h"`
	PercentChange12h    float64 `json:"percent_change_12h"`
	PercentChange24h    float64 `json:"percent_change_24h"`
	PercentChange7d     float64 `json:"percent_change_7d"`
	PercentChange30d    float64 `json:"percent_change_30d"` // the free plan sends 0
	PercentChange1y     float64 `json:"percent_change_1y"`  // the free plan sends 0
	AthPrice            float64 `json:"ath_price"`
	AthDate             string  `json:"ath_date"`
	PercentFromPriceAth float64 `json:"percent_from_price_ath"`
}

// paprikaRow is the coin as CoinPaprika saw it at seen.
func (m *market) paprikaRow(c *coin, seen time.Time, rank int) []byte {
	return mustMarshal(paprikaRow{
		ID: c.paprikaID, Name: c.paprika.name, Symbol: c.paprika.symbol, Rank: rank,
		TotalSupply: int64(c.total), MaxSupply: int64(c.max), BetaValue: m.beta(c),
		FirstDataAt: seconds(c.firstSeen()), LastUpdated: seconds(seen),
		Quotes: paprikaQuotes{USD: m.paprikaQuote(c, seen)},
	})
}

func (m *market) paprikaQuote(c *coin, seen time.Time) paprikaQuote {
	change := func(back time.Duration) float64 { return coarse(m.change(c, byPaprika, seen, back)) }
	price, volume := m.price(c, byPaprika, seen), m.volume(c, byPaprika, seen)
	q := paprikaQuote{
		Price: paprikaPrice(price), Volume24h: volume,
		Volume24hChange24h: coarse(100 * (volume/m.volume(c, byPaprika, seen.Add(-day)) - 1)),
		MarketCap:          int64(m.marketCap(c, byPaprika, seen)),
		PercentChange15m:   change(15 * time.Minute), PercentChange30m: change(30 * time.Minute),
		PercentChange1h: change(time.Hour), PercentChange6h: change(6 * time.Hour),
		PercentChange12h: change(12 * time.Hour), PercentChange24h: change(day), PercentChange7d: change(7 * day),
	}
	if before := m.marketCap(c, byPaprika, seen.Add(-day)); before > 0 {
		q.MarketCapChange24h = coarse(100 * (m.marketCap(c, byPaprika, seen)/before - 1))
	}
	if c.ath.price > 0 {
		q.AthPrice, q.AthDate = c.ath.price, seconds(c.ath.at)
		q.PercentFromPriceAth = round(100*(price/c.ath.price-1), 2)
	}
	return q
}

// beta is how strongly the coin follows the market, from the table or made up.
func (m *market) beta(c *coin) float64 {
	if c.beta != 0 || c.calm {
		return c.beta
	}
	return round(0.4+1.2*m.trait(c, traitBeta), 6)
}
