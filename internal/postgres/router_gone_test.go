package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// hangs: nothing is closed and nothing is refused, there is just no answer.
func hangs(f *fleet) {
	done := f.askSlowly()
	var pids []int
	require.NoError(f, f.standby.Admin().NewRaw("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'kasparro %'").Scan(f.Context(), &pids))
	pids = append(pids, f.standby.Pid())
	for _, pid := range pids {
		require.NoError(f, syscall.Kill(pid, syscall.SIGSTOP))
	}
	require.NoError(f, <-done)
	f.untilLeftOut()
	f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	for _, pid := range pids {
		require.NoError(f, syscall.Kill(pid, syscall.SIGCONT))
	}
	f.untilFit()
}

func killed(f *fleet) {
	done := f.askSlowly()
	f.standby.Kill()
	require.NoError(f, <-done)
	f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	f.untilLeftOut()
	f.commit()
	f.standby.Start()
	f.untilFit()
	f.until("it is read from again", func() bool {
		_, atStandby := f.request(func(ctx context.Context) { f.count(ctx) })
		return atStandby > 0
	})
}

// A standby that was promoted goes its own way.
func divergedStandby(f *fleet) {
	admin := f.standby.Admin()
	_, err := admin.ExecContext(f.Context(), "SELECT pg_promote()")
	require.NoError(f, err)
	own := newStoreOn(postgrestest.Open(f, f.standby.URL(f.url)))
	require.NoError(f, own.RegisterSources(f.Context(), market.Source{Name: "never here", Kind: market.KindAPI}))
	f.untilLeftOut()
	f.request(func(ctx context.Context) {
		states, err := f.router.SourceStates(ctx)
		require.NoError(f, err)
		for _, s := range states {
			require.NotEqual(f, "never here", s.Name)
		}
	})
	require.LessOrEqual(f, f.router.Floor(), versionOf(f, f.store), "what it said was shown to nobody")
}

// Readers ask one request after the other while the standby is paused, falls behind, is killed and comes back.
func TestNoReadFailsWhileAStandbyDies(t *testing.T) {
	f := newFleet(t)
	f.untilFit()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var requests, backwards atomic.Int64
	for range 4 {
		all.Go(func() {
			for last := int64(0); ctx.Err() == nil; requests.Add(1) {
				seen := f.reads(t)
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
	served := func() {
		t.Helper()
		n := f.atStandby.Load()
		f.until("reads arrive at the standby", func() bool { return f.atStandby.Load() > n+100 })
	}
	served()
	f.standby.Pause()
	f.untilLeftOut()
	f.standby.Resume()
	f.untilFit()
	served()
	f.standby.Kill()
	f.untilLeftOut()
	f.standby.Start()
	f.untilFit()
	served()
	stop()
	all.Wait()
	require.Zero(t, backwards.Load(), "of %d requests", requests.Load())
	t.Logf("%d requests, %d statements at the primary and %d at the standby, %d commits", requests.Load(), f.atPrimary.Load(), f.atStandby.Load(), f.hours.Load())
}

// reads is one request of several reads, which holds together. It returns how many records there are.
func (f *fleet) reads(t *testing.T) (records int64) {
	view := &market.View{}
	ctx := market.WithView(context.WithoutCancel(t.Context()), view)
	before, err := f.router.Version(ctx)
	if !assertNoError(t, err) {
		return 0
	}
	records, err = f.router.CountRecords(ctx, market.RecordFilter{})
	assertNoError(t, err)
	page, err := f.router.Records(ctx, market.RecordFilter{}, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 10})
	assertNoError(t, err)
	var ids []int64
	for _, r := range page.Items {
		ids = append(ids, r.AssetID)
	}
	assets, err := f.router.AssetsByID(ctx, ids)
	assertNoError(t, err)
	if after, err := f.router.Version(ctx); err == nil && after == before { // it would have a tag
		hours := int64(page.Items[0].ObservedAt.Sub(noon).Hours())
		if hours != records || len(assets) != 1 {
			t.Errorf("version %d holds %d records and the newest is the one of hour %d; %d assets", before, records, hours, len(assets))
		}
	}
	view.Shown(ctx)
	return records
}

func assertNoError(t *testing.T, err error) bool {
	if err != nil {
		t.Errorf("a read failed: %v", err)
	}
	return err == nil
}
