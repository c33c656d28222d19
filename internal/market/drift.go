package market

import "time"

// DriftKind is the way in which a payload's shape is no longer what it was.
type DriftKind string

// Kinds of drift.
const (
	DriftNewPath     DriftKind = "NEW_PATH"     // a path that no payload had before
	DriftMissingPath DriftKind = "MISSING_PATH" // a path that no payload has any more
	DriftTypeChanged DriftKind = "TYPE_CHANGED" // a path with a type that it never had
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
	Part  string
	Path  string
	Types []string // in alphabetical order: "array", "bool", "null", "number", "object", "string"
	Share float64  // of the items of its part, those that have it, 0 to 1, in the run that met it last
}

// DriftFilter narrows drifts, which are listed newest first. In each list nil means any.
type DriftFilter struct {
	Sources []string
	Kinds   []DriftKind
	RunIDs  []int64
}
