package source

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

const (
	// mostMissed is how many unknown coins a cursor holds, which is written with every page. One more ends
	// the run where it stands, so that none is forgotten.
	mostMissed = 1000
	// mostNamed is how many of them a sentence names.
	mostNamed = 10
)

// place is how far one coin is fetched.
type place struct {
	Coin string `json:"coin"`
	From int64  `json:"from"` // of the chunk to get next, in seconds since 1970; the end of the span where the coin is done
}

// checkpoint is the cursor of a walk.
type checkpoint struct {
	place          // in the list of coins
	Missed []place `json:"missed,omitempty"` // what was unknown up to there, and is to be asked for again
}

// walk is how far the coins of a span are fetched.
type walk struct {
	Span
	source string
	most   time.Duration // of a chunk
	coin   int           // the place in the list of coins
	until  time.Time     // what is fetched of that coin
	due    []place       // unknown to the runs before, and still to be asked for again by this one
	missed []place       // unknown to this run
}

// Walk yields what get returns for one chunk after the other, coin by coin, each at most so long. It
// sets Next, Part and Share of the pages. The rest of a coin that is unknown to the source is left out
// and kept in the cursor: the last page is then Incomplete, and who goes on from there asks for it
// again, before anything else.
//
// The cursor names a coin, so that a list may have grown at its end since: those are gone on with.
func (s Span) Walk(ctx context.Context, source string, since market.Cursor, most time.Duration,
	get func(context.Context, Chunk) (Page, error),
) iter.Seq2[Page, error] {
	s.From, s.To = s.From.UTC().Truncate(time.Second), s.To.UTC().Truncate(time.Second)
	return func(yield func(Page, error) bool) {
		w := s.resume(since)
		w.source, w.most = source, most
		if w.coin == 0 && w.until.Equal(s.From) {
			get = refuseStrangers(get)
		}
		for c, more := w.next(); more; {
			page, err := get(ctx, c)
			if err == nil {
				err = w.take(c, &page)
			}
			if err != nil {
				yield(Page{}, fmt.Errorf("%s: %w", c, err))
				return
			}
			if c, more = w.next(); !more {
				page.Incomplete = w.incomplete()
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// resume is where a cursor points to, or else the beginning.
func (s Span) resume(since market.Cursor) *walk {
	w := &walk{Span: s, until: s.From}
	var at checkpoint
	if json.Unmarshal([]byte(since), &at) != nil {
		return w
	}
	coin := slices.Index(s.IDs, at.Coin)
	if coin < 0 || at.From < s.From.Unix() || at.From > s.To.Unix() {
		return w
	}
	w.coin, w.until = coin, time.Unix(at.From, 0).UTC()
	for _, p := range at.Missed {
		same := func(q place) bool { return q.Coin == p.Coin }
		if p.From >= s.From.Unix() && p.From < s.To.Unix() && slices.Contains(s.IDs[:coin+1], p.Coin) && !slices.ContainsFunc(w.due, same) {
			w.due = append(w.due, p)
		}
	}
	return w
}

// next is what to ask for now, if there is anything.
func (w *walk) next() (Chunk, bool) {
	if len(w.due) > 0 {
		return w.chunk(w.due[0].Coin, time.Unix(w.due[0].From, 0).UTC()), true
	}
	for !w.until.Before(w.To) && w.coin+1 < len(w.IDs) {
		w.coin, w.until = w.coin+1, w.From
	}
	if len(w.IDs) == 0 || !w.until.Before(w.To) {
		return Chunk{}, false
	}
	return w.chunk(w.IDs[w.coin], w.until), true
}

func (w *walk) chunk(id string, from time.Time) Chunk {
	return Chunk{ID: id, From: from, To: earlier(from.Add(w.most), w.To)}
}

// take notes what came of a chunk and completes its page.
func (w *walk) take(c Chunk, page *Page) error {
	unknown, again := isUnknown(*page), len(w.due) > 0
	page.Part = PartHistory
	if unknown {
		if len(w.missed) == mostMissed {
			return fmt.Errorf("%d coins are unknown to %s already: is the base URL right? If it is, name the coins that are wanted with --asset",
				mostMissed, w.source)
		}
		page.Part, w.missed = ProblemUnknownCoin, append(w.missed, place{Coin: c.ID, From: c.From.Unix()})
	}
	switch {
	case !again && unknown:
		w.until = w.To
	case !again:
		w.until = c.To
	case unknown || c.To.Equal(w.To):
		w.due = w.due[1:]
	default:
		w.due[0].From = c.To.Unix()
	}
	page.Share = w.share()
	page.Next = JSONCursor(checkpoint{place{w.IDs[w.coin], w.until.Unix()}, slices.Concat(w.missed, w.due)})
	return nil
}

// share is how much of the span is done.
func (w *walk) share() float64 {
	part := func(d time.Duration) float64 { return float64(d) / float64(w.To.Sub(w.From)) }
	done := float64(w.coin) + part(w.until.Sub(w.From))
	for _, p := range w.due {
		done -= part(w.To.Sub(time.Unix(p.From, 0)))
	}
	return max(done, 0) / float64(len(w.IDs))
}

// incomplete names what was unknown, or is empty.
func (w *walk) incomplete() string {
	var names []string
	for _, p := range w.missed[:min(len(w.missed), mostNamed)] {
		names = append(names, p.Coin)
	}
	are := "are"
	switch len(w.missed) {
	case 0:
		return ""
	case 1:
		are = "is"
	}
	if len(w.missed) > mostNamed {
		names = append(names, "...")
	}
	text := fmt.Sprintf("%d of %d coins %s unknown to %s: %s; run again, the same command asks for what was missed, and for nothing else",
		len(w.missed), len(w.IDs), are, w.source, strings.Join(names, ", "))
	return strings.Join(strings.Fields(text), " ")
}
