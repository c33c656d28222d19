// Package market holds the nouns of the system: what an upstream names (Listing), what it is
// (Asset), what was seen of it (Record), how it was fetched (Run), what could not be kept as a
// record (Rejection), and Reader, every question the API may ask about them.
//
// It imports the standard library and the decimal type only. All times are UTC, all amounts are
// US dollars or units of the coin, exact to the digit that the source sent.
package market

import (
	"time"

	"github.com/shopspring/decimal"
)

// Kinds of Source.
const (
	KindAPI  = "api"
	KindFile = "file"
)

// Source is an upstream: something that publishes observations of the market.
type Source struct {
	ID   int16
	Name string // "coingecko", as used in flags, URLs and GraphQL
	Kind string // KindAPI or KindFile
}

// Asset is the coin or token itself; listings of several sources resolve to it.
type Asset struct {
	ID     int64
	Slug   string // unique, kebab case: "usd-coin"
	Symbol string // upper case: "USDC"
	Name   string // "USD Coin"
	Rank   *int32 // the best rank that any source gives it now; nil where none does
	// MergedInto is the asset that it was merged into; 0 while it lives.
	MergedInto int64
	// Consensus is what its sources agreed on when a run last ended; nil where none had a price
	// that was young enough.
	Consensus *Consensus
}

// Listing is an asset as one source names it. Source and ExternalID identify it for good.
type Listing struct {
	ID         int64
	Source     string
	ExternalID string
	Symbol     string // upper case, empty where the source gives none
	Name       string // empty where the source gives none
	AssetID    int64
	Match      Match
	Pinned     bool // a person has decided something about it, which evidence never overrides
}

// Key is what identifies the listing for good.
func (l *Listing) Key() ListingKey { return ListingKey{l.Source, l.ExternalID} }

// Figures are the numbers of one observation. A figure that the source does not give, or gives
// as its way of saying "unknown", is not valid (null), never zero.
type Figures struct {
	PriceUSD          decimal.Decimal
	OpenUSD           decimal.NullDecimal
	HighUSD           decimal.NullDecimal
	LowUSD            decimal.NullDecimal
	MarketCapUSD      decimal.NullDecimal
	Volume24hUSD      decimal.NullDecimal
	PercentChange1h   decimal.NullDecimal
	PercentChange24h  decimal.NullDecimal
	PercentChange7d   decimal.NullDecimal
	Rank              *int32
	CirculatingSupply decimal.NullDecimal
	TotalSupply       decimal.NullDecimal
	MaxSupply         decimal.NullDecimal
}

// RecordKey identifies a record: there is one for each listing and instant.
type RecordKey struct {
	ListingID  int64
	ObservedAt time.Time
}

// Record is one normalised observation of a listing.
type Record struct {
	RecordKey  // ObservedAt is the source's own time, to the microsecond
	AssetID    int64
	Source     string
	ExternalID string
	Amounts
	RawID      int64 // the payload that it was read from
	RunID      int64
	IngestedAt time.Time // when it was stored or last changed
}

// Rejection is an item that could not become a record, kept whole with the reason.
type Rejection struct {
	ID         int64
	RunID      int64 // the run that first met it
	Source     string
	ExternalID string // empty where the item has none
	Reason     Reason
	Payload    []byte // as it came, which may be no valid JSON and no valid UTF-8; nil where only the rest was asked for
	CreatedAt  time.Time
	ResolvedAt *time.Time // nil while it waits
}

// Reason says why an item was rejected: a stable code for programs, a sentence for people.
type Reason struct {
	Code   string // "missing_price"
	Field  string // the field in the payload's own words; empty where it is the whole item
	Detail string // what was found and what is needed
}

// Cursor is where a source was left: JSON that only that source understands. The zero value is
// the beginning.
type Cursor string
