package live_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/graph/live"
	"github.com/kasparro/kasparro/graph/model"
	"github.com/kasparro/kasparro/internal/market"
)

// Many who come back together, from here and there, cost little more than one, and none misses a record or gets one twice.
func TestManyWhoResumeShareWhatIsRead(t *testing.T) {
	w := newWorld(t)
	run := w.start("coingecko")
	w.add(run, "bitcoin", 3)
	all := w.follow(market.RecordFilter{}, &market.Position{Version: 1})
	for range 24 {
		w.add(run, "bitcoin", 3)
	}
	records := take(t, all, 75)
	resume := func(subscribers, positions int) (reads, statements int64) {
		again := worldOver(t, w.url) // a process that was started again
		var following []<-chan *model.Record
		for i := range subscribers {
			following = append(following, again.follow(market.RecordFilter{}, records[3*(i%positions)+1].Added)) // in the middle of a commit
		}
		for i, next := range following {
			from := 3*(i%positions) + 2
			require.Equal(t, upTo(from, 75), hours(take(t, next, 75-from)))
		}
		return again.reads.Load(), again.statements.Load()
	}
	one, _ := resume(1, 1)
	many, statements := resume(100, 12)
	t.Logf("%d reads for one, %d for a hundred from a dozen positions, of %d statements", one, many, statements)
	require.LessOrEqual(t, many, 2*one)
	require.Less(t, statements, int64(100), "looks of the feed that find nothing included")

	last := w.follow(market.RecordFilter{}, records[74].Added)
	w.add(run, "bitcoin", 1)
	require.Equal(t, []int{75}, hours(take(t, last, 1)), "what is kept hides nothing that is new")
	require.Equal(t, []int{74, 75}, hours(take(t, w.follow(market.RecordFilter{}, records[73].Added), 2)))
}

// What is kept for those who catch up is bounded, whatever comes; what found nothing is not kept.
func TestWhatIsKeptIsBounded(t *testing.T) {
	sizes, reads := map[int64]int{10: 400, 20: 400, 30: 400, 40: 5000, 50: 0}, map[int64]int{}
	p := live.NewPast(1000, time.Hour, func(after int64) (int64, int) {
		reads[after]++
		if sizes[after] == 0 {
			return 0, 0
		}
		return after + 10, sizes[after]
	})
	for _, step := range []struct {
		after int64
		kept  int
	}{{10, 400}, {20, 800}, {20, 800}, {10, 800}, {30, 800}, {10, 800}, {40, 5000}, {40, 5000}, {30, 400}, {50, 400}, {50, 400}} {
		require.NoError(t, p.Ask(t.Context(), step.after))
		require.Equal(t, step.kept, p.Kept(), "after %d", step.after)
	}
	require.Equal(t, map[int64]int{10: 2, 20: 1, 30: 2, 40: 1, 50: 2}, reads)

	brief := live.NewPast(1000, time.Millisecond, func(after int64) (int64, int) { return after + 10, 1 })
	require.NoError(t, brief.Ask(t.Context(), 10))
	require.Eventually(t, func() bool { return brief.Kept() == 0 }, waitAtMost, pollEvery, "a moment later nothing is kept")
}
