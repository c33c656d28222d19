package csvfile

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/kasparro/kasparro/internal/source"
)

const (
	// asNear is how close two resemblances lie for the choice between them to be a guess.
	asNear = 0.05
	// worthNaming is the resemblance from which on a heading is named to a person.
	worthNaming = 0.5
	// maxWide and maxHeading bound the looking: wider tables and longer headings are no prices.
	maxWide    = 64
	maxHeading = 64
)

// closeness is how near a heading that is not known comes to the one that it resembles most.
type closeness struct {
	place      int // of the heading
	heading    string
	column     int
	known      string // the heading of that column that it resembles
	confidence float64
	rival      float64 // how near it comes to another column
}

// guesses are the headings that are not known and resemble one that is.
type guesses struct {
	taken   []closeness // read as what they resemble
	unclear []closeness // near enough, but so is another
	near    []closeness // all that are worth naming
}

var knownHeadings = func() map[string]bool {
	all := map[string]bool{}
	for _, known := range headings {
		for _, heading := range known {
			all[heading] = true
		}
	}
	return all
}()

// tooVague are known headings that so many others resemble by chance that none is taken for them.
var tooVague = wordSet("market last")

// guess finds for the columns that the header lacks a misspelt heading.
func (h header) guess() header {
	if len(h.names) > maxWide {
		return h
	}
	for i, name := range h.names {
		if c := nearest(name); c.confidence >= worthNaming {
			c.place = i
			h.guesses.near = append(h.guesses.near, c)
		}
	}
	for column := range h.column {
		if !h.has(column) {
			h.column[column] = h.choose(column, "")
		}
	}
	if h.clock < 0 && h.has(colTime) && isDay(h.names[h.column[colTime]]) {
		h.clock = h.choose(colTime, "time")
	}
	return h
}

// choose returns the place of the only heading that resembles the column, or -1; known narrows it to
// those that resemble this heading of it.
func (h *header) choose(column int, known string) int {
	var best, second *closeness
	for i := range h.guesses.near {
		c := &h.guesses.near[i]
		switch {
		case c.column != column || known != "" && c.known != known || c.confidence < source.ProbableRename || c.place == h.column[colTime]:
		case best == nil || c.confidence > best.confidence:
			best, second = c, best
		case second == nil || c.confidence > second.confidence:
			second = c
		}
	}
	switch {
	case best == nil:
		return -1
	case best.confidence-best.rival < asNear:
		h.guesses.unclear = append(h.guesses.unclear, *best)
		return -1
	case second != nil && best.confidence-second.confidence < asNear:
		h.guesses.unclear = append(h.guesses.unclear, *best, *second)
		return -1
	}
	h.guesses.taken = append(h.guesses.taken, *best)
	return best.place
}

// isDay tells whether the heading is of a date beside which the time of day may stand.
func isDay(heading string) bool {
	return source.Resemblance(heading, "date") >= source.ProbableRename || source.Resemblance(heading, "tradedate") >= source.ProbableRename
}

// nearest compares a heading with all that are known. One that is known resembles nothing: it has its
// place, or is not wanted.
func nearest(name string) closeness {
	best := closeness{heading: name}
	if len(name) > maxHeading || strings.IndexFunc(name, unicode.IsLetter) < 0 || knownHeadings[normalHeading(name)] {
		return best
	}
	text := strings.ReplaceAll(name, "%", " percent ")
	for column, known := range headings {
		most := closeness{heading: name, column: column}
		for _, heading := range known {
			if r := source.Resemblance(text, heading); r > most.confidence && !tooVague[heading] {
				most.known, most.confidence = heading, r
			}
		}
		if most.confidence > best.confidence {
			most.rival = best.confidence
			best = most
		} else {
			best.rival = max(best.rival, most.confidence)
		}
	}
	return best
}

// hint names what may be meant to be the column that is missing, or is empty.
func (g guesses) hint(column int) string {
	var meant []string
	known, most := "", 0.0
	for _, c := range g.near {
		if c.column != column {
			continue
		}
		meant = append(meant, fmt.Sprintf("%q", c.heading))
		if c.confidence > most {
			known, most = c.known, c.confidence
		}
	}
	switch len(meant) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("if %s is meant to be it, name it %s, or else ", meant[0], known)
	}
	return fmt.Sprintf("if one of %s is meant to be it, name that %s, or else ", strings.Join(meant, " and "), known)
}

// warnings tell a person what was understood of misspelt headings.
func (g guesses) warnings(file string) []string {
	var all []string
	for _, c := range g.taken {
		all = append(all, fmt.Sprintf("%s: the column %q is taken for %q (confidence %.2f): name it %s if that is right, and otherwise something else",
			file, c.heading, c.known, c.confidence, c.known))
	}
	for _, c := range g.unclear {
		all = append(all, fmt.Sprintf("%s: the column %q is left out: it may be %q (confidence %.2f), and something else comes as near; name it %s if that is right",
			file, c.heading, c.known, c.confidence, c.known))
	}
	return all
}
