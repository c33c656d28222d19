// Package source says what an upstream is: something that yields pages of items since a cursor.
// It does no I/O; each upstream is a package below this one.
package source

import (
	"context"
	"iter"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// A Source yields what an upstream has said since the cursor, page by page.
//
// Extract starts where the cursor says; the zero Cursor is the beginning, and a cursor that the
// source cannot use any more (the file was replaced, the answer has changed) counts as the
// beginning. Every page carries the cursor to store with it: extracting from that cursor goes on
// behind the page. The last page carries the cursor of the next run. A source with nothing to
// say may yield no page at all.
//
// An error ends the sequence and says in one line what could not be read; what was yielded
// before it stands. Extract stops early when the consumer does, and soon when ctx ends. A Source
// is safe for use by one goroutine at a time and keeps no state between two calls.
type Source interface {
	// Name is the name in flags, URLs and tables: lower case letters and digits, begins with a letter.
	Name() string
	// Kind is market.KindAPI or market.KindFile.
	Kind() string
	Extract(ctx context.Context, since market.Cursor) iter.Seq2[Page, error]
	// Item reads the payload of an item again, as Extract gave it or as jsonb has kept it since:
	// spaces gone, fields in another order, numbers without their exponent. But for the bytes of
	// the payload, the item is what Extract gave. A payload that is none of this source's is an
	// item with a Problem.
	Item(payload []byte) Item
}

// A Historian is a source whose upstream can be asked for the past.
type Historian interface {
	Source
	// History yields what was observed within the span, coin by coin, by the rules of Extract.
	// The cursors are of its own kind, and hold for the same span only.
	History(ctx context.Context, s Span, since market.Cursor) iter.Seq2[Page, error]
}

// Span is a stretch of history.
type Span struct {
	From time.Time // UTC
	To   time.Time // UTC; what was observed then is not in the span any more
	IDs  []string  // the external ids of the coins, in the order to go by
}

// Past makes a source of a stretch of a source's history: Extract yields that.
func Past(h Historian, s Span) Source { return past{Historian: h, span: s} }

type past struct {
	Historian
	span Span
}

// Extract yields the history of the span.
func (p past) Extract(ctx context.Context, since market.Cursor) iter.Seq2[Page, error] {
	return p.History(ctx, p.span, since)
}

// Page is what is extracted together and committed together. Its slices belong to the consumer.
type Page struct {
	Items         []Item
	Next          market.Cursor // where to go on behind this page
	FetchedAt     time.Time     // when the upstream answered, our clock, UTC
	TriedAt       time.Time     // when items of quarantine were taken up again; zero where they come from the upstream
	market.Effort               // what it took to get this page
	Bytes         int64         // bytes fetched for this page, after decompression
	// First tells that the page begins the list of all that an API has to say now: a run that yields it
	// and gets to the end has read the whole of it. False for files, and for what is gone on with.
	First bool
	// Part is the part of the upstream that the page is of, where its parts differ in the shape of
	// their payloads: the name of a file. Empty where it is all one.
	Part string
	// Share is how much of all that there is to read has been read behind this page, 0 to 1; 0 where
	// nobody can tell.
	Share float64
	// Warnings say, a line each, what was understood in a way that a person should know of.
	Warnings []string
	// Incomplete says in one line what part of the upstream had to be refused as a whole (a file
	// without a date column, say), empty where nothing was. The run ends PARTIAL with it.
	Incomplete string
}

// Item is one thing as a source said it: the bytes, and the fields read from them.
type Item struct {
	ExternalID string    // how the source identifies the asset
	Symbol     string    // as it came, any case; empty where the source gives none
	Name       string    // as it came; empty where the source gives none
	Contracts  []string  // addresses of the token, as Contract makes them; nil where the source gives none
	ObservedAt time.Time // the source's own time; zero where it gives none
	Amounts
	// Payload is the item as it came. For an API it is the very bytes of the item; for a file
	// format that is not JSON, a JSON object that holds every cell as text.
	Payload []byte
	// Rejection is the id that the item has in quarantine where it is tried again, otherwise 0.
	Rejection int64
	// Problem is what the source could not read of the item, nil where all was read. The item
	// then goes to quarantine with its payload.
	Problem *market.Reason
}

// Amounts are the figures of an item, still text, as the source sent them ("4.37e-06"). Empty
// means that the source gives no such figure or says in its own way that it does not know it.
type Amounts struct {
	Price             string
	Open              string
	High              string
	Low               string
	MarketCap         string
	Volume24h         string
	PercentChange1h   string
	PercentChange24h  string
	PercentChange7d   string
	Rank              string
	CirculatingSupply string
	TotalSupply       string
	MaxSupply         string
}

// Over this share of what is read together, and at least this many, unreadable items mean that the
// upstream has changed rather than that some items are odd.
const (
	badShare = 0.5
	badLeast = 25
)

// MostlyBad tells whether so many of all items are unreadable that reading on would be wrong.
func MostlyBad(bad, all int) bool {
	return bad >= badLeast && float64(bad) >= badShare*float64(all)
}

// FutureSlack is how far ahead of our clock a source's time may lie: the close of a day is often
// stamped with the day's end.
const FutureSlack = 24 * time.Hour
