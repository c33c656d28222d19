package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

var _ market.Reader = (*postgres.Router)(nil)

// Two standbys, which take their time to be made, for all of it. Beside tests that write much they would have to replay that
// before they are consistent, and none could come back older.
func TestReadsOverStandbys(t *testing.T) {
	f := newFleet(t, 2)
	t.Run("one", f.with(f.standbys[:1], []trial{
		{"what is asked under a view goes to the standby", underAView},
		{"a commit that was shown is never gone again", neverBack},
		{"a standby that has caught up is read from at once", caughtUp},
		{"what a mutation has written is read", readYourWrites},
		{"what followers were told of is read", followersRead},
		{"left out while it is behind", leftOutBehind},
		{"a statement that stands in the way of replay", conflict},
		{"moved in the middle, there is no version", tornRequest},
		{"the primary is away", primaryAway},
		{"what was shown is lost with the primary", lostWithThePrimary},
		{"a standby that comes back older", comesBackOlder},
		{"a standby that hangs", hangs},
	}))
	t.Run("two", f.with(f.standbys, []trial{
		{"in turn", inTurn},
		{"between two processes", betweenProcesses},
		{"one lags", oneLags},
		{"one is gone, then both", bothGone},
		{"under load, while they break", underLoad},
	}))
	t.Run("one that was promoted", f.with(f.standbys, []trial{{"is not read from", promotedStandby}}))
}

// trial is something that should hold of reads over standbys.
type trial struct {
	name  string
	holds func(*fleet)
}

func (f *fleet) with(standbys []*postgrestest.Standby, trials []trial) func(*testing.T) {
	return func(t *testing.T) {
		was := f.TB
		defer func() { f.TB = was }()
		f.TB = t
		defer f.over(standbys...)()
		for _, it := range trials {
			t.Run(it.name, func(inner *testing.T) {
				defer func() { f.TB = t }()
				f.TB = inner
				f.begin()
				it.holds(f)
			})
		}
	}
}

// begin waits until all standbys are read from and known to have all that there is.
func (f *fleet) begin() {
	f.untilFit()
	last := f.commit()
	for i := range f.fit() {
		f.replayedAt(i, last)
	}
	f.until("all are known to have all", func() bool {
		f.request(func(ctx context.Context) { f.count(ctx) })
		return f.router.Known() >= last
	})
}

func underAView(f *fleet) {
	atPrimary, atStandby := f.request(func(ctx context.Context) {
		before, err := f.router.Version(ctx)
		require.NoError(f, err)
		require.Equal(f, f.hours.Load(), f.count(ctx))
		after, err := f.router.Version(ctx)
		require.NoError(f, err)
		require.Equal(f, before, after)
	})
	require.Zero(f, atPrimary)
	require.EqualValues(f, 3, atStandby, "the version before, the count, and the version behind it, which Shown knows")
	before := f.atStandby.Load()
	f.count(f.Context())
	f.count(market.WithView(f.Context(), &market.View{Current: true}))
	require.NoError(f, f.router.Ping(f.Context()))
	require.Equal(f, before, f.atStandby.Load(), "without a view, or with a current one, the primary answers")
}

func neverBack(f *fleet) {
	f.standby.Pause()
	defer f.standby.Resume()
	last := f.commit()
	_, atStandby := f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load()-1, f.count(ctx)) })
	require.Positive(f, atStandby, "a little behind is good enough for who has not seen more")
	ctx := market.WithView(f.Context(), &market.View{Current: true})
	version, err := f.router.Version(ctx)
	require.NoError(f, err)
	require.Equal(f, last, version)
	atPrimary, atStandby := f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	require.Zero(f, atStandby)
	require.Positive(f, atPrimary)
	require.True(f, f.fit()[0], "it is not behind by so much that it is left out")
}

// A commit was shown that the standby had not been seen with. As soon as it has it, it is read from, whenever the next look is.
func caughtUp(f *fleet) {
	router, stop := f.process(f.standby)
	defer stop()
	counts := router.Count()
	router.Look(f.Context())
	read := func() { require.Equal(f, f.hours.Load(), f.countAt(router)) }
	f.standby.Pause()
	last := f.commit()
	version, err := router.Version(market.WithView(f.Context(), &market.View{Current: true}))
	require.NoError(f, err)
	require.Equal(f, last, version)
	read()
	require.Zero(f, counts[1].Load(), "it does not have it")
	f.standby.Resume()
	f.replayed(last)
	f.until("it is asked again", func() bool { read(); return counts[1].Load() > 0 })
	replicas, atPrimary := router.Replicas()
	require.Positive(f, replicas[0].Passed)
	require.EqualValues(f, counts[1].Load(), replicas[0].Reads)
	require.Positive(f, atPrimary)
}

func readYourWrites(f *fleet) {
	f.standby.Pause()
	defer f.standby.Resume()
	require.NoError(f, f.store.RegisterSources(f.Context(), market.Source{Name: "csv", Kind: market.KindFile}))
	_, err := f.router.Version(market.WithView(f.Context(), &market.View{Current: true})) // as the API does behind a mutation
	require.NoError(f, err)
	f.request(func(ctx context.Context) {
		states, err := f.router.SourceStates(ctx)
		require.NoError(f, err)
		require.Len(f, states, 2)
	})
}

func followersRead(f *fleet) {
	f.standby.Pause()
	defer f.standby.Resume()
	version := versionOf(f, f.store)
	f.commit()
	commits, err := f.router.CommitsAfter(f.Context(), version, 10)
	require.NoError(f, err)
	require.Len(f, commits, 1)
	f.request(func(ctx context.Context) {
		found, err := f.router.RecordsByKey(ctx, commits[0].Added)
		require.NoError(f, err)
		require.Len(f, found, 1)
	})
}

func leftOutBehind(f *fleet) {
	f.standby.Pause()
	f.until("idle is not behind", func() bool { return f.fit()[0] })
	f.commit()
	f.untilLeftOut(0)
	atPrimary, atStandby := f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	require.Zero(f, atStandby)
	require.Positive(f, atPrimary)
	f.standby.Resume()
	f.untilFit()
}
