package identity_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/kasparro/kasparro/internal/market"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// listing reads "source/id SYMBOL name #rank $price ^marketcap @hours-ago ~gone %contract =same !apart"; "-" is nothing.
func listing(text string) market.Evidence {
	fields := strings.Fields(text)
	source, id, _ := strings.Cut(fields[0], "/")
	l := market.Evidence{Listing: market.Listing{Source: source, ExternalID: id}, ObservedAt: noon}
	if fields[1] != "-" {
		l.Symbol = fields[1]
	}
	for _, word := range fields[2:] {
		if !mark(&l, word) && word != "-" {
			l.Name = strings.TrimSpace(l.Name + " " + word)
		}
	}
	return l
}

// mark reads a word that is no part of the name.
func mark(l *market.Evidence, word string) bool {
	rest := word[1:]
	source, id, _ := strings.Cut(rest, "/")
	switch {
	case rest == "":
		return false
	case word[0] == '#':
		var rank int32
		fmt.Sscan(rest, &rank)
		l.Rank = &rank
	case word[0] == '$':
		l.PriceUSD = decimal.NewNullDecimal(decimal.RequireFromString(rest))
	case word[0] == '^':
		l.MarketCapUSD = decimal.NewNullDecimal(decimal.RequireFromString(rest))
	case word[0] == '@':
		var hours int
		fmt.Sscan(rest, &hours)
		l.ObservedAt = noon.Add(-time.Duration(hours) * time.Hour)
	case word == "~gone":
		l.Gone = true
	case word[0] == '%':
		l.Contracts = append(l.Contracts, rest)
	case word[0] == '=':
		l.Same = append(l.Same, market.ListingKey{Source: source, ExternalID: id})
	case word[0] == '!':
		l.Apart = append(l.Apart, market.ListingKey{Source: source, ExternalID: id})
	default:
		return false
	}
	return true
}

func listings(texts ...string) []market.Evidence {
	list := make([]market.Evidence, len(texts))
	for i, text := range texts {
		list[i] = listing(text)
	}
	return list
}

// told writes each group as "SYMBOL name: source/id METHOD confidence, ...", and each candidate as
// "? source/id source/id METHOD score".
func told(listings []market.Evidence, r market.Resolution) []string {
	var lines []string
	for _, g := range r.Groups {
		members := make([]string, len(g.Members))
		for j, m := range g.Members {
			members[j] = fmt.Sprintf("%s %s %v", listings[m.Listing].Key(), m.Match.Method, m.Match.Confidence)
		}
		line := fmt.Sprintf("%s %s: %s", g.Symbol, g.Name, strings.Join(members, ", "))
		if !g.Named {
			line = "half " + line
		}
		lines = append(lines, line)
	}
	for _, c := range r.Candidates {
		lines = append(lines, fmt.Sprintf("? %s %s %s %v",
			listings[c.Listings[0]].Key(), listings[c.Listings[1]].Key(), c.Match.Method, c.Match.Confidence))
	}
	return lines
}
