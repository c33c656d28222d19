// Package identity decides which listings are the same asset. It is pure: listings in, groups out,
// and the same listings in any order give the same groups.
package identity

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/kasparro/kasparro/internal/market"
)

// How sure each kind of evidence makes us. On known pairs of 2022, symbol and name together were
// never wrong; the best-ranked holder of a bare ticker was wrong in about one case of thirty.
const (
	sureOfSymbolAndName = 0.95
	sureOfOneOfThem     = 0.5
)

// Resolve groups the listings by asset. Listings agree when symbol and normalised name do; of
// several listings of one source that agree with each other the best ranked is taken and the
// others stay apart, since two listings of one source are never the same asset. A listing that
// gives nothing but a ticker, or nothing but a name, goes to the asset that leads the ranking
// under it. Each group names its leading listing first; groups come in the order of their leaders.
func Resolve(listings []market.Listing) []market.Group {
	r := &resolution{listings: listings, byName: map[nameKey]int{}, bySymbol: map[string][]int{}, byAlias: map[string][]int{}}
	var bare []int
	for _, i := range r.inOrder() {
		if l := listings[i]; (l.Symbol == "") != (l.Name == "") {
			bare = append(bare, i)
			continue
		}
		r.place(i)
	}
	for _, i := range bare {
		r.placeBare(i)
	}
	return r.groups
}

type nameKey struct{ symbol, name string }

type resolution struct {
	listings []market.Listing
	groups   []market.Group
	byName   map[nameKey]int  // group of those that agree
	bySymbol map[string][]int // groups under a ticker, best ranked first
	byAlias  map[string][]int // groups under a normalised name, best ranked first
}

// inOrder returns the indexes of the listings, best ranked first: an order that does not depend on
// the one they came in.
func (r *resolution) inOrder() []int {
	order := make([]int, len(r.listings))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &r.listings[a], &r.listings[b]
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Source, y.Source), cmp.Compare(x.ExternalID, y.ExternalID))
	})
	return order
}

func rank(l *market.Listing) int32 {
	if l.Rank == nil {
		return math.MaxInt32
	}
	return *l.Rank
}

// place puts a listing into the group that it agrees with, or into a new one.
func (r *resolution) place(i int) {
	l := r.listings[i]
	key := nameKey{strings.ToUpper(l.Symbol), normalise(l.Name)}
	if key.symbol == "" || key.name == "" { // nothing at all, or a name without a letter
		r.found(i)
		return
	}
	g, known := r.byName[key]
	if !known {
		r.byName[key] = r.found(i)
		return
	}
	if r.holdsSource(g, l.Source) {
		r.found(i)
		return
	}
	r.join(g, i, market.Match{Method: market.MatchSymbolAndName, Confidence: sureOfSymbolAndName})
}

// placeBare puts a listing that gives only a ticker, or only a name, into the group that leads
// under it. Without any ranking only what one asset has can be told.
func (r *resolution) placeBare(i int) {
	l := r.listings[i]
	match := market.Match{Method: market.MatchTicker, Confidence: sureOfOneOfThem}
	candidates := r.bySymbol[strings.ToUpper(l.Symbol)]
	if l.Symbol == "" {
		match.Method, candidates = market.MatchName, r.byAlias[normalise(l.Name)]
	}
	if len(candidates) == 0 {
		r.found(i)
		return
	}
	leader := candidates[0]
	ranked := r.listings[r.groups[leader].Members[0].Listing].Rank != nil
	if (!ranked && len(candidates) > 1) || r.holdsSource(leader, l.Source) {
		r.found(i)
		return
	}
	r.join(leader, i, match)
}

// found begins a group with its leader and returns its index.
func (r *resolution) found(i int) int {
	l := r.listings[i]
	g := market.Group{Symbol: strings.ToUpper(l.Symbol), Name: l.Name, Named: l.Symbol != "" && l.Name != ""}
	if g.Name == "" {
		g.Name = cmp.Or(g.Symbol, l.ExternalID)
	}
	if g.Symbol == "" {
		g.Symbol = strings.ToUpper(l.ExternalID)
	}
	g.Members = []market.Member{{Listing: i, Match: market.Match{Method: market.MatchAlone, Confidence: 1}}}
	r.groups = append(r.groups, g)
	at := len(r.groups) - 1
	if l.Symbol != "" {
		r.bySymbol[g.Symbol] = append(r.bySymbol[g.Symbol], at)
	}
	if name := normalise(l.Name); name != "" {
		r.byAlias[name] = append(r.byAlias[name], at)
	}
	return at
}

// join adds a listing to a group. The leader is no longer alone: it agrees with the first who joins.
func (r *resolution) join(g, i int, m market.Match) {
	group := &r.groups[g]
	if m.Method == market.MatchSymbolAndName && group.Members[0].Match.Method == market.MatchAlone {
		group.Members[0].Match = m
	}
	group.Members = append(group.Members, market.Member{Listing: i, Match: m})
}

func (r *resolution) holdsSource(g int, source string) bool {
	return slices.ContainsFunc(r.groups[g].Members, func(m market.Member) bool {
		return r.listings[m.Listing].Source == source
	})
}

// normalise keeps the letters and digits of a name, in lower case.
func normalise(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}
