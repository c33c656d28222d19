package identity

import (
	"cmp"
	"math"
	"slices"
)

// judgePairs compares all listings that have anything in common with each other, and returns what
// speaks for each pair, strongest first.
func (r *resolution) judgePairs() []edge {
	var edges []edge
	met := make([]int, len(r.facts))       // by listing: one more than the last that it was compared with
	chain := []link{{}}                    // listings that share something, each with the one before it
	last := make(map[shared]int, len(met)) // place in chain, never 0
	for b := range r.facts {
		for _, key := range r.shares(b) {
			for at := last[key]; at > 0; at = chain[at].before {
				a := chain[at].listing
				if met[a] == b+1 || r.facts[a].Source == r.facts[b].Source {
					continue
				}
				met[a] = b + 1
				if e := judge(a, b, r.compare(a, b)); e.score > 0 {
					edges = append(edges, e)
				}
			}
			chain = append(chain, link{b, last[key]})
			last[key] = len(chain) - 1
		}
	}
	slices.SortFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.level, x.level), cmp.Compare(y.score, x.score), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return edges
}

type link struct{ listing, before int }

// shared is something that listings may have in common.
type shared struct {
	kind         kind
	step         int // of the price
	word, symbol string
}

type kind int

const (
	byAddress kind = iota
	byName
	byID
	bySymbol
	byPrice
)

// shares lists what a listing may have in common with others, so that not every listing has to be compared
// with every other. A symbol alone counts only where its source has it once, or together with the
// price: hundreds share some of them.
func (r *resolution) shares(i int) []shared {
	f := &r.facts[i]
	keys := make([]shared, 0, 8)
	for _, c := range f.Contracts {
		keys = append(keys, shared{kind: byAddress, word: c})
	}
	if f.bare || f.symbol == "" || f.name == "" {
		return keys
	}
	for _, word := range f.namings() {
		key := shared{kind: byName, word: word}
		if r.crowds[word] > crowd { // a name that so many have says as little as a ticker
			key.symbol = f.symbol
		}
		keys = append(keys, key)
	}
	for _, id := range []string{f.id, f.tail} {
		if id != "" {
			keys = append(keys, shared{kind: byID, word: id})
		}
	}
	if r.alone(i) {
		keys = append(keys, shared{kind: bySymbol, symbol: f.symbol})
	}
	if f.price > 0 && len(r.holders[f.symbol]) > 1 {
		step := priceStep(f.price)
		keys = append(keys, shared{kind: byPrice, symbol: f.symbol, step: step}, shared{kind: byPrice, symbol: f.symbol, step: step + 1})
	}
	return keys
}

// crowd is how many listings may share a name and still be compared by it alone. In real lists three do;
// beyond this the symbol has to agree as well.
const crowd = 100

// priceStep puts prices that agree on the same step or on the next.
func priceStep(price float64) int {
	return int(math.Floor(math.Log(price) / math.Log(pricesAgree*1.01)))
}
