package market

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinel errors. Wrapped on the way, mapped to codes and statuses once at each edge.
var (
	ErrNotFound  = errors.New("not found")
	ErrBadCursor = errors.New("bad cursor")
	// ErrRunning: another run of the source is going on.
	ErrRunning = errors.New("a run of this source is going on")
	// ErrSlotTaken: the scheduled slot has been run, or is being run, by someone.
	ErrSlotTaken = errors.New("this slot has been taken")
	// ErrFenced: the run is no longer open, so nothing may be committed under it.
	ErrFenced = errors.New("the run has been closed by someone else")
	// ErrRebuilding: another rebuild of the source has gone on from where this one stood.
	ErrRebuilding = errors.New("another rebuild of this source is going on")
	// ErrConflict: another transaction stood in the way; trying again helps.
	ErrConflict = errors.New("another transaction stood in the way")
	// ErrQuota: the month's budget of requests is spent.
	ErrQuota = errors.New("the month's budget of requests is spent")
	// ErrForgotten: what came after that point is not known any more.
	ErrForgotten = errors.New("what came after that is not known any more")
	// ErrUnavailable: the database cannot be reached, or has not been migrated yet.
	ErrUnavailable = errors.New("the database is not ready")
)

// maxGiven is how many bytes of what was given are told.
const maxGiven = 100

// Brief is the beginning of what somebody has sent, as far as it helps to find it again.
func Brief(given string) string {
	if len(given) <= maxGiven {
		return given
	}
	return strings.ToValidUTF8(given[:maxGiven], "") + "…"
}

// LimitError is that more was asked for than is allowed. It is otherwise as good as Err, which says what of.
type LimitError struct {
	Met   int // what was asked for
	Limit int // the most that is allowed
	Err   error
}

// Error is that of Err.
func (e *LimitError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *LimitError) Unwrap() error { return e.Err }

// Figures are for clients that read no words.
func (e *LimitError) Figures() (met, limit int64) { return int64(e.Met), int64(e.Limit) }

// InputError is bad input: which field, what was given, what is allowed.
type InputError struct {
	Field   string
	Given   string
	Allowed string
}

// Error names the field, what was given, its beginning if that is long, and what is allowed.
func (e *InputError) Error() string {
	return fmt.Sprintf("%s: %q is not allowed: %s", e.Field, Brief(e.Given), e.Allowed)
}
