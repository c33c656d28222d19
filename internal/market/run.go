package market

import "time"

// Trigger is what started a run.
type Trigger string

// Triggers.
const (
	TriggerSchedule Trigger = "SCHEDULE" // a slot of the source's cron expression
	TriggerStartup  Trigger = "STARTUP"  // the service started, and catches up
	TriggerManual   Trigger = "MANUAL"   // a person asked for it
)

// RunStatus is how a run stands.
type RunStatus string

// Statuses. Every one but RunRunning is final.
const (
	RunRunning     RunStatus = "RUNNING"
	RunSucceeded   RunStatus = "SUCCEEDED"   // reached the end of what the source had
	RunPartial     RunStatus = "PARTIAL"     // a part could not be stored; Error says which
	RunInterrupted RunStatus = "INTERRUPTED" // asked to stop; the next run resumes
	RunFailed      RunStatus = "FAILED"      // nothing was stored; Error says why
	RunAbandoned   RunStatus = "ABANDONED"   // its process went away without a word
)

// Counters add up over the pages of a run. Extracted equals the sum of Inserted, Updated,
// Unchanged and Rejected once a page is committed.
type Counters struct {
	Extracted    int64 `json:"extracted"` // items that the source yielded
	Inserted     int64 `json:"inserted"`  // new records
	Updated      int64 `json:"updated"`   // records that the source has changed since
	Unchanged    int64 `json:"unchanged"` // items stored before, to the byte
	Rejected     int64 `json:"rejected"`  // items in quarantine
	Pages        int64 `json:"pages"`     // pages committed
	Retries      int64 `json:"retries"`   // requests repeated
	Waits        int64 `json:"waits"`     // times that a request was held back, by a rate limit or before a repetition
	WaitedMS     int64 `json:"waited_ms"` // how long all of them took, in milliseconds
	BytesFetched int64 `json:"bytes_fetched"`
}

// Add returns the sum of both, figure by figure.
func (c Counters) Add(d Counters) Counters {
	return Counters{
		Extracted: c.Extracted + d.Extracted, Inserted: c.Inserted + d.Inserted,
		Updated: c.Updated + d.Updated, Unchanged: c.Unchanged + d.Unchanged,
		Rejected: c.Rejected + d.Rejected, Pages: c.Pages + d.Pages,
		Retries: c.Retries + d.Retries, Waits: c.Waits + d.Waits, WaitedMS: c.WaitedMS + d.WaitedMS,
		BytesFetched: c.BytesFetched + d.BytesFetched,
	}
}

// Less returns what c has more than d, figure by figure.
func (c Counters) Less(d Counters) Counters {
	return c.Add(Counters{
		Extracted: -d.Extracted, Inserted: -d.Inserted, Updated: -d.Updated, Unchanged: -d.Unchanged, Rejected: -d.Rejected,
		Pages: -d.Pages, Retries: -d.Retries, Waits: -d.Waits, WaitedMS: -d.WaitedMS, BytesFetched: -d.BytesFetched,
	})
}

// Effort is what it took to get something from an upstream.
type Effort struct {
	Retries int64 // requests repeated
	Waits   int64 // times that a request was held back
	Waited  time.Duration
	Wasted  int64 // bytes of answers that were of no use, after decompression
}

// Add returns the sum of both, figure by figure.
func (e Effort) Add(f Effort) Effort {
	return Effort{
		Retries: e.Retries + f.Retries, Waits: e.Waits + f.Waits, Waited: e.Waited + f.Waited, Wasted: e.Wasted + f.Wasted,
	}
}

// Run is one attempt to bring a source up to date.
type Run struct {
	ID     int64
	Source string
	// Stream is what the run goes along, each with a cursor of its own: empty for what the source
	// says now, StreamQuarantine, or a stretch of its history.
	Stream      string
	Trigger     Trigger
	Status      RunStatus
	ScheduledAt *time.Time // the slot it runs; nil for a run started by hand
	StartedAt   time.Time
	HeartbeatAt time.Time
	FinishedAt  *time.Time // nil while it runs
	Counters
	CursorBefore Cursor
	CursorAfter  Cursor
	Vitals
	Anomalies []string
	Error     string // one line; empty when there was none
}

// Vitals are what a run is judged by besides its counters, against the runs of its source before it.
type Vitals struct {
	Whole     bool     // it read all that the source has, from the beginning to the end
	Coins     int64    // different external ids that it met, of which a hundred thousand are told apart
	GoneShare *float64 // of the coins known before, those that it did not meet, 0 to 1; nil unless Whole
	PriceJump *float64 // the median of how far prices have moved, 0.1 for a tenth up or down; nil where none was known before
}

// Duration is how long the run took, or has taken by now.
func (r Run) Duration(now time.Time) time.Duration {
	if r.FinishedAt != nil {
		now = *r.FinishedAt
	}
	return now.Sub(r.StartedAt)
}

// RunRequest asks for a run to be opened.
type RunRequest struct {
	Source      string
	Kind        string
	Stream      string // see Run.Stream
	Trigger     Trigger
	ScheduledAt *time.Time // nil for a run started by hand
}

// RunEnd closes a run.
type RunEnd struct {
	Status RunStatus
	Error  string
	Effort // of what belongs to no page that is stored: the request that failed last, a page that was refused
	Vitals
	Anomalies []string
	Drifts    []Drift     // what the run found changed in the shape of payloads
	Shape     []PathShape // the shape as it is now, of the parts that were met; nil where none was
	ShapeGone []PathShape // paths that are no more
}

// StreamQuarantine is the stream of a run that tries rejected items again.
const StreamQuarantine = "quarantine"

// Baseline is what is known of a source when a run begins.
type Baseline struct {
	Shape  []PathShape        // of its payloads
	Prices map[string]float64 // of an API: the latest price of each external id, in US dollars; a measure, not money
	Whole  []Run              // the last whole runs that succeeded, at most 20, newest first
	Recent []Run              // the last runs that brought anything, whole or not, at most 20, newest first
}

// Batch is a page after judgement: what is committed together, or not at all.
type Batch struct {
	Source       string
	Stream       string // of its run
	FetchedAt    time.Time
	Observations []Observation
	Rejections   []Rejection
	Next         Cursor // empty leaves the checkpoint where it is
	Effort
	BytesFetched int64
	Resolves     []int64 // rejections that have become one of the observations
}

// Observation is an item that has become a record, on its way into the store.
type Observation struct {
	ExternalID string
	Symbol     string
	Name       string
	ObservedAt time.Time
	Figures
	Contracts   []string // addresses of the token, where the source gives them
	Payload     []byte   // valid JSON that the store can hold
	PayloadHash [16]byte // of the payload as it came: equal hashes, equal payloads
}
