package csvfile

import (
	"maps"
	"slices"
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
	colContract
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
	colContract:    {"contractaddress", "tokenaddress", "contract"},
}

// columnWords name the columns in payloads, and the last one the time of day where it stands apart.
var columnWords = [columns + 1]string{"time", "slug", "symbol", "name", "quote", "price", "open", "high", "low", "market_cap",
	"volume", "change_1h", "change_24h", "change_7d", "rank", "circulating_supply", "total_supply", "max_supply",
	"contract", "clock"}

// mapping tells which heading stands for which column.
func (h header) mapping() map[string]string {
	m := map[string]string{}
	for column, at := range append(h.column[:], h.clock) {
		if at >= 0 {
			m[columnWords[column]] = h.names[at]
		}
	}
	return m
}

// mapped returns the header with the columns that a mapping names and no others; a heading that
// the header does not have is not ok.
func (h header) mapped(mapping map[string]string) (_ header, ok bool) {
	place := map[string]int{}
	for i, name := range h.names {
		place[name] = i
	}
	ok = true
	find := func(column int) int {
		heading, named := mapping[columnWords[column]]
		at, found := place[heading]
		if !named || !found {
			ok = ok && !named
			return -1
		}
		return at
	}
	for column := range h.column {
		h.column[column] = find(column)
	}
	h.clock = find(columns)
	return h, ok
}

// inOrder is the order in which headings are looked at when a row is read again: jsonb has no order
// of its own.
func inOrder(names []string) []string { return slices.Sorted(slices.Values(names)) }

// unclear returns the mapping where the names of the headings alone do not tell it, and nil where
// they do.
func (h header) unclear() map[string]string {
	m := h.mapping()
	if maps.Equal(m, newHeader(inOrder(h.names), h.delimiter).mapping()) {
		return nil
	}
	return m
}
