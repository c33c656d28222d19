package ingest

import (
	"encoding/json"

	"github.com/kasparro/kasparro/internal/market"
)

// Census counts, part by part, the paths in the payloads of a source and the types met on them. The
// zero value is ready. It is for one goroutine at a time.
//
// What it holds is bounded. An object with more than 256 different keys, counted over all items, is
// taken for a dictionary with ids as keys: its keys become one path, "platforms.*", and what is below
// them is not counted. Where a part has more than 4096 paths all the same, objects with fewer keys are
// taken for dictionaries, too, until it fits. A path longer than 512 bytes is not counted: it would not
// fit an index.
type Census struct {
	parts map[string]*partCensus
	last  string // the part that was counted last; pages are of one part
	part  *partCensus
	walk  walker
}

// partCensus is the census of one part.
type partCensus struct {
	root  *node
	items int64 // counted
	paths int   // held
	width int   // an object with more keys is a dictionary
}

// Judgement is what the payloads of a run say about the shape of their source: what is to be stored
// with the run.
type Judgement struct {
	Drifts []market.Drift
	Shape  []market.PathShape // the paths met, of the parts met
	Gone   []market.PathShape // paths that are no more
}

// Add counts the paths and types of one item's payload. What is not valid JSON is left out.
func (c *Census) Add(part string, payload []byte) {
	if c.part == nil || c.last != part {
		c.last, c.part = part, c.find(part)
	}
	w := &c.walk
	w.part, w.data, w.grow = c.part, payload, false
	if !w.run() {
		// A path that is not known yet, or no JSON: paths are only ever made from what is JSON.
		if !w.unknown || !json.Valid(payload) {
			return
		}
		if w.grow = true; !w.run() {
			return
		}
	}
	c.part.items++
	for _, n := range w.met {
		n.count()
	}
}

func (c *Census) find(part string) *partCensus {
	if p := c.parts[part]; p != nil {
		return p
	}
	if c.parts == nil {
		c.parts = map[string]*partCensus{}
	}
	p := &partCensus{root: &node{}, width: maxKeys}
	c.parts[part] = p
	return p
}
