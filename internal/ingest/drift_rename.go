package ingest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// rename is a guess that a missing path has become a new one.
type rename struct {
	missing, fresh *market.Drift
	confidence     float64
}

// pairRenames names for each missing path the new path beside it that it has probably become. A new
// path is named once: the best pairs go first.
func (d *comparison) pairRenames() {
	beside := map[string][]*market.Drift{} // new paths, by their parent
	for i := range d.fresh {
		parent, _ := splitPath(d.fresh[i].Path)
		beside[parent] = append(beside[parent], &d.fresh[i])
	}
	var pairs []rename
	for i := range d.missing {
		parent, _ := splitPath(d.missing[i].Path)
		for _, fresh := range beside[parent] {
			p := rename{&d.missing[i], fresh, likeness(&d.missing[i], fresh)}
			if p.confidence >= source.ProbableRename {
				pairs = append(pairs, p)
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b rename) int { return cmp.Compare(b.confidence, a.confidence) })
	named := map[*market.Drift]bool{}
	for _, p := range pairs {
		if p.missing.RenameCandidate == "" && !named[p.fresh] {
			p.missing.RenameCandidate, p.missing.Confidence = p.fresh.Path, p.confidence
			named[p.fresh] = true
		}
	}
}

// likeness is how much the keys of two paths resemble each other, 0 where they cannot hold the same.
func likeness(missing, fresh *market.Drift) float64 {
	if !alike(typesOf(strings.Split(missing.Expected, "|")), typesOf(strings.Split(fresh.Seen, "|"))) {
		return 0
	}
	_, before := splitPath(missing.Path)
	_, now := splitPath(fresh.Path)
	return source.Resemblance(before, now)
}

// alike tells whether two paths have a type in common. That both may be null is nothing in common, but
// for a path that is nothing else.
func alike(a, b typeSet) bool {
	if a == typeNull || b == typeNull {
		return a&b != 0
	}
	return a&b&^typeNull != 0
}
