package market

import (
	"context"
	"encoding/json"
	"time"
)

// Reader is every question that the API may ask. Lists come back in the order asked for; lookups
// by many keys in no order, without those that do not exist. All answers are committed data. An
// error wraps ErrUnavailable when the database is away. Implementations are safe for concurrent use.
type Reader interface {
	// Ping tells within the context's deadline whether the database answers.
	Ping(ctx context.Context) error
	// Version is that of the last commit. Whatever is read before it changes is of that version, or of one before.
	Version(ctx context.Context) (int64, error)
	// CommitsAfter returns the commits behind a version, oldest first, at most so many. It returns
	// ErrForgotten where some of them are not known any more.
	CommitsAfter(ctx context.Context, version int64, most int) ([]Commit, error)
	// SourceStates returns every source known, by name, with its totals and its last run.
	SourceStates(ctx context.Context) ([]SourceState, error)

	Assets(ctx context.Context, f AssetFilter, o AssetOrder, w Window[AssetKey]) (Page[Asset], error)
	CountAssets(ctx context.Context, f AssetFilter) (int64, error)
	AssetsByID(ctx context.Context, ids []int64) ([]Asset, error)
	// AssetBySlug returns ErrNotFound where there is none. The slug of an asset that was merged into
	// another, or that has a better slug now, leads to what became of it.
	AssetBySlug(ctx context.Context, slug string) (Asset, error)
	// ListingsOf returns the listings of the assets, by source and external id.
	ListingsOf(ctx context.Context, assetIDs []int64) ([]Listing, error)
	ListingsByID(ctx context.Context, ids []int64) ([]Listing, error)

	MatchCandidates(ctx context.Context, f CandidateFilter, w Window[CandidateKey]) (Page[MatchCandidate], error)
	CountMatchCandidates(ctx context.Context, f CandidateFilter) (int64, error)
	MatchChanges(ctx context.Context, f ChangeFilter, w Window[int64]) (Page[MatchChange], error)
	CountMatchChanges(ctx context.Context, f ChangeFilter) (int64, error)

	Records(ctx context.Context, f RecordFilter, o RecordOrder, w Window[RecordKey]) (Page[Record], error)
	// CountRecords takes no count where the maintained totals answer.
	CountRecords(ctx context.Context, f RecordFilter) (int64, error)
	// RecordsOf pages the records of each asset alike, in one query, newest first.
	RecordsOf(ctx context.Context, assetIDs []int64, f RecordFilter, w Window[RecordKey]) (map[int64]Page[Record], error)
	CountRecordsOf(ctx context.Context, assetIDs []int64, f RecordFilter) (map[int64]int64, error)
	RecordsByKey(ctx context.Context, keys []RecordKey) ([]Record, error)
	// Latest returns the newest record of every listing of the assets; of one source, or of all
	// where it is empty.
	Latest(ctx context.Context, assetIDs []int64, source string) ([]Record, error)
	// Payloads returns the payloads that the records were read from, by raw id. One that has been
	// dropped at the end of its retention is left out. It returns a TooLargeError where they are more in all than
	// what asks for them may carry.
	Payloads(ctx context.Context, records []Record) (map[int64]json.RawMessage, error)

	Runs(ctx context.Context, f RunFilter, w Window[int64]) (Page[Run], error)
	CountRuns(ctx context.Context, f RunFilter) (int64, error)
	RunsByID(ctx context.Context, ids []int64) ([]Run, error)

	// Rejections returns a page of them without their payloads.
	Rejections(ctx context.Context, f RejectionFilter, w Window[int64]) (Page[Rejection], error)
	// RejectedPayloads returns what was rejected, by id of the rejection. It returns a TooLargeError as Payloads does.
	RejectedPayloads(ctx context.Context, ids []int64) (map[int64][]byte, error)
	CountRejections(ctx context.Context, f RejectionFilter) (int64, error)

	Drifts(ctx context.Context, f DriftFilter, w Window[int64]) (Page[Drift], error)
	CountDrifts(ctx context.Context, f DriftFilter) (int64, error)
	// DriftsOf returns the newest drifts that each of the runs has met, newest first; of each run at
	// most so many.
	DriftsOf(ctx context.Context, runIDs []int64, most int) ([]Drift, error)
}

// SourceState is a source with its maintained totals and how its runs went.
type SourceState struct {
	Source
	RecordCount      int64 // records held now
	RecordsProcessed int64 // items extracted over all runs
	TotalRuns        int64 // runs that ended, whatever their end
	SucceededRuns    int64
	FailedRuns       int64 // failed, partial or abandoned
	LastRun          *Run  // the newest, running or not; nil before the first
	LastSuccessAt    *time.Time
	LastFailureAt    *time.Time
	LastError        string         // of the newest ended run; empty when it succeeded
	LastDuration     *time.Duration // of the newest ended run
	AverageDuration  *time.Duration // of all ended runs
}

// TimeRange is half open: from From, before Before. A nil end is open.
type TimeRange struct {
	From   *time.Time
	Before *time.Time
}

// RecordFilter narrows records. In each list nil means any, and an empty list matches nothing.
type RecordFilter struct {
	Sources    []string // names
	Assets     []string // slugs, also former ones
	Symbols    []string // of the asset, in any case
	ObservedAt TimeRange
}

// RecordOrder is an order over records; ties go by listing in the same direction.
type RecordOrder string

// Orders of records.
const (
	RecordsNewestFirst RecordOrder = "OBSERVED_AT_DESC"
	RecordsOldestFirst RecordOrder = "OBSERVED_AT_ASC"
)

// RunFilter narrows runs, which are listed newest first. In each list nil means any.
type RunFilter struct {
	Sources  []string
	Streams  []string
	Live     *bool // true: of what the source says now; false: of every other stream; nil means any
	Statuses []RunStatus
	Triggers []Trigger
}

// RejectionFilter narrows rejections, which are listed newest first. In each list nil means any.
type RejectionFilter struct {
	Sources  []string
	Codes    []string
	RunID    *int64
	Resolved *bool
}
