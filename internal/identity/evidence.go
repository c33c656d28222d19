package identity

import "github.com/kasparro/kasparro/internal/market"

// signs are what two listings have in common, or what keeps them apart.
type signs uint16

const (
	sameContract signs = 1 << iota
	sameSymbol
	sameName
	sameCore   // their names agree but for fillers
	sameID     // their external ids name each other
	kinSymbols // one symbol is the other with letters left out: TON and TONCOIN, RNDR and RENDER
	onlySymbol // each is the only listing of its source with that symbol
	pricesMet  // prices of about the same time are known
	priceSays  // and they agree
	priceDenies
	capSays
	capDenies
	pegs      // both cost a dollar: that their prices agree says nothing
	oneIsGone // its source speaks of others only
	oneIsOld  // the name of one says that it is a coin's former self, the other's does not
	person
)

func (s signs) all(of signs) bool { return s&of == of }

// priceMeans tells whether prices agree that few other coins have.
func (s signs) priceMeans() bool { return s&(priceSays|pegs) == priceSays }

func (s signs) some(of signs) bool { return s&of != 0 }

// edge is what is known of a pair of listings.
type edge struct {
	a, b   int // a < b
	signs  signs
	level  int  // how strong the evidence is, in thousandths; 0 where it is enough for a candidate only
	open   bool // enough in itself, but others have a claim as good
	score  int  // as a candidate, in thousandths; 0 where it is none
	method market.MatchMethod
}

// Strength of each kind of evidence, in thousandths. On known pairs of 2022 the first three were never
// wrong. What prices and ids add tells namesakes apart.
const (
	byPerson         = 1000
	byContract       = 990
	bySymbolAndName  = 950
	byExternalID     = 950 // as much: an id that names another listing leaves a namesake in doubt
	bySymbolAndCore  = 890 // where nothing else of either source has the symbol
	byNameAndPrice   = 850
	bySymbolAndPrice = 800
	byLead           = 500 // of a bare ticker, or a bare name

	moreByPrice = 20
	moreByID    = 10
	lessByCore  = 10
	lessByGone  = 40 // so that a coin under its new id comes before itself under the old one
)

// Scores of candidates that no strong evidence makes.
const (
	scoreClaimed = 600 // what others claim as well
	scoreLikely  = 500
	scoreOpen    = 400
	scoreDenied  = 300
)

// compare finds what two listings of different sources have in common.
func (r *resolution) compare(a, b int) signs {
	x, y := &r.facts[a], &r.facts[b]
	s := compareNames(x, y) | compareFigures(x, y)
	if shareAny(x.Contracts, y.Contracts) {
		s |= sameContract
	}
	if x.Gone || y.Gone {
		s |= oneIsGone
	}
	if s.all(sameSymbol) && r.alone(a) && r.alone(b) {
		s |= onlySymbol
	}
	return s
}

func compareNames(x, y *facts) (s signs) {
	switch {
	case x.symbol == "" || y.symbol == "":
	case x.symbol == y.symbol:
		s |= sameSymbol
	case within(x.symbol, y.symbol) || within(y.symbol, x.symbol):
		s |= kinSymbols
	}
	if x.name != "" && x.name == y.name {
		s |= sameName
	}
	if x.core != "" && x.core == y.core {
		s |= sameCore
	}
	if names(x.id, y.id) || names(x.id, y.tail) || names(x.tail, y.id) {
		s |= sameID
	}
	if x.old != y.old {
		s |= oneIsOld
	}
	return s
}

func names(id, other string) bool { return id != "" && id == other }

// within tells whether short is long with letters left out, and at least three are left.
func within(short, long string) bool {
	if len(short) < 3 || len(short) >= len(long) {
		return false
	}
	i := 0
	for j := 0; j < len(long) && i < len(short); j++ {
		if short[i] == long[j] {
			i++
		}
	}
	return i == len(short)
}

func compareFigures(x, y *facts) (s signs) {
	if !comparable(x, y) {
		return 0
	}
	s = pricesMet
	switch apart := ratio(x.price, y.price); {
	case apart <= pricesAgree:
		s |= priceSays
	case apart >= pricesApart:
		s |= priceDenies
	}
	if x.cap > 0 && y.cap > 0 {
		switch apart := ratio(x.cap, y.cap); {
		case apart <= capsAgree:
			s |= capSays
		case apart >= capsApart:
			s |= capDenies
		}
	}
	if pegged(x) && pegged(y) {
		s |= pegs
	}
	return s
}

func shareAny(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}
