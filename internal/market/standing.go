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
}
