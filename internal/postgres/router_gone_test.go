package postgres_test

import (
	"context"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// hangs: nothing is closed and nothing is refused, there is just no answer.
func hangs(f *fleet) {
	done, _ := f.askSlowly()
	var pids []int
	require.NoError(f, f.standby.Admin().NewRaw("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'kasparro %'").Scan(f.Context(), &pids))
	pids = append(pids, f.standby.Pid())
	for _, pid := range pids {
		require.NoError(f, syscall.Kill(pid, syscall.SIGSTOP))
	}
	require.NoError(f, <-done)
	f.untilLeftOut(0)
	f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	for _, pid := range pids {
		require.NoError(f, syscall.Kill(pid, syscall.SIGCONT))
	}
	f.untilFit()
}

// A standby that was promoted goes its own way, even where it is not ahead and nobody has looked since.
func promotedStandby(f *fleet) {
	router, stop := f.process(f.standby)
	defer stop()
	counts := router.Count()
	router.Look(f.Context())
	require.Equal(f, f.hours.Load(), f.countAt(router))
	atStandby := counts[1].Load()
	require.Positive(f, atStandby)

	_, err := f.standby.Admin().ExecContext(f.Context(), "SELECT pg_promote()")
	require.NoError(f, err)
	for range 3 {
		f.commit()
	}
	own := newStoreOn(postgrestest.Open(f, f.standby.URL(f.url)))
	require.NoError(f, own.RegisterSources(f.Context(), market.Source{Name: "never here", Kind: market.KindAPI}))
	require.Less(f, versionOf(f, own), versionOf(f, f.store))
	version, err := router.Version(market.WithView(f.Context(), &market.View{}))
	require.NoError(f, err)
	require.Greater(f, counts[1].Load(), atStandby, "it was asked")
	require.Equal(f, versionOf(f, f.store), version, "and what it said stands for nothing")

	f.until("it is left out", func() bool { return f.is(0).State == postgres.ReplicaForeign })
	require.Negative(f, f.is(0).Lag)
	before := f.counts[1].Load()
	for range 10 {
		f.request(func(ctx context.Context) {
			states, err := f.router.SourceStates(ctx)
			require.NoError(f, err)
			for _, s := range states {
				require.NotEqual(f, "never here", s.Name)
			}
		})
	}
	require.Equal(f, before, f.counts[1].Load())
}

// reads is one request of several reads, which holds together. It returns how many records there are.
func (f *fleet) reads() (records int64) {
	view := &market.View{}
	ctx := market.WithView(context.WithoutCancel(f.Context()), view)
	before, err := f.router.Version(ctx)
	if !assertNoError(f, err) {
		return 0
	}
	records, err = f.router.CountRecords(ctx, market.RecordFilter{})
	assertNoError(f, err)
	page, err := f.router.Records(ctx, market.RecordFilter{}, market.RecordsNewestFirst, market.Window[market.RecordKey]{Size: 10})
	assertNoError(f, err)
	var ids []int64
	for _, r := range page.Items {
		ids = append(ids, r.AssetID)
	}
	assets, err := f.router.AssetsByID(ctx, ids)
	assertNoError(f, err)
	if after, err := f.router.Version(ctx); err == nil && after == before { // it would have a tag
		hours := int64(page.Items[0].ObservedAt.Sub(noon).Hours())
		if hours != records || len(assets) != 1 {
			f.Errorf("version %d holds %d records and the newest is the one of hour %d; %d assets", before, records, hours, len(assets))
		}
	}
	view.Shown(ctx)
	return records
}

func assertNoError(t testing.TB, err error) bool {
	if err != nil {
		t.Errorf("a read failed: %v", err)
	}
	return err == nil
}
