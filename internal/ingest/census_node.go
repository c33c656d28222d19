package ingest

import (
	"math/bits"
	"slices"
)

// The bounds of a census.
const (
	maxKeys  = 256  // of an object; one with more is a dictionary
	maxPaths = 4096 // of a part
	maxPath  = 512  // bytes of a path
)

// fewKeys is how many are searched one by one.
const fewKeys = 8

// node is one path in the payloads of a part.
type node struct {
	path    string // empty for the item itself
	key     string
	index   int              // among its siblings
	types   typeSet          // met so far
	items   int64            // that have it
	valued  int64            // that have more than null there
	typed   typeCounts       // that have each type there
	fields  []*node          // of the objects that stand here, in the order in which they were met
	byKey   map[string]*node // of fields, where there are many
	element *node            // of the arrays that stand here; nil until there was one
	star    *node            // instead of all fields, once the objects here are dictionaries
	closed  bool             // what is below it is not counted

	item int64   // the walk that met it last
	now  typeSet // and what it met
}

// count takes note of what the walk in hand has met.
func (n *node) count() {
	n.items++
	n.types |= n.now
	if n.now&^typeNull != 0 {
		n.valued++
	}
	for t := n.now; t != 0; t &= t - 1 {
		n.typed[bits.TrailingZeros8(uint8(t))]++
	}
}

// field finds the node of a key without making one, first where it is likely to be.
func (n *node) field(key []byte, guess int) *node {
	switch {
	case guess < len(n.fields) && n.fields[guess].key == string(key):
		return n.fields[guess]
	case n.star != nil:
		return n.star
	case n.byKey != nil:
		return n.byKey[string(key)]
	}
	for _, kid := range n.fields {
		if kid.key == string(key) {
			return kid
		}
	}
	return nil
}

// addField makes the node of a key. It returns nil where the path is not to be counted.
func (p *partCensus) addField(n *node, key string, item int64) *node {
	path := fieldPath(n.path, key)
	if len(path) > maxPath || p.full() {
		return nil
	}
	kid := &node{path: path, key: key, index: len(n.fields)}
	n.fields = append(n.fields, kid)
	if n.byKey != nil {
		n.byKey[key] = kid
	} else if len(n.fields) > fewKeys {
		n.byKey = make(map[string]*node, 2*fewKeys)
		for _, f := range n.fields {
			n.byKey[f.key] = f
		}
	}
	p.paths++
	if len(n.fields) > p.width {
		p.merge(n, item)
	}
	p.narrow(item)
	switch {
	case n.closed:
		return nil
	case n.star != nil:
		return n.star
	}
	return kid
}

// addElement makes the node of the elements of an array, unless their path is not to be counted.
func (p *partCensus) addElement(n *node, item int64) {
	path := n.path + elementMark
	if len(path) > maxPath || p.full() {
		return
	}
	n.element = &node{path: path}
	p.paths++
	p.narrow(item)
}

// full tells that not even taking every object for a dictionary would make room.
func (p *partCensus) full() bool { return p.paths >= maxPaths && p.width == 1 }

// narrow takes ever smaller objects for dictionaries until the part fits. It goes down to half of
// what is allowed, so that it is seldom needed.
func (p *partCensus) narrow(item int64) {
	if p.paths <= maxPaths {
		return
	}
	for p.paths > maxPaths/2 && p.width > 1 {
		p.width /= 2
		p.mergeWide(p.root, item)
	}
}

func (p *partCensus) mergeWide(n *node, item int64) {
	if len(n.fields) > p.width {
		p.merge(n, item)
	}
	for _, f := range n.fields {
		p.mergeWide(f, item)
	}
	if n.element != nil {
		p.mergeWide(n.element, item)
	}
}

// merge makes one path of all the fields of an object. Of what the walk in hand has met of them, the
// one path takes note.
func (p *partCensus) merge(n *node, item int64) {
	star := &node{path: anyPath(n.path), closed: true}
	for _, f := range n.fields {
		star.types |= f.types
		if f.item == item {
			star.types |= f.now
		}
		p.paths -= f.close()
	}
	n.fields, n.byKey, n.star = nil, nil, star
	p.paths++
}

// close takes a node out of the census with all below it, and returns how many they are. A walk that
// stands below it finds nothing more to count.
func (n *node) close() int {
	count := 1
	for _, below := range append(slices.Clip(n.fields), n.element) {
		if below != nil {
			count += below.close()
		}
	}
	n.fields, n.byKey, n.element, n.closed = nil, nil, nil, true
	return count
}
