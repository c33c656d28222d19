package market

import "time"

// Standing is how a source stands, for those who watch over it.
type Standing struct {
	Name              string
	RecordCount       int64
	LastSuccessAt     *time.Time // nil before the first
	CheckpointAt      *time.Time // when the checkpoint of what it says now was last stored; nil before the first
	NewestRecordAt    *time.Time // the source's own time; nil before the first
	Waiting           int64      // items in quarantine that have not been resolved
	Running           int64      // runs that are going on
	RequestsThisMonth int64      // to the upstream, with the credential that was asked for
	FailuresInARow    int64      // runs since the last that succeeded that did not, of the last hundred of what it says now; interrupted ones aside
	LastHour          Hour
}

// Hour is what runs have done in an hour, in whatever process. What is 0 may be left out.
type Hour struct {
	Runs   map[RunStatus]int64 // that ended
	Items  Counters            // of these, and of those that are going on
	Drifts map[DriftKind]int64 // that they found
}
