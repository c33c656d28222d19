package ingest

import "encoding/json"

// maxDepth is how deep JSON may be nested, as encoding/json has it.
const maxDepth = 10_000

// walker goes through one payload and meets the nodes of the paths in it. It accepts exactly what
// encoding/json takes for valid, so that an item is counted as a whole or not at all.
type walker struct {
	part    *partCensus
	data    []byte
	item    int64   // numbers the walks
	met     []*node // in this walk, each once
	grow    bool    // paths that are not known are to be made
	unknown bool    // the walk ended at one, since they were not to be made
}

// run walks through the payload and tells whether it came to the end.
func (w *walker) run() bool {
	w.item++
	w.met, w.unknown = w.met[:0], false
	end := w.value(w.space(0), w.part.root, 0)
	return end >= 0 && w.space(end) == len(w.data)
}

// Each of the following is given the index at which something begins and returns the one behind it,
// or -1. The node is that of the path, nil where the path is not counted.

func (w *walker) value(i int, n *node, depth int) int {
	switch w.at(i) {
	case '{':
		w.meet(n, typeObject)
		return w.object(i+1, n, depth+1)
	case '[':
		w.meet(n, typeArray)
		return w.array(i+1, n, depth+1)
	case '"':
		w.meet(n, typeString)
		end, _ := w.text(i + 1)
		return end
	case 't':
		w.meet(n, typeBool)
		return w.word(i, "true")
	case 'f':
		w.meet(n, typeBool)
		return w.word(i, "false")
	case 'n':
		w.meet(n, typeNull)
		return w.word(i, "null")
	}
	w.meet(n, typeNumber)
	return w.number(i)
}

func (w *walker) meet(n *node, t typeSet) {
	switch {
	case n == nil:
	case n.item == w.item:
		n.now |= t
	default:
		n.item, n.now = w.item, t
		w.met = append(w.met, n)
	}
}

func (w *walker) object(i int, n *node, depth int) int {
	if i = w.space(i); w.at(i) == '}' {
		return i + 1
	}
	for guess := 0; depth <= maxDepth && w.at(i) == '"'; guess++ {
		end, escaped := w.text(i + 1)
		if end < 0 {
			return -1
		}
		colon := w.space(end)
		if w.at(colon) != ':' {
			return -1
		}
		var kid *node
		if n != nil {
			if kid, guess = w.field(n, i, end, escaped, guess); w.unknown {
				return -1
			}
		}
		if i = w.value(w.space(colon+1), kid, depth); i < 0 {
			return -1
		}
		switch i = w.space(i); w.at(i) {
		case '}':
			return i + 1
		case ',':
			i = w.space(i + 1)
		default:
			return -1
		}
	}
	return -1
}

// field finds the node of a key, which most often is the one behind the key before it.
func (w *walker) field(n *node, begin, end int, escaped bool, guess int) (*node, int) {
	key := w.data[begin+1 : end-1]
	if escaped {
		var plain string
		if json.Unmarshal(w.data[begin:end], &plain) != nil {
			return nil, guess
		}
		key = []byte(plain)
	}
	if kid := n.field(key, guess); kid != nil {
		return kid, kid.index
	}
	switch {
	case n.closed:
		return nil, guess
	case !w.grow:
		w.unknown = true
		return nil, guess
	}
	return w.part.addField(n, string(key), w.item), guess
}

func (w *walker) array(i int, n *node, depth int) int {
	if i = w.space(i); w.at(i) == ']' {
		return i + 1
	}
	if depth > maxDepth {
		return -1
	}
	var element *node
	if n != nil && !n.closed {
		if n.element == nil {
			if !w.grow {
				w.unknown = true
				return -1
			}
			w.part.addElement(n, w.item)
		}
		element = n.element
	}
	for {
		if i = w.value(i, element, depth); i < 0 {
			return -1
		}
		switch i = w.space(i); w.at(i) {
		case ']':
			return i + 1
		case ',':
			i = w.space(i + 1)
		default:
			return -1
		}
	}
}
