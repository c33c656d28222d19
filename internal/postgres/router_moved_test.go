package postgres_test

import (
	"context"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// slowAtTheStandby is quick at the primary, and takes for ever at the standby.
func slowAtTheStandby(ctx context.Context, db *bun.DB) error {
	var recovering bool
	return db.NewRaw("SELECT CASE WHEN pg_is_in_recovery() THEN pg_sleep(600) IS NULL ELSE false END FROM sources LIMIT 1").Scan(ctx, &recovering)
}

// asleep waits until the slow statement is going on, and tells at which standby.
func (f *fleet) asleep() (standby int) {
	f.Helper()
	var all []*bun.DB
	for i := range f.fit() {
		all = append(all, postgrestest.Open(f, f.standbys[i].URL(f.url)))
	}
	f.until("the statement is going on", func() bool {
		for i, db := range all {
			var n int
			if db.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'").Scan(f.Context(), &n) == nil && n > 0 {
				standby = i
				return true
			}
		}
		return false
	})
	return standby
}

// askSlowly asks the slow question in a request of its own, and hands over what came of it.
func (f *fleet) askSlowly() (done chan error, standby int) {
	done = make(chan error, 1)
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
	return done, f.asleep()
}

func conflict(f *fleet) {
	f.configure("max_standby_streaming_delay", "0")
	defer f.configure("max_standby_streaming_delay", "30000")
	done, _ := f.askSlowly()
	_, err := postgrestest.Open(f, f.url).ExecContext(f.Context(), "LOCK TABLE sources IN ACCESS EXCLUSIVE MODE; INSERT INTO commits (version, listing_ids, observed_ats) VALUES (-1, '{}', '{}'); DELETE FROM commits WHERE version = -1")
	require.NoError(f, err)
	require.NoError(f, <-done)
	require.Contains(f, f.refusal, "canceling statement due to conflict with recovery (SQLSTATE 40001)")
	require.True(f, f.fit()[0], "it is none the worse for it")
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
