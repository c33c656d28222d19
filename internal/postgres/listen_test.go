package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// Whoever listens is woken by the commits of others, also after its connection was cut; commits made meanwhile wake it as
// soon as it is back.
func TestCommitsAreHeardOf(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	s := newStoreOn(db)
	ctx, cancel := context.WithCancel(t.Context())
	woken, wrong, ended := make(chan struct{}, 1000), make(chan error, 1000), make(chan struct{})
	go func() {
		defer close(ended)
		postgres.Listen(ctx, url, postgres.Wakes{Commits: func() { woken <- struct{}{} }, Keys: func() {}}, func(err error) { wrong <- err })
	}()
	<-woken // it listens
	finish(t, s, start(t, s, "coingecko"))
	<-woken
	<-woken

	_, err := db.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kasparro listen'")
	require.NoError(t, err)
	require.Error(t, <-wrong)
	run := start(t, s, "coingecko")
	<-woken // as it lost the connection
	<-woken // as it is back
	finish(t, s, run)
	<-woken
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		require.Fail(t, "it goes on listening")
	}
}
