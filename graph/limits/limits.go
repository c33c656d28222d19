// Package limits measures queries before anything is run: what a query is written like, and what it would
// cost. Both are counted as if every fragment were written out where it is used, and yet in one walk
// over what was sent: a fragment is measured once, and counting stops at the limit.
package limits

import "fmt"

// Limits are the most that a query may have. 0 is no limit.
type Limits struct {
	Tokens     int // words and signs, as the parser sees them
	Depth      int // fields within fields
	Fields     int // in all
	Aliases    int
	RootFields int // fields of the operation itself, repeated ones counted
	Directives int
	Repeats    int // fields of one name at one place of the answer, which are merged
	NameLength int // characters of a name or a number
	ListItems  int // of one list in a value
	Cost       int // see Cost
}

// Exceeded says which limit a query exceeds.
type Exceeded struct {
	What  string // in the plural: "aliases"
	Met   int    // what the query has; at least that many where AtLeast is set
	Limit int

	AtLeast bool // counting stopped there
}

// Error says what was met and what is allowed.
func (e *Exceeded) Error() string {
	more := ""
	if e.AtLeast {
		more = " or more"
	}
	return fmt.Sprintf("the query has %d%s %s; at most %d are allowed", e.Met, more, e.What, e.Limit)
}

// Figures are for clients that read no words.
func (e *Exceeded) Figures() (met, limit int64) { return int64(e.Met), int64(e.Limit) }

// enough is where counting stops: far above every limit, far below what overflows.
const enough = 1 << 30

func add(a, b int) int { return min(a+b, enough) }

func times(a, b int) int {
	if a != 0 && b > enough/a {
		return enough
	}
	return a * b
}

// over returns an Exceeded where a count is above its limit, and nil elsewhere.
func over(what string, met, limit int) error {
	if limit == 0 || met <= limit {
		return nil
	}
	return &Exceeded{What: what, Met: met, Limit: limit, AtLeast: met >= enough}
}
