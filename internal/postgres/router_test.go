package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

var _ market.Reader = (*postgres.Router)(nil)

// One standby, which takes its time to be made, for all of it.
func TestReadsOverAStandby(t *testing.T) {
	f := newFleet(t)
	f.untilFit()
	t.Run("what is asked under a view goes to the standby", f.on(underAView))
	t.Run("a commit that was shown is never gone again", f.on(neverBack))
	t.Run("what a mutation has written is read", f.on(readYourWrites))
	t.Run("what followers were told of is read", f.on(followersRead))
	t.Run("left out while it is behind", f.on(leftOutBehind))
	t.Run("a statement that stands in the way of replay", f.on(conflict))
	t.Run("moved in the middle, there is no version", f.on(tornRequest))
	t.Run("the primary is away", f.on(primaryAway))
	t.Run("what was shown is lost with the primary", f.on(lostWithThePrimary))
	t.Run("a standby that comes back older", f.on(comesBackOlder))
	t.Run("a standby that hangs", f.on(hangs))
	t.Run("a standby that is killed", f.on(killed))
	t.Run("a standby that knows more than the primary", f.on(divergedStandby))
}

func (f *fleet) on(test func(*fleet)) func(*testing.T) {
	return func(t *testing.T) {
		was := f.T
		defer func() { f.T = was }()
		f.T = t
		f.replayed(f.commit())
		f.untilFit()
		f.until("it is known to have all", func() bool {
			_, atStandby := f.request(func(ctx context.Context) { f.count(ctx) })
			return atStandby > 0
		})
		test(f)
	}
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
	require.True(f, f.router.Fit(0), "it is not behind by so much that it is left out")
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
	f.until("idle is not behind", func() bool { return f.router.Fit(0) })
	f.commit()
	f.untilLeftOut()
	atPrimary, atStandby := f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	require.Zero(f, atStandby)
	require.Positive(f, atPrimary)
	f.standby.Resume()
	f.untilFit()
}

// slowAtTheStandby is quick at the primary, and takes for ever at the standby.
func slowAtTheStandby(ctx context.Context, db *bun.DB) error {
	var recovering bool
	return db.NewRaw("SELECT CASE WHEN pg_is_in_recovery() THEN pg_sleep(600) IS NULL ELSE false END FROM sources LIMIT 1").Scan(ctx, &recovering)
}

// asleep waits until the slow statement is going on.
func (f *fleet) asleep() {
	f.Helper()
	db := postgrestest.Open(f, f.standby.URL(f.url))
	f.until("the statement is going on", func() bool {
		var n int
		return db.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").Scan(f.Context(), &n) == nil && n > 0
	})
}

// askSlowly asks the slow question in a request of its own, and hands over what came of it.
func (f *fleet) askSlowly() <-chan error {
	done := make(chan error, 1)
	go func() {
		ctx := market.WithView(f.Context(), &market.View{})
		done <- f.router.Ask(ctx, func(ctx context.Context, db *bun.DB) error {
			err := slowAtTheStandby(ctx, db)
			if err != nil {
				f.refusal = err.Error()
			}
			return err
		})
	}()
	f.asleep()
	return done
}

func conflict(f *fleet) {
	f.configure("max_standby_streaming_delay", "0")
	done := f.askSlowly()
	_, err := postgrestest.Open(f, f.url).ExecContext(f.Context(), "LOCK TABLE sources IN ACCESS EXCLUSIVE MODE; INSERT INTO commits (version, listing_ids, observed_ats) VALUES (-1, '{}', '{}'); DELETE FROM commits WHERE version = -1")
	require.NoError(f, err)
	require.NoError(f, <-done)
	require.Contains(f, f.refusal, "canceling statement due to conflict with recovery (SQLSTATE 40001)")
	require.True(f, f.router.Fit(0), "it is none the worse for it")
}

func tornRequest(f *fleet) {
	ctx := market.WithView(f.Context(), &market.View{})
	before, err := f.router.Version(ctx)
	require.NoError(f, err)
	f.count(ctx)
	_, err = f.standby.Admin().ExecContext(f.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kasparro api'")
	require.NoError(f, err)
	failing := true
	require.NoError(f, f.router.Ask(ctx, func(ctx context.Context, db *bun.DB) error {
		if failing { // whatever the driver does about connections that are gone
			failing = false
			_, err := db.ExecContext(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		}
		return slowAtTheStandby(ctx, db)
	}))
	after, err := f.router.Version(ctx)
	require.Error(f, err, "from version %d to %d", before, after)
}
