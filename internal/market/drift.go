package market

import "time"

// DriftKind is the way in which a payload's shape is no longer what it was.
type DriftKind string

// Kinds of drift.
const (
	DriftNewPath     DriftKind = "NEW_PATH"     // a path that no payload had before
	DriftMissingPath DriftKind = "MISSING_PATH" // a path that no payload has any more
	DriftTypeChanged DriftKind = "TYPE_CHANGED" // a path with a type that it did not have
)

// Drift is one change in the shape of a source's payloads.
type Drift struct {
	ID       int64
	RunID    int64 // the run that met it
	Source   string
	Part     string // of the upstream: the name of a file; empty where it is all one
	Path     string // "quotes.USD.price"; [] stands for the elements of an array
	Kind     DriftKind
	Expected string // the types until now: "null|number"; empty for a new path
	Seen     string // the types met now; empty for a missing path
	// RenameCandidate is the new path that a missing one has probably become, empty for none.
	RenameCandidate string
	Confidence      float64 // in RenameCandidate, 0 to 1; 0 for none
	CreatedAt       time.Time
}

// PathShape is what is known of one path in the payloads of a source.
type PathShape struct {
	Part      string
	Path      string
	Frequency // among the items of its part
	// Types are "array", "bool", "null", "number", "object" and "string", each with its frequency among the
	// items that have more than null here. Of null it is not known, nor in a dictionary.
	Types map[string]Frequency
	// FirstRunID is the run that met it first: 0 where it was met when nothing was known of the part yet,
	// and once it was told to be what a missing path has become.
	FirstRunID int64
	LastRunID  int64 // the run that met it last
}

// Frequency is how often something was met: as far as is known, in the last run that read all of its source.
type Frequency struct {
	Share float64 `json:"share"` // 0 to 1
	Items int64   `json:"items"` // that it is a share of
}

// DriftFilter narrows drifts, which are listed newest first. In each list nil means any.
type DriftFilter struct {
	Sources []string
	Kinds   []DriftKind
	RunIDs  []int64
}
