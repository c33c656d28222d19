package ingest

import (
	"fmt"
	"time"

	"github.com/kasparro/kasparro/internal/market"
)

// A run departs from the runs of its source before it where it is this far from their median.
const (
	fewerRows      = 0.7  // less than this part of the rows
	moreRows       = 1.5  // more than this many times the rows
	moreRejected   = 0.05 // so much more of its items rejected,
	timesRejected  = 3    // and more than this many times as many
	longer         = 5    // more than this many times as long,
	longerAtLeast  = 10 * time.Second
	runsToTime     = 3    // and there are this many to compare with: the first are often slow
	moreGone       = 0.2  // so much more of the coins missing
	leastJump      = 0.25 // half of the prices have moved by more than this,
	timesJump      = 5    // and by more than this many times the usual
	coinsToCompare = 10   // fewer coins than this say nothing together
)

// findings are what a run is judged by.
type findings struct {
	market.Counters
	market.Vitals

	duration time.Duration
	compared int  // coins whose price was known before
	live     bool // it asked an API what it says now
	tried    bool // it tried rejected items again
}

// anomalies names what departs from the runs before, a sentence each. Of a run that read only a part
// of its source (it resumed, or read what was appended to a file) only the share of its rejections
// can be compared, and the prices.
func anomalies(f findings, known market.Baseline) (found []string) {
	add := func(text string) {
		if text != "" {
			found = append(found, text)
		}
	}
	if !f.tried {
		add(f.oddRejections(known.Recent))
	}
	if !f.live {
		return found
	}
	if f.Pages > 0 && f.Extracted == 0 {
		add("rows: " + emptyList)
	}
	add(f.oddPrices(known.Whole))
	if f.Whole {
		add(f.oddRows(known.Whole))
		add(f.oddDuration(known.Whole))
		add(f.oddCoins(known.Whole))
	}
	return found
}

// emptyList is what is odd about an API that answers, and names no coin.
const emptyList = "the list is empty, and there are always coins"

func (f findings) oddRows(before []market.Run) string {
	usual, ok := medianOf(before, func(r market.Run) *float64 { n := float64(r.Extracted); return &n })
	if n := float64(f.Extracted); !ok || n == 0 || n >= fewerRows*usual && n <= moreRows*usual {
		return ""
	}
	return fmt.Sprintf("rows: %d, where the median of the runs before is %.0f", f.Extracted, usual)
}

func (f findings) oddRejections(before []market.Run) string {
	share := rejectedShare(f.Counters)
	usual, ok := medianOf(before, func(r market.Run) *float64 { s := rejectedShare(r.Counters); return &s })
	if share <= usual+moreRejected || share <= timesRejected*usual {
		return ""
	}
	if !ok {
		return fmt.Sprintf("rejected: %.1f %% of its items, and there is no run before to compare with", 100*share)
	}
	return fmt.Sprintf("rejected: %.1f %% of its items, where the median of the runs before is %.1f %%", 100*share, 100*usual)
}

func rejectedShare(c market.Counters) float64 {
	if c.Extracted == 0 {
		return 0
	}
	return float64(c.Rejected) / float64(c.Extracted)
}

func (f findings) oddDuration(before []market.Run) string {
	usual, _ := medianOf(before, func(r market.Run) *float64 { d := r.Duration(time.Time{}).Seconds(); return &d })
	median := time.Duration(usual * float64(time.Second))
	if len(before) < runsToTime || f.duration <= longer*median || f.duration <= median+longerAtLeast {
		return ""
	}
	return fmt.Sprintf("duration: %s, where the median of the runs before is %s",
		f.duration.Round(time.Millisecond), median.Round(time.Millisecond))
}

func (f findings) oddCoins(before []market.Run) string {
	usual, ok := medianOf(before, func(r market.Run) *float64 { return r.GoneShare })
	if f.GoneShare == nil || *f.GoneShare <= usual+moreGone {
		return ""
	}
	if !ok {
		return fmt.Sprintf("coins gone: %.1f %% of those known before", 100**f.GoneShare)
	}
	return fmt.Sprintf("coins gone: %.1f %% of those known before, where the median of the runs before is %.1f %%",
		100**f.GoneShare, 100*usual)
}

func (f findings) oddPrices(before []market.Run) string {
	usual, ok := medianOf(before, func(r market.Run) *float64 { return r.PriceJump })
	if f.PriceJump == nil || f.compared < coinsToCompare || *f.PriceJump <= leastJump || *f.PriceJump <= timesJump*usual {
		return ""
	}
	if !ok {
		return fmt.Sprintf("price jump: half of the prices moved by %.1f %% or more since the run before", 100**f.PriceJump)
	}
	return fmt.Sprintf("price jump: half of the prices moved by %.1f %% or more, where the median of the runs before is %.1f %%",
		100**f.PriceJump, 100*usual)
}

// medianOf returns the median of a figure over the runs that have it.
func medianOf(runs []market.Run, figure func(market.Run) *float64) (float64, bool) {
	var values []float64
	for _, r := range runs {
		if v := figure(r); v != nil {
			values = append(values, *v)
		}
	}
	if len(values) == 0 {
		return 0, false
	}
	return median(values), true
}
