package postgres_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
)

// How much is read from a standby while one commit follows the other, and somebody is shown each at once: where only looks tell how far it
// is, and where it is asked.
func BenchmarkReadsWhileDataComesIn(b *testing.B) {
	f := newFleet(b, 1)
	for _, way := range []string{"looks", "asked"} {
		b.Run(way, func(b *testing.B) {
			was := f.TB
			defer func() { f.TB = was }()
			f.TB = b
			defer f.over(f.standby)()
			f.untilFit()
			if way == "looks" {
				f.router.OnlyLooks()
			}
			commits := 0
			ctx, stop := context.WithCancel(b.Context())
			var committing sync.WaitGroup
			committing.Go(func() {
				for ctx.Err() == nil {
					assertNoError(b, f.store.LeapVersion(b.Context()))
					_, err := f.router.Version(market.WithView(b.Context(), &market.View{Current: true}))
					assertNoError(b, err)
					commits++
				}
			})
			for b.Loop() {
				require.Positive(b, f.reads())
			}
			stop()
			committing.Wait()
			replicas, atPrimary := f.router.Replicas()
			b.ReportMetric(100*float64(replicas[0].Reads)/float64(replicas[0].Reads+atPrimary), "%-at-standby")
			b.ReportMetric(float64(commits)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
