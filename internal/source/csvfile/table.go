package csvfile

import (
	"fmt"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// table makes items of the rows of one file.
type table struct {
	header  header
	coins   coins
	dates   dateOrder
	payload payloadWriter
}

// amountColumns says where each figure goes.
var amountColumns = []struct {
	column int
	field  func(*source.Amounts) *string
}{
	{colPrice, func(a *source.Amounts) *string { return &a.Price }},
	{colOpen, func(a *source.Amounts) *string { return &a.Open }},
	{colHigh, func(a *source.Amounts) *string { return &a.High }},
	{colLow, func(a *source.Amounts) *string { return &a.Low }},
	{colMarketCap, func(a *source.Amounts) *string { return &a.MarketCap }},
	{colVolume, func(a *source.Amounts) *string { return &a.Volume24h }},
	{colChange1h, func(a *source.Amounts) *string { return &a.PercentChange1h }},
	{colChange24h, func(a *source.Amounts) *string { return &a.PercentChange24h }},
	{colChange7d, func(a *source.Amounts) *string { return &a.PercentChange7d }},
	{colRank, func(a *source.Amounts) *string { return &a.Rank }},
	{colCirculating, func(a *source.Amounts) *string { return &a.CirculatingSupply }},
	{colTotal, func(a *source.Amounts) *string { return &a.TotalSupply }},
	{colMax, func(a *source.Amounts) *string { return &a.MaxSupply }},
}

func newTable(file string, h header, c coins, dates dateOrder) *table {
	return &table{header: h, coins: c, dates: dates, payload: newPayloadWriter(file, h, dates)}
}

// item reads a row and writes it down.
func (t *table) item(r row) source.Item {
	item := t.read(r)
	if r.code != "" {
		item.Payload = t.payload.unread(r)
	} else {
		item.Payload = t.payload.row(r.cells)
	}
	return item
}

// read reads a row. It uses nothing but the file's name, the header, its delimiter and the order of its
// dates, all of which can be told from the payload too.
func (t *table) read(r row) source.Item {
	if r.code != "" {
		return source.Item{ExternalID: t.coins.whole.externalID, Symbol: t.coins.whole.symbol, Name: t.coins.whole.name,
			Problem: &market.Reason{Code: r.code, Detail: r.trouble}}
	}
	id, problem := t.coins.of(r.cells)
	item := source.Item{ExternalID: id.externalID, Symbol: id.symbol, Name: id.name}
	if c := t.header.column[colContract]; c >= 0 {
		if address := source.Contract(r.cells[c]); address != "" {
			item.Contracts = []string{address}
		}
	}
	for _, found := range []*market.Reason{problem, t.readTime(r.cells, &item), t.readAmounts(r.cells, &item)} {
		if item.Problem == nil {
			item.Problem = found
		}
	}
	return item
}

func (t *table) readTime(cells []string, item *source.Item) *market.Reason {
	i := t.header.column[colTime]
	text := cells[i]
	if c := t.header.clock; c >= 0 && !isNothing(cells[c]) && !tellsTime(text) {
		text = strings.TrimSpace(text) + " " + strings.TrimSpace(cells[c])
	}
	observed, err := parseTime(text, t.dates)
	if err != nil {
		return &market.Reason{Code: "bad_time", Field: t.header.names[i], Detail: fmt.Sprintf("%q %s", brief(text), err)}
	}
	item.ObservedAt = observed
	return nil
}

// tellsTime tells whether a date says the time of day as well: by a clock, or as unix seconds, which
// have more digits than a date has.
func tellsTime(date string) bool {
	date = strings.TrimSpace(date)
	return strings.Contains(date, ":") || countDigits(date) > len("20060102")
}

// readAmounts reads what figures it can and returns the first that it cannot.
func (t *table) readAmounts(cells []string, item *source.Item) (problem *market.Reason) {
	for _, a := range amountColumns {
		i := t.header.column[a.column]
		if i < 0 {
			continue
		}
		text, ok := amount(cells[i], t.header.delimiter != ',')
		*a.field(&item.Amounts) = text
		if !ok && problem == nil {
			problem = &market.Reason{Code: "bad_number", Field: t.header.names[i],
				Detail: fmt.Sprintf("%q is no number: %s", brief(cells[i]), numberForm(cells[i]))}
		}
	}
	return problem
}

// brief is the beginning of a cell, for people to find it.
func brief(cell string) string {
	const most = 80
	if len(cell) <= most {
		return cell
	}
	return strings.ToValidUTF8(cell[:most], "") + "..."
}

func numberForm(cell string) string {
	if strings.Contains(cell, ",") {
		return "write 1234.56 or 1,234.56, with a point before the fraction"
	}
	return "write it like 1234.56"
}
