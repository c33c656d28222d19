package identity

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
)

// groups turns the clusters into groups, best ranked first.
func (r *resolution) groups() []market.Group {
	best := r.strongest()
	var standing [][]int
	for _, members := range r.clusters {
		if members != nil {
			standing = append(standing, members)
		}
	}
	slices.SortFunc(standing, func(x, y []int) int {
		return r.ahead(slices.MinFunc(x, r.ahead), slices.MinFunc(y, r.ahead))
	})
	groups := make([]market.Group, len(standing))
	for i, members := range standing {
		groups[i] = r.newGroup(members, best)
	}
	return groups
}

// newGroup puts the listing that names the asset first: one that gives symbol and name if there is one,
// not one that was only taken for the leader of its ticker.
func (r *resolution) newGroup(members []int, best []int) market.Group {
	slices.SortFunc(members, func(a, b int) int { return cmp.Or(cmp.Compare(r.poverty(a), r.poverty(b)), cmp.Compare(a, b)) })
	f := &r.facts[members[0]]
	g := market.Group{
		Symbol: cmp.Or(f.symbol, strings.ToUpper(f.ExternalID)), Name: cmp.Or(f.Name, f.symbol, f.ExternalID), Named: f.symbol != "" && f.Name != "",
		Members: make([]market.Member, len(members)),
	}
	for i, m := range members {
		g.Members[i] = market.Member{Listing: r.facts[m].at, Match: r.match(m, best[m])}
	}
	return g
}

// poverty is how little a listing can say of its asset's name.
func (r *resolution) poverty(i int) int {
	f := &r.facts[i]
	switch {
	case r.placed[i].method != "":
		return 3
	case f.pinned: // it was to become this asset, not to rename it
		return 2
	case f.symbol == "" || f.Name == "":
		return 1
	}
	return 0
}

// strongest finds for each listing the best evidence that holds it in its cluster: an index into edges,
// or -1. What a person said is the evidence of the listing that it was said of, and of another only where
// nothing else is.
func (r *resolution) strongest() []int {
	best := make([]int, len(r.facts))
	for i := range best {
		best[i] = -1
	}
	for n, e := range r.edges {
		if r.cluster[e.a] != r.cluster[e.b] {
			continue
		}
		for _, i := range []int{e.a, e.b} {
			if best[i] < 0 || r.edges[best[i]].signs == person && !r.facts[i].pinned && e.level > 0 {
				best[i] = n
			}
		}
	}
	return best
}

func (r *resolution) match(i, best int) market.Match {
	if p := r.placed[i]; p.method != "" {
		return market.Match{Method: p.method, Confidence: byLead / 1000.0, Reason: r.leadReason(p)}
	}
	if best < 0 || r.edges[best].level == 0 {
		return market.Match{Method: market.MatchAlone, Confidence: 1, Reason: r.aloneReason(i)}
	}
	e := r.edges[best]
	m := market.Match{Method: e.method, Confidence: float64(e.level) / 1000, Reason: r.reason(e, e.a+e.b-i)}
	if e.signs == person {
		m.Method = market.MatchPinned
	}
	return m
}

// candidates are the pairs that could be linked: their clusters hold no two listings of one source, and no
// person has kept them apart.
func (r *resolution) candidates() []market.Candidate {
	var list []market.Candidate
	for _, e := range r.edges {
		if e.score == 0 || r.cluster[e.a] == r.cluster[e.b] || !r.linkable(e.a, e.b) {
			continue
		}
		list = append(list, market.Candidate{
			Listings: [2]int{r.facts[e.a].at, r.facts[e.b].at},
			Match:    market.Match{Method: e.method, Confidence: float64(e.score) / 1000, Reason: r.doubt(e)},
		})
	}
	slices.SortStableFunc(list, func(x, y market.Candidate) int { return cmp.Compare(y.Match.Confidence, x.Match.Confidence) })
	return list
}

func (r *resolution) linkable(a, b int) bool {
	for _, x := range r.clusters[r.cluster[a]] {
		for _, y := range r.clusters[r.cluster[b]] {
			if r.facts[x].Source == r.facts[y].Source || r.kept(x, y) {
				return false
			}
		}
	}
	return true
}
