package identity

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// judgePairs compares all listings that have anything in common with each other, and returns what
// speaks for each pair, strongest first.
func (r *resolution) judgePairs() []edge {
	blocks := r.blocks()
	seen := map[[2]int]bool{}
	var edges []edge
	for _, block := range blocks {
		for i, a := range block {
			for _, b := range block[i+1:] {
				a, b := min(a, b), max(a, b)
				pair := [2]int{a, b}
				if r.facts[a].Source == r.facts[b].Source || seen[pair] {
					continue
				}
				seen[pair] = true
				if e := judge(a, b, r.compare(a, b)); e.score > 0 {
					edges = append(edges, e)
				}
			}
		}
	}
	slices.SortFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.level, x.level), cmp.Compare(y.score, x.score), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return edges
}

// blocks are the listings that share something, so that not every listing has to be compared with every
// other. A symbol alone makes a block only where each source has it once, or together with the price:
// hundreds share some of them.
func (r *resolution) blocks() [][]int {
	index := map[string][]int{}
	add := func(i int, key ...string) {
		text := strings.Join(key, "\x00")
		index[text] = append(index[text], i)
	}
	for i := range r.facts {
		f := &r.facts[i]
		for _, c := range f.Contracts {
			add(i, "contract", c)
		}
		if f.bare || f.symbol == "" || f.name == "" {
			continue
		}
		add(i, "name", f.name) // which may agree where the core does not: Bitcoin and Bit Coin
		add(i, "core", f.core)
		for _, id := range []string{f.id, f.tail} {
			if id != "" {
				add(i, "id", f.symbol, id)
			}
		}
		if r.alone(i) {
			add(i, "symbol", f.symbol)
		}
		if f.price > 0 {
			step := math.Floor(math.Log(f.price) / math.Log(pricesAgree*1.01)) // prices that agree are at most one step apart
			add(i, "price", f.symbol, fmt.Sprint(step))
			add(i, "price", f.symbol, fmt.Sprint(step+1))
		}
	}
	blocks := make([][]int, 0, len(index))
	for _, block := range index {
		if len(block) > 1 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}
