package market

import "time"

// RawKey is the place of a payload among those of its source.
type RawKey struct {
	ExternalID string
	ID         int64 // a later payload has a higher one
}

// Raw is a payload as it is kept.
type Raw struct {
	RawKey
	RunID       int64
	FetchedAt   time.Time  // when it was fetched, our clock, UTC
	ObservedAt  *time.Time // the instant of the record that it gave, UTC; nil where it gave none
	Payload     []byte     // as jsonb has kept it
	PayloadHash [16]byte   // of the payload as it came
}

// Rederived is a payload that has been judged again. One of Observation and Rejection is nil.
type Rederived struct {
	Raw
	Observation *Observation
	Rejection   *Rejection
}

// Rebuild is how far the records of a source have been derived again from their payloads. They are
// gone through from the last to the first, so that of several for one instant the one that counts comes first.
type Rebuild struct {
	Source     string
	StartedAt  time.Time  // tells it from the rebuilds before it
	FinishedAt *time.Time // nil while there is more to do
	After      RawKey     // the payload that was dealt with last; the zero value at the beginning
	Payloads   int64      // dealt with
	Changed    int64      // records added, mended or taken away
	Rejected   int64      // payloads that are refused now
}
