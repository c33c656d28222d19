package config

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInvalid is what every error of this package wraps: the configuration is wrong, and trying
// again does not help.
var ErrInvalid = errors.New("invalid configuration")

// Error lists everything that is wrong, in the order in which variables are documented.
type Error struct{ Problems []Problem }

// Problem is one wrong value. It holds no secret, so it may be shown to anyone.
type Problem struct {
	Variable string // DATABASE_URL; the flag of the same name is --database-url
	Given    string // quoted, or described where it is a secret
	Allowed  string
}

// nothing stands for a value that was not given.
const nothing = "nothing"

// Error lists every problem, one a line.
func (e *Error) Error() string {
	if len(e.Problems) == 1 {
		return fmt.Sprintf("%v: %v", ErrInvalid, e.Problems[0])
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%v, %d wrong values:", ErrInvalid, len(e.Problems))
	for _, p := range e.Problems {
		fmt.Fprintf(&text, "\n  %v", p)
	}
	return text.String()
}

// Unwrap returns ErrInvalid.
func (e *Error) Unwrap() error { return ErrInvalid }

// String says in a line what is wrong and what is allowed.
func (p Problem) String() string {
	return fmt.Sprintf("%s: given %s; allowed: %s", p.Variable, p.Given, p.Allowed)
}
