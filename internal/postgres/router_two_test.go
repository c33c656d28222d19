package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
)

// ask sends so many requests and tells how many statements they took at each server, the primary first.
func (f *fleet) ask(requests int) (statements []int64) {
	f.Helper()
	for _, n := range f.counts {
		statements = append(statements, -n.Load())
	}
	for range requests {
		f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	}
	for i, n := range f.counts {
		statements[i] += n.Load()
	}
	return statements
}

func inTurn(f *fleet) {
	require.Equal(f, []int64{0, 50, 50}, f.ask(50), "a count and a version each")
}

// What one process has shown another may not show yet: it is behind by no more than the limit.
func betweenProcesses(f *fleet) {
	other, stop := f.process(f.standbys...)
	defer stop()
	other.Look(f.Context())
	for _, s := range f.standbys {
		s.Pause()
		defer s.Resume()
	}
	last := f.commit()
	version, err := f.router.Version(market.WithView(f.Context(), &market.View{Current: true}))
	require.NoError(f, err)
	require.Equal(f, last, version)
	require.Equal(f, f.hours.Load(), f.countAt(f.router))
	require.Equal(f, f.hours.Load()-1, f.countAt(other), "it knows nothing of what the first has shown")
	f.until("it is behind no more", func() bool {
		other.Look(f.Context())
		return f.countAt(other) == f.hours.Load()
	})
	require.Equal(f, last, other.Floor(), "from then on it does not go back either")
}

func oneLags(f *fleet) {
	f.standbys[1].Pause()
	last := f.commit()
	f.untilLeftOut(1)
	require.Equal(f, postgres.ReplicaBehind, f.is(1).State)
	require.Greater(f, f.is(1).Lag, maxLag)
	f.replayedAt(0, last)
	statements := f.ask(10)
	require.Equal(f, []int64{0, 20, 0}, statements)
	f.standbys[1].Resume()
	f.untilFit()
	require.LessOrEqual(f, f.is(1).Lag, maxLag)
	f.until("both are read from", func() bool { return f.ask(2)[2] > 0 })
}

func bothGone(f *fleet) {
	done, first := f.askSlowly()
	second := 1 - first
	f.standbys[first].Kill()
	require.NoError(f, <-done)
	f.untilLeftOut(first)
	f.until("it is told to be gone", func() bool { now := f.is(first); return now.State == postgres.ReplicaGone && now.Lag < 0 })
	require.Positive(f, f.is(first).Moved)
	f.replayedAt(second, f.commit())
	f.until("the other is read from", func() bool { return f.ask(1)[1+second] > 0 })
	f.standbys[second].Kill()
	f.ask(10)
	f.untilLeftOut(second)
	require.Equal(f, []int64{20, 0, 0}, f.ask(10))
	f.commit()
	for _, s := range f.standbys {
		s.Start()
	}
	f.untilFit()
	for i := range f.standbys {
		f.replayedAt(i, versionOf(f, f.store))
	}
	f.until("both are read from", func() bool { n := f.ask(2); return n[1] > 0 && n[2] > 0 })
}

// Readers ask one request after the other while one standby is paused, falls behind, the other is killed, and both come back.
func underLoad(f *fleet) {
	ctx, stop := context.WithCancel(f.Context())
	var all sync.WaitGroup
	var requests, backwards atomic.Int64
	for range 4 {
		all.Go(func() {
			for last := int64(0); ctx.Err() == nil; requests.Add(1) {
				seen := f.reads()
				if seen < last {
					backwards.Add(1)
				}
				last = seen
			}
		})
	}
	committed := make(chan struct{})
	go func() {
		defer close(committed)
		for ctx.Err() == nil {
			f.commit()
		}
	}()
	defer func() { stop(); all.Wait(); <-committed }()
	served := func(standby int) {
		f.Helper()
		n := f.counts[1+standby].Load()
		f.until("reads arrive at the standby", func() bool { return f.counts[1+standby].Load() > n+100 })
	}
	served(0)
	served(1)
	f.standby.Pause()
	f.untilLeftOut(0)
	served(1)
	f.standbys[1].Kill()
	f.untilLeftOut(1)
	f.standby.Resume()
	f.standbys[1].Start()
	f.untilFit()
	served(0)
	served(1)
	stop()
	all.Wait()
	require.Zero(f, backwards.Load(), "of %d requests", requests.Load())
	replicas, atPrimary := f.router.Replicas()
	f.Logf("%d requests; %d reads at the primary, at standbys %+v; %d commits", requests.Load(), atPrimary, replicas, f.hours.Load())
}
