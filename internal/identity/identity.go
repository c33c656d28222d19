// Package identity decides which listings are the same asset. It is pure: listings in, groups out,
// and the same listings in any order give the same groups, whatever assets they had before.
//
// Every pair of listings that has anything in common is judged once (evidence.go), and what speaks
// for a pair is put on one scale. Groups then grow from the strongest evidence to the weakest
// (cluster.go): as soon as evidence would bring together what cannot be one asset, or what could as
// well belong elsewhere, everything that hangs on it stays as it is. So nothing depends on the order
// of the input, and a listing that is added can hold two others apart but never brings together two
// that it has nothing to do with.
package identity

import (
	"cmp"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
)

// Resolve groups the listings by asset, and lists the pairs that a person may decide.
//
// Two listings of one source are never the same asset. What a person has said comes before all
// evidence. A listing that gives nothing but a ticker, or nothing but a name, goes to the asset that
// leads the ranking under it. The first member of a group gives the asset its name; groups come best
// ranked first.
func Resolve(listings []market.Evidence) market.Resolution {
	r := newResolution(listings)
	r.group(r.judgePairs())
	r.placeBare()
	return market.Resolution{Groups: r.groups(), Candidates: r.candidates()}
}

// resolution is one call of Resolve. Listings are known by their place in facts, which is in order
// of source and external id, and so does not depend on the order in which they came.
type resolution struct {
	listings []market.Evidence
	facts    []facts
	place    map[market.ListingKey]int
	holders  map[string][]int // listings with symbol and name under a symbol
	only     map[claim]int    // how many of them a source has
	crowds   map[string]int   // how many listings have a name, or its core

	edges    []edge   // all evidence, strongest first
	clusters [][]int  // the listings of each cluster; nil for one that has been taken in by another
	cluster  []int    // of each listing
	part     [][]int  // of each listing: all that evidence connects it with, itself too, where it was refused as well
	placed   []placed // how a bare listing came to its cluster
}

// placed says how a listing that gives a ticker or a name only was taken for another.
type placed struct {
	method market.MatchMethod // empty where it was not
	leader int
}

func newResolution(listings []market.Evidence) *resolution {
	r := &resolution{
		listings: listings, facts: make([]facts, len(listings)), place: make(map[market.ListingKey]int, len(listings)),
		holders: map[string][]int{}, only: map[claim]int{}, crowds: map[string]int{}, clusters: make([][]int, len(listings)), cluster: make([]int, len(listings)),
		part: make([][]int, len(listings)), placed: make([]placed, len(listings)),
	}
	order := make([]int, len(listings))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &listings[a], &listings[b]
		return cmp.Or(cmp.Compare(x.Source, y.Source), cmp.Compare(x.ExternalID, y.ExternalID))
	})
	for i, at := range order {
		f := newFacts(&listings[at], at)
		r.facts[i] = f
		r.place[f.Key()] = i
		r.clusters[i], r.cluster[i] = []int{i}, i
		for _, word := range f.namings() {
			r.crowds[word]++
		}
		if f.symbol != "" && !f.bare {
			r.holders[f.symbol] = append(r.holders[f.symbol], i)
			r.only[claim{f.Source, f.symbol}]++
		}
	}
	return r
}

// claim is a source that uses a symbol.
type claim struct{ source, symbol string }

// alone tells whether no other listing of its source has the symbol of this one.
func (r *resolution) alone(i int) bool {
	return r.only[claim{r.facts[i].Source, r.facts[i].symbol}] == 1
}
