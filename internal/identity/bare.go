package identity

import (
	"cmp"
	"math"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
)

// under are listings by what they are found under: a ticker or a name.
type under map[market.MatchMethod]map[string][]int

// placeBare puts each listing that gives only a ticker, or only a name, into the cluster of the listing
// that leads the ranking under it, unless evidence or a person has a say in its place.
func (r *resolution) placeBare() {
	leaders := under{market.MatchTicker: r.holders, market.MatchName: r.named()}
	earlier := under{market.MatchTicker: {}, market.MatchName: {}}
	for i := range r.facts {
		f := &r.facts[i]
		method, word := market.MatchTicker, f.symbol
		if f.symbol == "" {
			method, word = market.MatchName, f.name
		}
		if !f.bare || word == "" {
			continue
		}
		if held := leaders[method][word]; len(held) == 0 {
			leaders[method][word] = []int{i} // the first of several sources that give no more than this
		} else if leader, ok := r.leader(held); ok && len(r.part[i]) == 1 && r.admits(leader, i, earlier) {
			r.take(i, placed{method, leader})
		}
		earlier[method][word] = append(earlier[method][word], i)
	}
}

// named are the listings with symbol and name under a normalised name.
func (r *resolution) named() map[string][]int {
	named := map[string][]int{}
	for i := range r.facts {
		if f := &r.facts[i]; f.name != "" && !f.bare {
			named[f.name] = append(named[f.name], i)
		}
	}
	return named
}

// leader is the best ranked of some listings. Where none is ranked only one asset can lead: its own.
func (r *resolution) leader(held []int) (leader int, ok bool) {
	best := int32(math.MaxInt32)
	one := true
	for n, h := range held {
		if n == 0 || r.rank(h) < best {
			leader, best = h, r.rank(h)
		}
		one = one && r.cluster[h] == r.cluster[held[0]]
	}
	return leader, len(held) > 0 && (one || best < math.MaxInt32)
}

func (r *resolution) rank(i int) int32 {
	if rank := r.facts[i].Rank; rank != nil {
		return *rank
	}
	return math.MaxInt32
}

// admits tells whether the listing can be what the leader of its ticker is. All that evidence connects with the
// leader has a say, and so has every earlier bare listing that could be the same, wherever it went:
// what is added can then only take a place away.
func (r *resolution) admits(leader, i int, earlier under) bool {
	if contradict(&r.facts[i], &r.facts[leader]) {
		return false
	}
	stands := func(other int) bool { return r.facts[other].Source == r.facts[i].Source || r.kept(i, other) }
	for _, m := range r.part[leader] {
		f := &r.facts[m]
		if stands(m) || slices.ContainsFunc(earlier[market.MatchTicker][f.symbol], stands) ||
			slices.ContainsFunc(earlier[market.MatchName][f.name], stands) {
			return false
		}
	}
	return true
}

// kept tells whether a person keeps two listings apart.
func (r *resolution) kept(a, b int) bool {
	says := func(f *facts, other market.ListingKey) bool {
		for _, key := range f.Apart {
			if key == other {
				return true
			}
		}
		return false
	}
	return says(&r.facts[a], r.facts[b].Key()) || says(&r.facts[b], r.facts[a].Key())
}

// take puts a listing that stood alone into the cluster of another.
func (r *resolution) take(i int, p placed) {
	home := r.cluster[p.leader]
	r.clusters[r.cluster[i]] = nil
	r.cluster[i] = home
	r.clusters[home] = append(r.clusters[home], i)
	r.placed[i] = p
}

// ahead compares two listings by who leads: the better rank, then source and external id.
func (r *resolution) ahead(a, b int) int {
	return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), cmp.Compare(a, b))
}
