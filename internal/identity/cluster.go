package identity

import "slices"

// growth is how groups grow. Two partitions are kept: what evidence connects at all, and, finer, the
// clusters that stand. A connected part is closed as soon as it holds what cannot be one asset, or
// hangs on evidence that others have a claim to: its clusters stay as they are from then on.
//
// Evidence that is refused still connects. That is what makes the result independent of chance: a
// listing that is added can only connect more, so it can close a part, and open none.
type growth struct {
	*resolution
	parent []int
	parts  map[int][]int // the listings of each connected part, by its root; they are one cluster unless closed
	closed map[int]bool  // by root
	apart  map[[2]int]bool
	told   bool // what people said has been dealt with, and evidence is next
}

// group shares the listings out into clusters, what a person said first.
func (r *resolution) group(evidence []edge) {
	g := &growth{
		resolution: r, parent: make([]int, len(r.facts)), parts: make(map[int][]int, len(r.facts)),
		closed: map[int]bool{}, apart: map[[2]int]bool{},
	}
	for i := range g.parent {
		g.parent[i] = i
		g.parts[i] = []int{i}
	}
	said := g.said()
	g.grow(said)
	g.told = true
	r.edges = slices.Concat(said, g.compatible(evidence))
	for from := len(said); from < len(r.edges) && r.edges[from].level > 0; {
		to := from
		for to < len(r.edges) && r.edges[to].level == r.edges[from].level {
			to++
		}
		g.grow(r.edges[from:to])
		from = to
	}
	for _, part := range g.parts {
		for _, m := range part {
			r.part[m] = part
		}
	}
}

// said is what people have said is one asset; what they said is not goes to apart.
func (g *growth) said() []edge {
	var edges []edge
	for i, f := range g.facts {
		for _, key := range f.Apart {
			if other, known := g.place[key]; known {
				g.apart[[2]int{min(i, other), max(i, other)}] = true
			}
		}
		for _, key := range f.Same {
			if other, known := g.place[key]; known && other != i {
				edges = append(edges, edge{a: min(i, other), b: max(i, other), signs: person, level: byPerson})
			}
		}
	}
	return edges
}

// grow lets evidence of one strength connect parts.
func (g *growth) grow(edges []edge) {
	before := map[int]bool{}
	for _, e := range edges {
		before[g.root(e.a)], before[g.root(e.b)] = true, true
	}
	doubtful := map[int]bool{} // parts that nothing holds together but evidence which others have a claim to
	for _, open := range []bool{false, true} {
		for _, e := range edges {
			if a, b := g.root(e.a), g.root(e.b); e.open == open && a != b {
				g.parent[b] = a
				doubtful[a] = doubtful[a] || doubtful[b] || open
			}
		}
	}
	joined := map[int][]int{} // the roots that each part is made of
	for root := range before {
		joined[g.root(root)] = append(joined[g.root(root)], root)
	}
	for root, roots := range joined {
		if len(roots) > 1 {
			slices.Sort(roots)
			g.join(root, roots, doubtful[root])
		}
	}
}

// join makes one part of several, and one cluster if they can be one asset.
func (g *growth) join(root int, roots []int, doubtful bool) {
	closed := doubtful
	var members []int
	for _, r := range roots {
		closed = closed || g.closed[r] || g.conflict(members, g.parts[r])
		members = append(members, g.parts[r]...)
	}
	for _, r := range roots {
		delete(g.parts, r)
		delete(g.closed, r)
	}
	g.parts[root] = members
	if closed {
		g.closed[root] = true
		return
	}
	for _, m := range members {
		g.cluster[m], g.clusters[m] = root, nil
	}
	slices.Sort(members)
	g.clusters[root] = members
}

func (g *growth) root(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// conflict tells whether two sets of listings cannot be one asset: they hold two of one source, or two
// that a person or their prices keep apart. Prices do not speak against what a person said.
func (g *growth) conflict(some, others []int) bool {
	for _, a := range some {
		for _, b := range others {
			x, y := &g.facts[a], &g.facts[b]
			if x.Source == y.Source || g.apart[[2]int{min(a, b), max(a, b)}] {
				return true
			}
			if g.told && !x.pinned && !y.pinned && contradict(x, y) && !shareAny(x.Contracts, y.Contracts) {
				return true
			}
		}
	}
	return false
}

// compatible leaves out the evidence that what people said makes void: it would bring into an asset what
// they keep out of it, and must not count as doubt.
func (g *growth) compatible(evidence []edge) []edge {
	near := g.near(evidence)
	return slices.DeleteFunc(evidence, func(e edge) bool {
		a, b := g.root(e.a), g.root(e.b)
		if e.level > 0 && a != b && (len(g.parts[a]) > 1 || len(g.parts[b]) > 1 || len(g.apart) > 0) && g.conflict(g.parts[a], g.parts[b]) {
			return true
		}
		return near[[2]int{e.a, e.b}] > e.level || near[[2]int{e.b, e.a}] > e.level
	})
}

// near finds, for the listings that a person keeps apart from another, who else is close to that other:
// near[a, c] is how strongly c belongs to one that a is not.
func (g *growth) near(evidence []edge) map[[2]int]int {
	if len(g.apart) == 0 {
		return nil
	}
	kept := map[int][]int{}
	for pair := range g.apart {
		kept[pair[0]] = append(kept[pair[0]], pair[1])
		kept[pair[1]] = append(kept[pair[1]], pair[0])
	}
	near := map[[2]int]int{}
	note := func(other, c, level int) {
		for _, a := range kept[other] {
			near[[2]int{a, c}] = max(near[[2]int{a, c}], level)
		}
	}
	for _, e := range evidence {
		note(e.a, e.b, e.level)
		note(e.b, e.a, e.level)
	}
	return near
}
