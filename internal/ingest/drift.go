package ingest

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kasparro/kasparro/internal/market"
)

// Judge compares what was counted with what is known of the source. A part of which nothing is known
// has no drift. One change is one drift: what stands below a path that is new, gone or changed is not
// told apart from it. Of the source of the run, whole says that all of it was read.
func (c *Census) Judge(run market.Run, known []market.PathShape, whole bool) (j Judgement) {
	for _, part := range slices.Sorted(maps.Keys(c.parts)) {
		p := c.parts[part]
		if p.items == 0 {
			continue
		}
		d := comparison{run: run, part: part, items: p.items, whole: whole, known: map[string]market.PathShape{}}
		for _, k := range known {
			if k.Part == part {
				d.known[k.Path] = k
			}
		}
		d.flatten(p.root)
		slices.SortFunc(d.met, func(a, b sighting) int { return cmp.Compare(a.path, b.path) })
		d.compare()
		d.pairRenames()
		j.Drifts, j.Shape, j.Gone = append(j.Drifts, d.drifts()...), append(j.Shape, d.shape...), append(j.Gone, d.gone...)
	}
	return j
}

// sighting is a path that was met. What follows the share is not known of the keys of a dictionary.
type sighting struct {
	path   string
	types  typeSet
	share  float64
	valued int64      // items that have more than null there
	typed  typeCounts // and each type
}

// comparison is of one part.
type comparison struct {
	run   market.Run
	part  string
	items int64
	whole bool
	known map[string]market.PathShape
	met   []sighting

	changed, fresh, missing []market.Drift
	shape, gone             []market.PathShape
}

// flatten lists the paths below a node. What was a dictionary before is one now, however few its keys.
func (d *comparison) flatten(n *node) {
	d.see(n.element)
	_, was := d.known[anyPath(n.path)]
	if n.star == nil && !was {
		for _, f := range n.fields {
			d.see(f)
		}
		return
	}
	star := sighting{path: anyPath(n.path), share: d.share(n)}
	if n.star != nil {
		star.types = n.star.types
	}
	for _, f := range n.fields {
		star.types |= f.types
	}
	if star.types != 0 {
		d.met = append(d.met, star)
	}
}

func (d *comparison) see(n *node) {
	if n != nil && n.items > 0 {
		d.met = append(d.met, sighting{n.path, n.types, d.share(n), n.valued, n.typed})
		d.flatten(n)
	}
}

func (d *comparison) share(n *node) float64 {
	if n.path == "" { // the item itself
		return 1
	}
	return float64(n.items) / float64(d.items)
}

func (d *comparison) compare() {
	baseline := len(d.known) == 0
	stars := map[string]bool{} // objects that are dictionaries
	met := make(map[string]typeSet, len(d.met))
	for _, m := range d.met {
		met[m.path] = m.types
		parent, key := splitPath(m.path)
		stars[parent] = stars[parent] || key == anyKey && m.path == anyPath(parent)
		before, is := d.known[m.path]
		types := typesOf(before.Types)
		switch {
		case is && grown(types, m.types):
			d.changed = append(d.changed, d.drift(market.DriftTypeChanged, m.path, types, m.types))
		case !is && !baseline && d.open(parent, key):
			d.fresh = append(d.fresh, d.drift(market.DriftNewPath, m.path, 0, m.types))
		}
		now := d.shapeOf(m)
		if is {
			now = d.update(before, now, m.valued)
		} else if !baseline {
			now.FirstRunID = d.run.ID
		}
		d.shape = append(d.shape, now)
	}
	d.miss(met, stars)
}

// grown tells whether a path has a type that it did not have. A null says nothing about types.
func grown(before, now typeSet) bool {
	return before&^typeNull != 0 && now&^before&^typeNull != 0
}

// open tells whether there have been objects, or arrays, that a path could have been in before.
func (d *comparison) open(parent, key string) bool {
	before, is := d.known[parent]
	return parent == "" || is && typesOf(before.Types)&container(key) != 0
}

// container is the type of what a key is in.
func container(key string) typeSet {
	if key == elementMark {
		return typeArray
	}
	return typeObject
}

// miss finds the paths that are no more. In the order of their text, a path comes before those below it.
func (d *comparison) miss(met map[string]typeSet, stars map[string]bool) {
	gone := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(d.known)) {
		if _, is := met[path]; is {
			continue
		}
		before := d.known[path]
		parent, key := splitPath(path)
		switch {
		case gone[parent] || stars[parent] && key != elementMark: // told of with its parent
		case !d.improbable(before.Frequency, d.items):
			continue
		case met[parent]&^typeNull != 0 && met[parent]&container(key) == 0: // its parent is something else now
		default:
			d.missing = append(d.missing, d.drift(market.DriftMissingPath, path, typesOf(before.Types), 0))
		}
		gone[path] = true
		d.gone = append(d.gone, before)
	}
}

func (d *comparison) drift(kind market.DriftKind, path string, expected, seen typeSet) market.Drift {
	return market.Drift{
		Source: d.run.Source, Part: d.part, Path: path, Kind: kind, Expected: expected.String(), Seen: seen.String(),
	}
}

// drifts are all of the part, by path.
func (d *comparison) drifts() []market.Drift {
	all := slices.Concat(d.changed, d.fresh, d.missing)
	slices.SortFunc(all, func(a, b market.Drift) int { return cmp.Compare(a.Path, b.Path) })
	return all
}
