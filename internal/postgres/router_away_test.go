package postgres_test

import (
	"context"
	"log/slog"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// primaryAway: what the standby has is read, and nothing else can be.
func primaryAway(f *fleet) {
	f.line.cut()
	defer f.line.mend(f.TB)
	atPrimary, atStandby := f.request(func(ctx context.Context) { require.Equal(f, f.hours.Load(), f.count(ctx)) })
	require.Zero(f, atPrimary)
	require.Positive(f, atStandby)
	require.NoError(f, f.router.Ping(f.Context()), "it can answer")
	_, err := f.router.SourceStates(f.Context())
	require.ErrorIs(f, err, market.ErrUnavailable, "without a view, as for health, the primary is meant")
}

// lostWithThePrimary: a commit was shown that only the primary had. Nobody is answered from before it, until it is taken for lost.
func lostWithThePrimary(f *fleet) {
	f.standby.Pause()
	defer f.standby.Resume()
	last := f.commit()
	version, err := f.router.Version(market.WithView(f.Context(), &market.View{Current: true}))
	require.NoError(f, err)
	require.Equal(f, last, version)
	f.line.cut()
	defer f.line.mend(f.TB)
	count := func() (int64, error) {
		return f.router.CountRecords(market.WithView(f.Context(), &market.View{}), market.RecordFilter{})
	}
	_, err = count()
	require.ErrorIs(f, err, market.ErrUnavailable)
	require.Equal(f, last, f.router.Floor())
	f.until("the commit is given up", func() bool {
		n, err := count()
		return err == nil && n == f.hours.Load()-1
	})
}

// comesBackOlder: a standby that has crashed may show less than it had shown. No look has told of that when it is read from.
func comesBackOlder(f *fleet) {
	f.configure("bgwriter_lru_maxpages", "0") // nothing is written but at checkpoints, so a crash loses what was replayed
	var before string
	require.NoError(f, postgrestest.Open(f, f.url).NewRaw("SELECT pg_current_wal_insert_lsn()::text").Scan(f.Context(), &before))
	require.NoError(f, f.store.RegisterSources(f.Context(), market.Source{Name: "the newest", Kind: market.KindAPI}))
	states, err := f.store.SourceStates(f.Context())
	require.NoError(f, err)
	all := func(router *postgres.Router, view *market.View) bool {
		found, err := router.SourceStates(market.WithView(f.Context(), view))
		return err == nil && len(found) == len(states)
	}
	f.replayed(versionOf(f, f.store))
	router, err := postgres.NewRouter(postgrestest.Open(f, f.url), f.url, []string{f.standby.URL(f.url)}, postgres.Pool{Name: "older", MaxConns: 2}, maxLag, slog.New(slog.DiscardHandler))
	require.NoError(f, err)
	defer func() { require.NoError(f, router.Close()) }()
	atStandby := router.Count()[1]
	ctx, stop := context.WithCancel(f.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); router.Run(ctx) }()
	view := &market.View{}
	f.until("it is read from", func() bool {
		view = &market.View{}
		return all(router, view) && atStandby.Load() > 0
	})
	view.Shown(market.WithView(f.Context(), view))
	stop()
	<-ended
	f.configure("recovery_target_action", "pause")
	f.configure("recovery_target_lsn", before)
	f.standby.Kill()
	f.standby.Start() // and replays no further than that
	defer func() {
		f.configure("recovery_target_lsn", "")
		f.standby.Kill()
		f.standby.Start()
	}()
	older := newStoreOn(postgrestest.Open(f, f.standby.URL(f.url)))
	require.Less(f, versionOf(f, older), router.Floor(), "it has come back older")
	require.True(f, all(router, &market.View{}), "nobody is shown that")
}

// configure changes a setting of the standby.
func (f *fleet) configure(name, value string) {
	f.Helper()
	admin := f.standby.Admin()
	for _, statement := range []string{"ALTER SYSTEM SET " + name + " = '" + value + "'", "SELECT pg_reload_conf()"} {
		_, err := admin.ExecContext(context.WithoutCancel(f.Context()), statement)
		require.NoError(f, err)
	}
	f.until("the setting is known", func() bool {
		var is bool
		err := admin.NewRaw("SELECT pending_restart OR setting = ? FROM pg_settings WHERE name = ?", value, name).Scan(context.WithoutCancel(f.Context()), &is)
		return err == nil && is
	})
}
