package source

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// ProbableRename is the resemblance from which on a name is probably another one, renamed or
// misspelt.
const ProbableRename = 0.75

const (
	longestName  = 120 // bytes; what is longer is a text and not a name
	related      = 0.6 // two words that resemble each other less have nothing in common
	otherInitial = 0.8 // people rarely mistype the first letter
	otherOrder   = 0.95
	otherThing   = 0.5 // where only one of them has a word that tells things apart
)

// Resemblance tells how much two names of fields resemble each other, from 0 to 1: paths in JSON
// ("quotes.USD.price") or headings of a table. Case, separators and the order of words count
// little, and neither does a word such as "last" or "usd"; names that differ in a word such as
// "open", "24h" or "btc" are of different things, however many letters they share. It is the same
// both ways round, and 1 for equal names.
func Resemblance(a, b string) float64 {
	if a == b {
		return 1
	}
	if len(a) > longestName || len(b) > longestName {
		return 0
	}
	if a > b { // so that the order can make no difference
		a, b = b, a
	}
	x, y := wordsOf(a), wordsOf(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	joinedX, joinedY := joined(x), joined(y)
	if joinedX == joinedY {
		return 1
	}
	likeness := overlap(x, y)
	if likeness == 1 {
		return otherOrder
	}
	if !allKnown(x) || !allKnown(y) {
		likeness = max(likeness, slip(joinedX, joinedY))
	}
	return likeness
}

// pairing is two words that may be the same.
type pairing struct {
	i, j     int
	likeness float64
}

// overlap is the share of the words, by their weight, that the names have in common.
func overlap(x, y []word) float64 {
	var possible []pairing
	for i := range x {
		for j := range y {
			if l := likeness(x[i], y[j]); l > 0 {
				possible = append(possible, pairing{i, j, l})
			}
		}
	}
	slices.SortStableFunc(possible, func(p, q pairing) int { return cmp.Compare(q.likeness, p.likeness) })
	inX, inY := make([]bool, len(x)), make([]bool, len(y))
	common, all := 0.0, 0.0
	for _, p := range possible {
		if !inX[p.i] && !inY[p.j] {
			inX[p.i], inY[p.j] = true, true
			common += p.likeness * (x[p.i].weight + y[p.j].weight)
		}
	}
	telling := false
	for _, side := range []struct {
		words  []word
		paired []bool
	}{{x, inX}, {y, inY}} {
		for i, w := range side.words {
			all += w.weight
			telling = telling || w.telling && !side.paired[i]
		}
	}
	if telling {
		common *= otherThing
	}
	return min(common/all, 1)
}

// likeness tells how likely two words are the same one, 0 where they are not.
func likeness(x, y word) float64 {
	switch {
	case x.text == y.text:
		return 1
	case x.known && y.known, x.exact || y.exact:
		return 0
	}
	longer := max(utf8.RuneCountInString(x.text), utf8.RuneCountInString(y.text))
	if longer <= 3 { // too short to tell a slip from another word
		return 0
	}
	l := 1 - float64(distance(x.text, y.text))/float64(longer)
	if x.text[0] != y.text[0] {
		l *= otherInitial
	}
	if l < related {
		return 0
	}
	return l
}

// slip is the likeness of names that were written in one word, so that a letter or two within are
// all that is wrong: "marketcpa". What begins or ends otherwise may be another thing: "volumeusdx".
func slip(x, y string) float64 {
	const shortest, most = 6, 2
	m, n := len(x), len(y)
	if min(m, n) < shortest || x[:2] != y[:2] || onlyDigits(x) != onlyDigits(y) {
		return 0
	}
	swapped := x[m-1] == y[n-2] && x[m-2] == y[n-1]
	if x[m-1] != y[n-1] && !swapped {
		return 0
	}
	d := distance(x, y)
	if d > most {
		return 0
	}
	return 1 - float64(d)/float64(max(utf8.RuneCountInString(x), utf8.RuneCountInString(y)))
}

func onlyDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// distance counts the letters to insert, delete, replace, or swap with their neighbour to make
// one text the other.
func distance(x, y string) int {
	a, b := []rune(x), []rune(y)
	before, last, this := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		this[0] = i + 1
		for j := range b {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			this[j+1] = min(replaced, last[j+1]+1, this[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				this[j+1] = min(this[j+1], before[j-1]+1)
			}
		}
		before, last, this = last, this, before
	}
	return last[len(b)]
}
