package simulator

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// geckoRow is a row of /coins/markets, in the real order of fields.
type geckoRow struct {
	ID                       string `json:"id"`
	Symbol                   string `json:"symbol"`
	Name                     string `json:"name"`
	Image                    string `json:"image"`
	CurrentPrice             raw    `json:"current_price"`
	MarketCap                raw    `json:"market_cap"`
	MarketCapRank            raw    `json:"market_cap_rank"`
	FullyDilutedValuation    raw    `json:"fully_diluted_valuation"`
	TotalVolume              raw    `json:"total_volume"`
	High24h                  raw    `json:"high_24h"`
	Low24h                   raw    `json:"low_24h"`
	PriceChange24h           raw    `json:"price_change_24h"`
	PriceChangePercentage24h raw    `json:"price_change_percentage_24h"`
	MarketCapChange24h       raw    `json:"market_cap_change_24h"`
	MarketCapChangePercent   raw    `json:"market_cap_change_percentage_24h"`
	CirculatingSupply        raw    `json:"circulating_supply"`
	TotalSupply              raw    `json:"total_supply"`
	MaxSupply                raw    `json:"max_supply"`
	Ath                      raw    `json:"ath"`
	AthChangePercentage      raw    `json:"ath_change_percentage"`
	AthDate                  raw    `json:"ath_date"`
	Atl                      raw    `json:"atl"`
	AtlChangePercentage      raw    `json:"atl_change_percentage"`
	AtlDate                  raw    `json:"atl_date"`
	Roi                      *roi   `json:"roi"`
	LastUpdated              string `json:"last_updated"`
}

type roi struct {
	Times      raw    `json:"times"`
	Currency   string `json:"currency"`
	Percentage raw    `json:"percentage"`
}

// geckoWindows are the changes that can be asked for, in the order in which
// they are sent.
var geckoWindows = []struct {
	name string
	back time.Duration
}{
	{"14d", 14 * day}, {"1h", time.Hour}, {"1y", 365 * day}, {"200d", 200 * day},
	{"24h", day}, {"30d", 30 * day}, {"7d", 7 * day},
}

// geckoRow is the coin as CoinGecko saw it at seen; rank 0 is none.
func (m *market) geckoRow(c *coin, seen time.Time, rank int) []byte {
	price, supply := m.price(c, byGecko, seen), c.circulating
	row := geckoRow{
		ID: c.geckoID, Symbol: c.gecko.symbol, Name: c.gecko.name, Image: m.image(c),
		CurrentPrice: money(price), MarketCap: money(m.marketCap(c, byGecko, seen)),
		FullyDilutedValuation: known(price*c.max, money), TotalVolume: money(m.volume(c, byGecko, seen)),
		CirculatingSupply: ruby(supply), TotalSupply: known(c.total, ruby), MaxSupply: known(c.max, ruby),
		Roi: m.roi(c, price, seen), LastUpdated: millis(seen),
	}
	if rank > 0 {
		row.MarketCapRank = raw(strconv.Itoa(rank))
	}
	if c.ath.price > 0 {
		row.Ath, row.AthDate = money(c.ath.price), raw(strconv.Quote(millis(c.ath.at)))
		row.AthChangePercentage = percent(100 * (price/c.ath.price - 1))
	}
	row.Atl, row.AtlDate = money(c.atl.price), raw(strconv.Quote(millis(c.atl.at)))
	row.AtlChangePercentage = percent(100 * (price/c.atl.price - 1))
	if !m.quiet(c) {
		m.fillDay(&row, c, seen)
	}
	return mustMarshal(row)
}

// fillDay sets what is compared with the day before.
func (m *market) fillDay(row *geckoRow, c *coin, seen time.Time) {
	price, before := m.price(c, byGecko, seen), m.price(c, byGecko, seen.Add(-day))
	high, low := max(price, before), min(price, before)
	for hour := 1; hour < 24; hour++ {
		p := m.price(c, byGecko, floor(seen, time.Hour).Add(-time.Duration(hour-1)*time.Hour))
		high, low = max(high, p), min(low, p)
	}
	row.High24h, row.Low24h = money(high), money(low)
	row.PriceChange24h, row.PriceChangePercentage24h = money(price-before), percent(100*(price/before-1))
	cap, capBefore := m.marketCap(c, byGecko, seen), m.marketCap(c, byGecko, seen.Add(-day))
	row.MarketCapChange24h, row.MarketCapChangePercent = money(cap-capBefore), percent(0)
	if capBefore > 0 {
		row.MarketCapChangePercent = percent(100 * (cap/capBefore - 1))
	}
}

// quiet says that nobody trades the coin enough for a change to be told.
func (m *market) quiet(c *coin) bool { return c.circulating == 0 && m.trait(c, traitQuiet) < 0.3 }

// roi is what a buyer at the first sale has made, counted in its currency.
func (m *market) roi(c *coin, price float64, at time.Time) *roi {
	if c.sale == 0 {
		return nil
	}
	unit := 1.0
	if u := m.units[c.saleUnit]; u != nil {
		unit = m.price(u, byGecko, at)
	}
	times := price/unit/c.sale - 1
	return &roi{Times: ruby(times), Currency: c.saleUnit, Percentage: ruby(100 * times)}
}

// geckoChange is a change in percent, null where the coin was not yet known.
func (m *market) geckoChange(c *coin, seen time.Time, back time.Duration) raw {
	if seen.Add(-back).Before(c.firstSeen()) || m.quiet(c) || (c.circulating == 0 && back > 90*day) {
		return ""
	}
	return ruby(m.change(c, byGecko, seen, back))
}

func (m *market) image(c *coin) string {
	number := 1 + int(m.trait(c, traitImage)*38000)
	return fmt.Sprintf("https://assets.coingecko.com/coins/images/%d/large/%s.png?%d",
		number, c.gecko.symbol, 1547033579+number*4000)
}

// mustMarshal is for values of our own making, which always have a JSON form.
func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("simulator: %T: %v", v, err))
	}
	return text
}
