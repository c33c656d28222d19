package market

// Commit is one step of the data. Every transaction that changes what Reader answers makes one, and its version is
// one more than that of the step before it, in the order in which they can be seen.
type Commit struct {
	Version int64
	RunID   int64       // the run that began, went on or ended; 0 where there is none
	Added   []RecordKey // the records that were added, by listing and instant
}

// Position is a place among all records that were ever added, in the order in which they were.
type Position struct {
	Version int64 // of the commit
	Ordinal int   // in Commit.Added, from 1; 0 is before all of them
}

// possible tells whether a position can have been made by this service.
func (p Position) possible() bool { return p.Version >= 0 && p.Ordinal >= 0 }

// Before tells whether p comes before q.
func (p Position) Before(q Position) bool {
	return p.Version < q.Version || p.Version == q.Version && p.Ordinal < q.Ordinal
}

// AdditionScope is that of cursors of a Position. It stands for all records, whatever filter goes along.
var AdditionScope = NewCursorScope("records added")
