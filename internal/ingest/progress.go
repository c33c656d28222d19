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
}

// Rate is how many items a second have been dealt with.
func (p Progress) Rate() float64 {
	if p.Elapsed <= 0 {
		return 0
	}
	return float64(p.Extracted) / p.Elapsed.Seconds()
}

// Left is how long the rest will take at this rate, 0 where nobody can tell.
func (p Progress) Left() time.Duration {
	if p.Share <= 0 || p.Share >= 1 {
		return 0
	}
	return time.Duration(float64(p.Elapsed) * (1 - p.Share) / p.Share)
}

// attrs are those of a line in the log.
func (p Progress) attrs(run market.Run) []any {
	attrs := []any{
		"run", market.GlobalID(market.IDRun, run.ID), "source", run.Source, "pages", p.Pages, "extracted", p.Extracted,
		"per_second", math.Round(p.Rate()), "elapsed", p.Elapsed.Round(time.Second).String(),
	}
	if p.Share > 0 {
		attrs = append(attrs, "percent", math.Floor(100*p.Share), "left", p.Left().Round(time.Second).String())
	}
	return attrs
}
