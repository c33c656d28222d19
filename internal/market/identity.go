package market

import (
	"time"

	"github.com/shopspring/decimal"
)

// ListingKey names a listing for good, in every store that has it.
type ListingKey struct {
	Source     string
	ExternalID string
}

// String is the key as people read it: "coingecko/bitcoin".
func (k ListingKey) String() string { return k.Source + "/" + k.ExternalID }

// Match says why a listing belongs to its asset.
type Match struct {
	Method     MatchMethod
	Confidence float64 // 0 to 1
	Reason     string  // a sentence for people, without figures that change from run to run
}

// MatchMethod is the evidence that decided a match.
type MatchMethod string

// Methods, strongest first.
const (
	MatchPinned         MatchMethod = "PINNED"           // a person said so
	MatchContract       MatchMethod = "CONTRACT"         // the same contract address
	MatchSymbolAndName  MatchMethod = "SYMBOL_AND_NAME"  // symbol and normalised name agree
	MatchExternalID     MatchMethod = "EXTERNAL_ID"      // the sources' ids name each other, and symbols or prices agree
	MatchNameAndPrice   MatchMethod = "NAME_AND_PRICE"   // names agree, symbols do not, prices bear it out
	MatchSymbolAndPrice MatchMethod = "SYMBOL_AND_PRICE" // a symbol that nothing else has, prices bear it out
	MatchTicker         MatchMethod = "TICKER"           // only a ticker was given: the leader of that ticker
	MatchName           MatchMethod = "NAME"             // only a name was given: the leader of that name
	MatchAlone          MatchMethod = "ALONE"            // nothing else is known to be the same asset
)

// Weak tells whether the evidence is a bare ticker or a bare name, which others may share.
func (m MatchMethod) Weak() bool { return m == MatchTicker || m == MatchName }

// Evidence is a listing with all that tells which asset it is.
type Evidence struct {
	Listing
	Rank         *int32              // the latest that its source gives it; nil where unknown
	PriceUSD     decimal.NullDecimal // the latest
	MarketCapUSD decimal.NullDecimal // the latest
	ObservedAt   time.Time           // of the figures; zero where unknown: they then count as of one time
	Gone         bool                // its source has stopped speaking of it while it goes on with others
	Contracts    []string            // addresses, those of Ethereum's kind in lower case
	Same         []ListingKey        // a person said that this listing is what these are
	Apart        []ListingKey        // a person said that this listing is not what these are
}

// Resolver decides which listings are the same asset. It is a pure function: the same evidence in
// any order gives the same groups and candidates, whatever assets the listings have now.
type Resolver func([]Evidence) Resolution

// Resolution is what a Resolver has decided. Every listing is in exactly one group.
type Resolution struct {
	Groups     []Group     // best ranked first
	Candidates []Candidate // best first
}

// Group is a set of listings that are one asset.
type Group struct {
	Symbol  string // of the asset, upper case
	Name    string // of the asset; its ticker where no listing has a name
	Named   bool   // a listing gives both: a ticker or a name alone is a poor identity
	Members []Member
}

// Member is a listing's place in a group. The first member gives the asset its name.
type Member struct {
	Listing int // its index in what was given to the Resolver
	Match   Match
}

// Candidate is a pair of listings that may be one asset, left for a person to decide: the evidence
// is not enough, or something speaks against it.
type Candidate struct {
	Listings [2]int // their indexes in what was given to the Resolver, by source and external id
	Match    Match
}

// MatchCandidate is a Candidate as it is stored.
type MatchCandidate struct {
	CandidateKey
	Listings [2]Listing // by source and external id
	Match    Match
}

// CandidateKey is the place of a candidate in their list: best first, ties by number.
type CandidateKey struct {
	Score float64 `json:"s"` // the confidence of the match
	ID    int64   `json:"i"`
}

// MatchChange is a change of mind: a listing that was given to another asset.
type MatchChange struct {
	ID        int64
	ChangedAt time.Time
	ListingID int64
	FromID    int64  // the asset it had
	ToID      int64  // the asset it has from then on
	Match     Match  // what decided it
	By        string // who or what: a run by its id, "administrator", "kasparro rebuild"
}

// CandidateFilter narrows candidates. In each list nil means any.
type CandidateFilter struct {
	Sources  []string // one of the two listings is of one of them
	Assets   []string // slugs: one of the two listings belongs to one of them
	MinScore float64  // 0 to 1
}

// ChangeFilter narrows changes, which are listed newest first. In each list nil means any.
type ChangeFilter struct {
	Sources []string // of the listing
	Assets  []string // slugs: given to one of them, or taken from it
}
