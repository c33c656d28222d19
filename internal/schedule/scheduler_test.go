package schedule

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEverySlotOnce(t *testing.T) {
	specs := map[string]string{"csv": "*/5 * * * *", "coingecko": "@hourly", "coinpaprika": "15 13,14 * * WED"}
	r := newRig(t, specs, nil)
	r.Start(context.Background())
	r.want(call{"csv", "2026-03-04T12:03:00Z", true}, call{"coingecko", "2026-03-04T12:03:00Z", true},
		call{"coinpaprika", "2026-03-04T12:03:00Z", true})
	r.settle(0)
	r.clock.Advance(30 * time.Second) // to a whole minute
	for range 180 {
		r.clock.Advance(time.Minute)
		now := r.clock.Now()
		var due []call
		if now.Minute()%5 == 0 {
			due = append(due, call{"csv", now.Format(time.RFC3339), false})
		}
		if now.Minute() == 0 {
			due = append(due, call{"coingecko", now.Format(time.RFC3339), false})
		}
		if now.Minute() == 15 && (now.Hour() == 13 || now.Hour() == 14) {
			due = append(due, call{"coinpaprika", now.Format(time.RFC3339), false})
		}
		r.want(due...)
		r.settle(0)
	}
	r.stop()
}

func TestMissedSlotsCoalesce(t *testing.T) {
	r := newRig(t, map[string]string{"csv": "*/5 * * * *"}, nil)
	r.Start(context.Background())
	r.want(call{"csv", "2026-03-04T12:03:00Z", true})
	r.settle(0)
	r.clock.Advance(31 * time.Hour) // the machine slept
	r.want(call{"csv", "2026-03-05T19:00:00Z", false})
	r.settle(0)
	r.clock.Advance(90 * time.Second)
	r.want(call{"csv", "2026-03-05T19:05:00Z", false})
	r.stop()
}

func TestNoTwoRunsOfOneSourceAtOnce(t *testing.T) {
	release := make(chan struct{})
	r := newRig(t, map[string]string{"csv": "* * * * *", "coingecko": "* * * * *"}, func(_ context.Context, c call) {
		if c.source == "csv" && c.startup {
			<-release
		}
	})
	r.Start(context.Background())
	r.want(call{"csv", "2026-03-04T12:03:00Z", true}, call{"coingecko", "2026-03-04T12:03:00Z", true})
	r.settle(1)
	for i, slot := range []string{"2026-03-04T12:04:00Z", "2026-03-04T12:05:00Z", "2026-03-04T12:06:00Z"} {
		r.clock.Advance(time.Minute)
		r.want(call{"coingecko", slot, false}) // others are not held up
		require.Eventually(t, func() bool { return r.logged("slot skipped") == i+1 }, patience, time.Millisecond)
		require.Equal(t, 1, r.logged("source=csv slot="+strings.ReplaceAll(slot, "Z", ".000Z")))
		r.settle(1)
	}
	close(release)
	r.settle(0)
	r.clock.Advance(time.Minute) // nothing was queued: only this slot comes
	r.want(call{"csv", "2026-03-04T12:07:00Z", false}, call{"coingecko", "2026-03-04T12:07:00Z", false})
	r.stop()
}

func TestPanicIsSurvived(t *testing.T) {
	r := newRig(t, map[string]string{"csv": "* * * * *"}, func(_ context.Context, c call) { explode(c.slot) })
	r.Start(context.Background())
	r.want(call{"csv", "2026-03-04T12:03:00Z", true})
	for i, slot := range []string{"2026-03-04T12:04:00Z", "2026-03-04T12:05:00Z"} {
		require.Eventually(t, func() bool { return r.logged("a run panicked") == i+1 }, patience, time.Millisecond)
		r.settle(0)
		r.clock.Advance(time.Minute)
		r.want(call{"csv", slot, false})
	}
	r.stop()
	require.Equal(t, 1, r.logged(`source=csv panic="no good: 2026-03-04T12:04:00Z"`))
	require.Positive(t, r.logged("explode"), "the stack shows where it came from")
}

func explode(slot string) { panic("no good: " + slot) }

func TestStopWaitsForTheRunInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ended := false
		r := newRig(t, map[string]string{"csv": "* * * * *"}, func(ctx context.Context, _ call) {
			<-release
			ended = ctx.Err() == nil
		})
		r.Start(context.Background())
		r.want(call{"csv", "2026-03-04T12:03:00Z", true})
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(context.Background()) }()
		synctest.Wait() // until nothing moves any more
		require.Empty(t, stopped, "a run is in hand")
		r.clock.Advance(time.Hour)
		synctest.Wait()
		require.Empty(t, r.calls, "a tick while it stops runs nothing")
		require.Zero(t, r.logged("slot skipped"))
		close(release)
		require.NoError(t, <-stopped)
		require.True(t, ended, "the run must end before Stop does, in a context that lasts")
		r.stop() // once more does no harm
	})
}

func TestStopWaitsNoLongerThanItMay(t *testing.T) {
	r := newRig(t, map[string]string{"csv": "* * * * *"}, func(ctx context.Context, _ call) { <-ctx.Done() })
	r.Start(context.Background())
	r.want(call{"csv", "2026-03-04T12:03:00Z", true})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := r.Stop(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "runs are still going on")
	r.settle(0) // the context of the run has ended, and the run with it
}

func TestRunsEndWithTheContextOfStart(t *testing.T) {
	r := newRig(t, map[string]string{"csv": "* * * * *"}, func(ctx context.Context, _ call) { <-ctx.Done() })
	ctx, cancel := context.WithCancel(context.Background())
	r.Start(ctx)
	r.want(call{"csv", "2026-03-04T12:03:00Z", true})
	cancel()
	r.settle(0)
	r.tick("csv") // nothing begins any more
	r.stop()
}

func TestTickJustBeforeItsSlot(t *testing.T) {
	r := newRig(t, map[string]string{"csv": "*/5 * * * *"}, nil)
	r.Start(context.Background())
	r.want(call{"csv", "2026-03-04T12:03:00Z", true})
	r.settle(0)
	r.clock.Advance(89*time.Second + 500*time.Millisecond)
	r.tick("csv") // as when the clock was set back by half a second
	r.want(call{"csv", "2026-03-04T12:05:00Z", false})
	r.stop()
}

func TestNewAndStopWithoutStart(t *testing.T) {
	r := newRig(t, map[string]string{"csv": "@daily"}, nil)
	previous, next, ok := r.Slots("csv", r.clock.Now())
	require.True(t, ok)
	require.Equal(t, 24*time.Hour, next.Sub(previous))
	r.stop()
	_, err := New(map[string]string{"csv": "never"}, nil, slog.Default())
	require.ErrorContains(t, err, "schedule of csv")
}
