package ingest

import (
	"cmp"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/source"
)

// rename is a guess that a missing path has become another one.
type rename struct {
	missing    *market.Drift
	now        *market.PathShape
	confidence float64
}

// pairRenames names for each missing path the path beside it that it has probably become: one that no
// run has met before the run that met the missing one last, for a change in the middle of a run shows it
// both names. A path is named once: the best pairs go first.
func (d *comparison) pairRenames() {
	beside := map[string][]*market.PathShape{} // paths that were met, by their parent
	for i := range d.shape {
		parent, _ := splitPath(d.shape[i].Path)
		beside[parent] = append(beside[parent], &d.shape[i])
	}
	var pairs []rename
	for i := range d.missing {
		before := d.known[d.missing[i].Path]
		parent, _ := splitPath(before.Path)
		for _, now := range beside[parent] {
			p := rename{&d.missing[i], now, likeness(before, *now)}
			if now.FirstRunID > 0 && now.FirstRunID >= before.LastRunID && p.confidence >= source.ProbableRename {
				pairs = append(pairs, p)
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b rename) int { return cmp.Compare(b.confidence, a.confidence) })
	for _, p := range pairs {
		if p.missing.RenameCandidate == "" && p.now.FirstRunID > 0 {
			p.missing.RenameCandidate, p.missing.Confidence = p.now.Path, p.confidence
			p.now.FirstRunID = 0
		}
	}
}

// likeness is how much the keys of two paths resemble each other, 0 where they cannot hold the same.
func likeness(before, now market.PathShape) float64 {
	if !alike(typesOf(before.Types), typesOf(now.Types)) {
		return 0
	}
	_, missing := splitPath(before.Path)
	_, found := splitPath(now.Path)
	return source.Resemblance(missing, found)
}

// alike tells whether two paths have a type in common. That both may be null is nothing in common, but
// for a path that is nothing else.
func alike(a, b typeSet) bool {
	if a == typeNull || b == typeNull {
		return a&b != 0
	}
	return a&b&^typeNull != 0
}
