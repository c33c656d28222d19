package ingest

import (
	"math"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// Progress is how far a run has come.
type Progress struct {
	market.Counters

	Share   float64       // of all that there is to read, 0 to 1; 0 where nobody can tell
	Elapsed time.Duration // since the run began
	// Since is where the run stood behind its first page: it may have gone on in the middle. Nil there.
	Since *Progress
}

// Rate is how many items a second have been dealt with.
func (p Progress) Rate() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Extracted) / p.Elapsed.Seconds()
}

// Left is how long the rest will take at the rate since the first page, 0 where nobody can tell.
func (p Progress) Left() time.Duration {
	rest, ok := p.rest()
	if !ok {
		return 0
	}
	return time.Duration(float64(p.Elapsed-p.Since.Elapsed) * rest)
}

// Total is how many items there will be in all, by those since the first page; less than 0 where
// nobody can tell.
func (p Progress) Total() int64 {
	rest, ok := p.rest()
	switch {
	case ok:
		return p.Extracted + int64(math.Round(float64(p.Extracted-p.Since.Extracted)*rest))
	case p.Share >= 1:
		return p.Extracted
	}
	return -1
}

// rest is how much there is to read, measured by what has been read since the first page.
func (p Progress) rest() (float64, bool) {
	if p.Since == nil || p.Share <= p.Since.Share {
		return 0, false
	}
	return (1 - p.Share) / (p.Share - p.Since.Share), true
}

// attrs are those of a line in the log.
func (p Progress) attrs(run market.Run) []any {
	attrs := []any{
		"run_id", market.GlobalID(market.IDRun, run.ID), "source", run.Source, "pages", p.Pages, "extracted", p.Extracted,
		"per_second", math.Round(p.Rate()), "elapsed", p.Elapsed.Round(time.Second).String(),
	}
	if p.Share > 0 {
		attrs = append(attrs, "percent", math.Floor(100*p.Share))
	}
	if left := p.Left(); left > 0 {
		attrs = append(attrs, "left", left.Round(time.Second).String())
	}
	return attrs
}
