package csvfile

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Columns that have a meaning here.
const (
	colTime = iota
	colSlug
	colSymbol
	colName
	colQuote
	colPrice
	colOpen
	colHigh
	colLow
	colMarketCap
	colVolume
	colChange1h
	colChange24h
	colChange7d
	colRank
	colCirculating
	colTotal
	colMax
	columns
)

// headings are the names under which exporters write each column, as normalHeading makes them.
// Of several in one file the first one here is taken: unix seconds before a date without a zone.
var headings = [columns][]string{
	colTime: {"unix", "unixtime", "unixtimestamp", "timestamp", "snappedat", "tradedate", "datetime", "date",
		"observedat", "lastupdated", "time", "day", "closetime", "timeclose", "opentime", "timeopen"},
	colSlug:   {"slug", "coinid", "assetid"},
	colSymbol: {"symbol", "ticker"},
	colName:   {"name", "coinname", "cryptoname", "currencyname", "coin", "cryptocurrency", "asset"},
	colQuote:  {"quote", "quotecurrency", "quoteasset", "vscurrency", "currency"},
	colPrice: {"close", "closeprice", "closeusd", "closepriceusd", "closingprice", "closingpriceusd", "price",
		"priceusd", "currentprice", "lastprice", "last"},
	colOpen:        {"open", "openprice", "openusd", "24hopenusd"},
	colHigh:        {"high", "highprice", "highusd", "high24h", "24hhighusd"},
	colLow:         {"low", "lowprice", "lowusd", "low24h", "24hlowusd"},
	colMarketCap:   {"marketcap", "marketcapusd", "marketcapitalization", "mktcap", "market"},
	colVolume:      {"volumeusd", "volume24husd", "volume24h", "24hvolume", "totalvolume", "volume", "vol"},
	colChange1h:    {"percentchange1h", "change1h", "pricechangepercentage1h"},
	colChange24h:   {"percentchange24h", "change24h", "pricechangepercentage24h", "changepercent", "percentchange"},
	colChange7d:    {"percentchange7d", "change7d", "pricechangepercentage7d"},
	colRank:        {"rank", "ranknow", "cmcrank", "marketcaprank"},
	colCirculating: {"circulatingsupply", "availablesupply"},
	colTotal:       {"totalsupply"},
	colMax:         {"maxsupply"},
}

// headerLines is how many lines may stand before the header's end: banners, notes, blank ones.
const headerLines = 10

// header is what the first lines of a file tell about the rest.
type header struct {
	delimiter byte
	names     []string // as they stand there, made unique
	column    [columns]int
	clock     int // the column with the time of day where the date stands apart, or -1
}

// has tells whether the file has the column.
func (h header) has(column int) bool { return h.column[column] >= 0 }

// readHeader consumes the lines up to the header, or returns a refusal.
func readHeader(lines *lineReader, file string) (header, error) {
	var first []string
	for range headerLines {
		l, err := lines.peek(0)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return header{}, err
		}
		lines.consume(1)
		text := withoutEnd(l.text)
		if lines.seen == int64(len(l.text)) {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if l.cut || strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
			return header{}, refuse(file, nil, "not_csv", "", "its first lines are no text in UTF-8: save it as CSV UTF-8")
		}
		if h, ok := sniff(text); ok {
			return h, h.check(file)
		}
		if first == nil && strings.TrimSpace(text) != "" {
			first, _ = split(text, ',', nil)
		}
	}
	return header{}, refuse(file, first, "not_csv", "", "no header is found in its first lines: "+
		"begin it with a line that names the columns, such as date,symbol,close")
}

// sniff takes the line for a header if some delimiter makes at least two known columns of it, a
// time or a price among them.
func sniff(text string) (header, bool) {
	var best header
	most := 1
	for _, delimiter := range []byte{',', ';', '\t'} {
		cells, state := split(text, delimiter, nil)
		if state != splitWhole {
			continue
		}
		h := newHeader(cells, delimiter)
		known := 0
		for column := range h.column {
			if h.has(column) {
				known++
			}
		}
		if known > most && (h.has(colTime) || h.has(colPrice)) {
			best, most = h, known
		}
	}
	return best, most > 1
}

func newHeader(cells []string, delimiter byte) header {
	h := header{delimiter: delimiter, names: make([]string, len(cells)), clock: -1}
	place, taken := map[string]int{}, map[string]bool{}
	for i, cell := range cells {
		name := strings.TrimSpace(cell)
		if name == "" || taken[name] {
			name = strings.TrimSpace(name + " (column " + strconv.Itoa(i+1) + ")")
		}
		h.names[i], taken[name] = name, true
		if normal := normalHeading(cell); normal != "" {
			if _, ok := place[normal]; !ok {
				place[normal] = i
			}
		}
	}
	for column, known := range headings {
		h.column[column] = -1
		for _, heading := range known {
			if i, ok := place[heading]; ok {
				h.column[column] = i
				break
			}
		}
	}
	if at := h.column[colTime]; at >= 0 && (at == placeOf(place, "date") || at == placeOf(place, "tradedate")) {
		h.clock = placeOf(place, "time")
	}
	// CoinMarketCap's export has the number of its quote currency under "name".
	if _, ok := place["timeopen"]; ok {
		h.column[colName] = -1
	}
	return h
}

// placeOf returns where a heading stands, or -1.
func placeOf(place map[string]int, heading string) int {
	if i, ok := place[heading]; ok {
		return i
	}
	return -1
}

// normalHeading keeps letters and digits in lower case and spells the percent sign out.
func normalHeading(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, strings.ReplaceAll(cell, "%", "percent"))
}

// check refuses a file without a date or a price.
func (h header) check(file string) error {
	switch {
	case !h.has(colTime):
		return refuse(file, h.names, "missing_date_column", "date", "it has no column with a date or time: "+
			"add one and name it date, time, timestamp or unix")
	case !h.has(colPrice):
		return refuse(file, h.names, "missing_price_column", "price", "it has no column with a price in "+
			"US dollars: add one and name it price or close")
	}
	return nil
}
