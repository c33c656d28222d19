package ingest

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode"

	"github.com/kasparro/kasparro/internal/market"
)

// elementMark stands in a path for the elements of an array, anyKey for any key of a dictionary.
const (
	elementMark = "[]"
	anyKey      = "*"
)

// fieldPath is the path of a field: "quotes.USD". A key that could be misread within a path is quoted:
// row["Vol."].
func fieldPath(parent, key string) string {
	switch {
	case !plainKey(key):
		return parent + "[" + strconv.Quote(key) + "]"
	case parent == "":
		return key
	}
	return parent + "." + key
}

func plainKey(key string) bool {
	odd := func(r rune) bool {
		return strings.ContainsRune(`.[]"*`, r) || r == unicode.ReplacementChar || !unicode.IsPrint(r)
	}
	return key != "" && strings.IndexFunc(key, odd) < 0
}

func anyPath(parent string) string {
	if parent == "" {
		return anyKey
	}
	return parent + "." + anyKey
}

// splitPath takes the last step off a path and returns its key, which is elementMark for the elements
// of an array. A path that the census did not make is a key of its own.
func splitPath(path string) (parent, key string) {
	at := 0
	for i := 0; i < len(path); {
		at = i
		switch quoted, err := strconv.QuotedPrefix(path[min(i+1, len(path)):]); {
		case path[i] == '[' && err == nil:
			i += len(quoted) + 2
		case path[i] == '[':
			i += len(elementMark)
		default:
			step := strings.IndexAny(path[i+1:], ".[")
			if step < 0 {
				step = len(path) - i - 1
			}
			i += step + 1
		}
	}
	parent, key = path[:at], strings.TrimPrefix(path[at:], ".")
	if quoted, found := strings.CutPrefix(key, `["`); found {
		if plain, err := strconv.Unquote(strings.TrimSuffix(`"`+quoted, "]")); err == nil {
			key = plain
		}
	}
	return parent, key
}

// typeSet is a set of JSON types.
type typeSet uint8

// In alphabetical order.
const (
	typeArray typeSet = 1 << iota
	typeBool
	typeNull
	typeNumber
	typeObject
	typeString
)

var typeNames = [...]string{"array", "bool", "null", "number", "object", "string"}

// typeCounts is a figure for each type, in the order of typeNames.
type typeCounts [len(typeNames)]int64

func (t typeSet) names() []string {
	names := make([]string, 0, bits.OnesCount8(uint8(t)))
	for i, name := range typeNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String is "null|number".
func (t typeSet) String() string { return strings.Join(t.names(), "|") }

func typesOf(known map[string]market.Frequency) (t typeSet) {
	for i, name := range typeNames {
		if _, is := known[name]; is {
			t |= 1 << i
		}
	}
	return t
}
