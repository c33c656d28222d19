package csvfile

import (
	"strings"

	"github.com/kasparro/kasparro/internal/market"
)

// identity is the coin that a row is about.
type identity struct{ externalID, symbol, name string }

func withSymbol(symbol string) identity { return identity{externalID: symbol, symbol: symbol} }

func named(name string) identity { return identity{externalID: name, name: name} }

// coins tells of each row which coin it is about.
type coins struct {
	header header
	whole  identity // of all rows, where no column tells
}

// readCoins decides where the coin is named: in columns or else in the name of the file.
func readCoins(file string, h header) (coins, error) {
	c := coins{header: h}
	if h.has(colSlug) || h.has(colSymbol) || h.has(colName) {
		return c, nil
	}
	id, quote := fromFileName(file)
	switch {
	case quote != "" && quote != usd:
		return c, refuse(file, h.names, "not_us_dollars", "", "its name says that its prices are in "+quote+
			", and only US dollars are read: convert them, and name the file after the coin or give it a symbol column")
	case id == identity{}:
		return c, refuse(file, h.names, "missing_identity", "symbol", "neither a column nor its name tells which "+
			"coin it is about: add a column named symbol, name or slug, or name the file like BTC-USD.csv")
	}
	c.whole = id
	return c, nil
}

// of returns the coin of a row, and what is wrong with it or nil.
func (c coins) of(cells []string) (identity, *market.Reason) {
	if quote := c.cell(cells, colQuote); quote != "" && !strings.EqualFold(quote, usd) {
		return identity{}, c.notDollars(colQuote, quote)
	}
	if c.whole != (identity{}) {
		return c.whole, nil
	}
	// Lists of coins have names; only without those a symbol may be a joined pair.
	lists := c.header.has(colSlug) || c.header.has(colName)
	base, quote := splitPair(c.cell(cells, colSymbol), !lists)
	id := identity{symbol: base, name: c.cell(cells, colName)}
	for _, known := range []string{c.cell(cells, colSlug), id.symbol, id.name} {
		if id.externalID == "" {
			id.externalID = known
		}
	}
	switch {
	case quote != "" && quote != usd:
		return id, c.notDollars(colSymbol, quote)
	case id.externalID == "":
		return id, &market.Reason{Code: "missing_identity", Field: c.heading(colSlug, colSymbol, colName),
			Detail: "the row does not name its coin: a slug, a symbol or a name is needed"}
	}
	return id, nil
}

func (c coins) notDollars(column int, quote string) *market.Reason {
	return &market.Reason{Code: "not_us_dollars", Field: c.heading(column),
		Detail: "the price is in " + brief(quote) + ", and only US dollars are read"}
}

// cell returns what a column says, empty where the file does not have it or it says nothing.
func (c coins) cell(cells []string, column int) string {
	if !c.header.has(column) {
		return ""
	}
	text := strings.TrimSpace(cells[c.header.column[column]])
	if text == "-" || strings.EqualFold(text, "null") {
		return ""
	}
	return text
}

// heading returns the first of the columns by the name that the file gives it.
func (c coins) heading(columns ...int) string {
	for _, column := range columns {
		if c.header.has(column) {
			return c.header.names[c.header.column[column]]
		}
	}
	return ""
}
