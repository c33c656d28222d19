package identity

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"

	"github.com/kasparro/kasparro/internal/market"
)

// facts are a listing, made ready to be compared.
type facts struct {
	*market.Evidence
	at     int    // its index in what was given
	symbol string // upper case
	name   string // letters and digits, lower case
	core   string // name without the words that say nothing, see core
	id     string // external id, see speaking
	tail   string // of an id that reads symbol-name, see speaking
	old    bool   // its name says that another has taken its place
	bare   bool   // gives a symbol or a name only
	pinned bool   // a person said what it is
	price  float64
	cap    float64
}

func newFacts(l *market.Evidence, at int) facts {
	f := facts{
		Evidence: l, at: at, symbol: strings.ToUpper(l.Symbol), name: normalise(l.Name), core: core(l.Name), old: old(l.Name),
		bare: (l.Symbol == "") != (l.Name == ""), pinned: len(l.Same) > 0,
		price: positive(l.PriceUSD), cap: positive(l.MarketCapUSD),
	}
	if !informative(l.PriceUSD, f.price) {
		f.price = 0
	}
	f.id = speaking(l.ExternalID, l.Symbol)
	_, tail, _ := strings.Cut(l.ExternalID, "-")
	f.tail = speaking(tail, l.Symbol)
	return f
}

// namings are the words that a name is compared by: itself, and what is left of it without fillers. They may
// differ where they agree with others: Bitcoin and Bit Coin.
func (f *facts) namings() []string {
	switch f.name {
	case "":
		return nil
	case f.core:
		return []string{f.name}
	}
	return []string{f.core, f.name}
}

// speaking is an id as it is compared, without its hyphens. It is empty where it is no more than the symbol,
// with or without a filler behind it: then it says nothing that the symbol does not say.
func speaking(id, symbol string) string {
	id = normalise(id)
	rest, begins := strings.CutPrefix(id, normalise(symbol))
	if begins && (rest == "" || filler[rest]) {
		return ""
	}
	return id
}

// positive is an amount for comparing by ratio, and 0 where it is not known. Amounts are exact
// elsewhere; here only their size counts.
func positive(d decimal.NullDecimal) float64 {
	if !d.Valid || !d.Decimal.IsPositive() {
		return 0
	}
	return d.Decimal.InexactFloat64()
}

// informative tells whether a price has three digits or more: those of dust, rounded to 0.00000001,
// are alike without meaning anything.
func informative(d decimal.NullDecimal, price float64) bool {
	return price > 0 && !math.IsInf(price, 1) && (price >= dust || len(d.Decimal.Coefficient().Text(10)) >= 3)
}

// dust is below what upstreams round prices to.
const dust = 1e-6

// together is how far apart in time two prices may have been seen and still be compared.
const together = 24 * time.Hour

// Ratios of two figures, the larger to the smaller.
const (
	pricesAgree    = 1.05 // of two aggregators on one coin, small ones included
	pricesApart    = 2    // no coin is traded at two prices so far apart
	capsAgree      = 1.25
	capsApart      = 3
	pegFrom, pegTo = 0.95, 1.05 // hundreds of coins cost a dollar
)

// comparable tells whether the prices of two listings are known of about the same time.
func comparable(a, b *facts) bool {
	if a.price == 0 || b.price == 0 {
		return false
	}
	return a.ObservedAt.IsZero() || b.ObservedAt.IsZero() || a.ObservedAt.Sub(b.ObservedAt).Abs() <= together
}

func ratio(a, b float64) float64 { return max(a, b) / min(a, b) }

// contradict tells whether two listings cannot be one coin by their prices.
func contradict(a, b *facts) bool { return comparable(a, b) && ratio(a.price, b.price) >= pricesApart }

func pegged(f *facts) bool { return f.price >= pegFrom && f.price <= pegTo }

// normalise keeps the letters and digits of a name, in lower case.
func normalise(name string) string { return strings.Join(words(name), "") }

// words are the runs of letters, marks and digits of a text, in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.In(c, unicode.Letter, unicode.Mark, unicode.Digit)
	})
}

// filler are words that one source puts behind a name and the other leaves out.
var filler = map[string]bool{
	"the": true, "token": true, "coin": true, "network": true, "protocol": true, "chain": true, "blockchain": true,
	"finance": true, "dao": true, "project": true, "platform": true, "ecosystem": true, "foundation": true, "io": true,
	"crypto": true, "cryptocurrency": true, "currency": true,
}

// core is a normalised name without its fillers; a name of nothing else keeps them.
func core(name string) string {
	var kept []string
	all := words(name)
	for _, w := range all {
		if !filler[w] {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		kept = all
	}
	return strings.Join(kept, "")
}

// old tells whether a name is marked as that of a coin's former self: BitTorrent (Old Chain), whose id may
// well be what another source calls its successor.
func old(name string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool { return w == "old" || w == "legacy" || w == "deprecated" })
}
