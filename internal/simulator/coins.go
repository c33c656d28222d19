package simulator

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// table holds the real coins, by falling market cap. An empty id means that
// the source does not have the coin; an empty figure, that it is not known.
//
//go:embed coins.csv
var table string

// coin is one row of the table: what does not change about a coin.
type coin struct {
	index       int // position in the table, which is by falling market cap
	geckoID     string
	paprikaID   string
	gecko       naming
	paprika     naming
	kind        string  // coin or token
	leader      *coin   // the coin whose price this one follows, or nil
	calm        bool    // tied to a currency or to gold
	price       float64 // USD, the middle of its walk
	volume      float64 // USD a day
	circulating float64 // the supplies are 0 where unknown
	total       float64
	max         float64
	ath, atl    extreme
	sale        float64 // price at its first sale, 0 if there was none
	saleUnit    string  // btc, eth or usd
	beta        float64
}

// naming is what one source calls a coin.
type naming struct{ symbol, name string }

// extreme is a highest or lowest price; its price is 0 where unknown.
type extreme struct {
	price float64
	at    time.Time
}

// loadCoins reads the embedded table.
func loadCoins() []*coin {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("simulator: coins.csv: %v", err))
	}
	rows = rows[1:]
	coins := make([]*coin, len(rows))
	byID := make(map[string]*coin, len(rows))
	for i, row := range rows {
		coins[i] = parseCoin(i, row)
		byID[coins[i].geckoID] = coins[i]
	}
	for i, row := range rows {
		if row[7] != "" {
			coins[i].leader = byID[row[7]]
		}
	}
	return coins
}

func parseCoin(i int, row []string) *coin {
	c := &coin{
		index: i, geckoID: row[0], paprikaID: row[1],
		gecko:   naming{strings.ToLower(row[2]), row[3]},
		paprika: naming{row[2], row[3]},
		kind:    row[6], calm: row[7] == "usd", saleUnit: row[18],
		ath: extreme{at: instant(i, row[14])}, atl: extreme{at: instant(i, row[16])},
	}
	if row[4] != "" {
		c.paprika.symbol = row[4]
	}
	if row[5] != "" {
		c.paprika.name = row[5]
	}
	for column, into := range map[int]*float64{
		8: &c.price, 9: &c.volume, 10: &c.circulating, 11: &c.total, 12: &c.max,
		13: &c.ath.price, 15: &c.atl.price, 17: &c.sale, 19: &c.beta,
	} {
		*into = figure(i, row[column])
	}
	return c
}

func figure(row int, text string) float64 {
	if text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(v, 0) {
		panic(fmt.Sprintf("simulator: coins.csv: row %d: %q is not a number", row, text))
	}
	return v
}

func instant(row int, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(fmt.Sprintf("simulator: coins.csv: row %d: %v", row, err))
	}
	return t
}

// firstSeen is the day from which the sources know prices of the coin.
func (c *coin) firstSeen() time.Time {
	first := c.atl.at
	if c.ath.price > 0 && c.ath.at.Before(first) {
		first = c.ath.at
	}
	return first.Truncate(24*time.Hour).AddDate(0, 0, -1-c.index%90)
}
