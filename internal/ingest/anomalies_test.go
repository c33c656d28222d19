package ingest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// past makes whole runs of an API that went as usual: a second, 1,000 rows, 10 of them rejected, one
// coin in a hundred gone, prices a tenth of a percent away.
func past(n int) []market.Run {
	var runs []market.Run
	began := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for i := range n {
		ended := began.Add(time.Second)
		runs = append(runs, market.Run{
			ID: int64(n - i), StartedAt: began, FinishedAt: &ended,
			Counters: market.Counters{Extracted: 1000, Inserted: 990, Rejected: 10},
			Vitals:   market.Vitals{Whole: true, Coins: 990, GoneShare: share(0.01), PriceJump: share(0.001)},
		})
	}
	return runs
}

func share(s float64) *float64 { return &s }

func TestAnomalies(t *testing.T) {
	cases := []struct {
		name   string
		change func(*findings)
		before int
		want   string // a part of the only anomaly; empty for none
	}{
		{"as usual", func(*findings) {}, 5, ""},
		{"the first run", func(*findings) {}, 0, ""},
		{"a third fewer rows", func(f *findings) { f.Extracted = 690 }, 5, "rows: 690, where the median of the runs before is 1000"},
		{"somewhat fewer rows", func(f *findings) { f.Extracted = 710 }, 5, ""},
		{"twice the rows", func(f *findings) { f.Extracted = 2000 }, 1, "rows: 2000, where"},
		{"no rows", func(f *findings) { f.Counters = market.Counters{Pages: 1} }, 5, "rows: the list is empty"},
		{"no rows at the first time", func(f *findings) { f.Counters = market.Counters{Pages: 1} }, 0, "rows: the list is empty"},
		{"a tenth rejected", func(f *findings) { f.Rejected = 100 }, 5, "rejected: 10.0 % of its items, where the median of the runs before is 1.0 %"},
		{"a tenth rejected at the first time", func(f *findings) { f.Rejected = 100 }, 0, "rejected: 10.0 % of its items, and there is no run before to compare with"},
		{"a few rejected", func(f *findings) { f.Rejected = 50 }, 5, ""},
		{"slow", func(f *findings) { f.duration = 12 * time.Second }, 3, "duration: 12s, where the median of the runs before is 1s"},
		{"slow, but what is usual?", func(f *findings) { f.duration = 12 * time.Second }, 2, ""},
		{"slower, but by seconds", func(f *findings) { f.duration = 9 * time.Second }, 5, ""},
		{"half of the coins gone", func(f *findings) { f.GoneShare = share(0.5) }, 5, "coins gone: 50.0 % of those known before, where the median of the runs before is 1.0 %"},
		{"half of the coins gone at the second time", func(f *findings) { f.GoneShare = share(0.5) }, 1, "coins gone: 50.0 %"},
		{"a fifth of the coins gone", func(f *findings) { f.GoneShare = share(0.2) }, 5, ""},
		{"prices ten times what they were", func(f *findings) { f.PriceJump = share(9) }, 5, "price jump: half of the prices moved by 900.0 % or more, where the median of the runs before is 0.1 %"},
		{"prices of three coins", func(f *findings) { f.PriceJump, f.compared = share(9), 3 }, 5, ""},
		{"prices as after a while", func(f *findings) { f.PriceJump = share(0.2) }, 5, ""},
		{"nothing known before", func(f *findings) { f.PriceJump, f.GoneShare = nil, nil }, 5, ""},
		{"the rest of a list, of which there is none", func(f *findings) { f.Whole, f.Counters = false, market.Counters{Pages: 1} }, 5, "rows: the list is empty"},
		{"prices of the rest of a list", func(f *findings) { f.Whole, f.PriceJump = false, share(9) }, 5, "price jump: half"},
		{"prices at the second time", func(f *findings) { f.PriceJump = share(9) }, 0, "price jump: half of the prices moved by 900.0 % or more since the run before"},
		{"rejected again", func(f *findings) { f.live, f.tried, f.Rejected = false, true, 900 }, 5, ""},
		{"a part of the list", func(f *findings) { f.Whole, f.Extracted, f.Rejected = false, 10, 0 }, 5, ""},
		{"a file", func(f *findings) { f.live, f.Extracted, f.Rejected = false, 10, 0 }, 5, ""},
		{"rejections of a file", func(f *findings) { f.live, f.Rejected = false, 400 }, 0, "rejected: 40.0 %"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			usual := past(1)[0]
			f := findings{Counters: usual.Counters, Vitals: usual.Vitals, duration: time.Second, compared: 900, live: true}
			c.change(&f)
			found := anomalies(f, market.Baseline{Whole: past(c.before), Recent: past(c.before)})
			if c.want == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0], c.want)
		})
	}
}

func TestMedian(t *testing.T) {
	require.InDelta(t, 2, median([]float64{3, 1, 2}), 0)
	require.InDelta(t, 2.5, median([]float64{4, 1, 2, 3}), 0)
	require.InDelta(t, 7, median([]float64{7}), 0)
}
