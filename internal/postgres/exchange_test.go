package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func begin(t *testing.T, url string, at time.Time) *postgres.Exchange {
	t.Helper()
	e, err := postgres.BeginExchange(t.Context(), url, at)
	require.NoError(t, err)
	return e
}

// put makes a database with a table of that name, and puts it in place.
func put(t *testing.T, e *postgres.Exchange, table string) (kept bool) {
	t.Helper()
	require.NoError(t, e.Create(t.Context()))
	db, err := postgres.Open(e.URL(e.New), postgres.Pool{Name: "test", MaxConns: 1})
	require.NoError(t, err)
	do(t, db, "CREATE TABLE "+table+" (i int)")
	require.NoError(t, db.Close())
	kept, err = e.Swap(t.Context())
	require.NoError(t, err)
	require.NoError(t, e.Close())
	return kept
}

func holds(t *testing.T, url, table string) bool {
	t.Helper()
	db, err := postgres.Open(url, postgres.Pool{Name: "test", MaxConns: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var there bool
	require.NoError(t, db.NewRaw("SELECT to_regclass(?) IS NOT NULL", table).Scan(t.Context(), &there))
	return there
}

// restoredAt is when the exchanges of these tests are made.
var restoredAt = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// What was there is kept until it is dropped by its name; what held nothing is not.
func TestExchangeKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	url := postgrestest.EmptyURL(t)
	require.False(t, put(t, begin(t, url, restoredAt), "first"))
	e := begin(t, url, restoredAt.Add(time.Second))
	require.Regexp(t, `^test_\d+_before_20261127_120001$`, e.Aside)
	require.True(t, put(t, e, "second"))
	require.True(t, holds(t, url, "second"))
	require.True(t, holds(t, e.URL(e.Aside), "first"))

	again := begin(t, url, restoredAt.Add(time.Minute))
	for _, wrong := range []string{"postgres", e.Database, "test_before_20261127_120001", e.Aside + "x", e.Database + "_before_20261127_120009"} {
		require.ErrorContains(t, again.Drop(t.Context(), wrong), "is no database that was kept by a restore; those are: "+e.Aside)
	}
	require.NoError(t, again.Drop(t.Context(), e.Aside))
	there, err := again.There(t.Context(), e.Aside)
	require.NoError(t, err)
	require.False(t, there)
	require.NoError(t, again.Close())
}

// Nobody's database is taken away beneath them, neither at the beginning nor in the last moment, and two do not exchange at a time.
func TestExchangeWaitsForNobodyAndCutsNobodyOff(t *testing.T) {
	t.Parallel()
	url := postgrestest.URL(t)
	db, err := postgres.Open(url, postgres.Pool{Name: "api", MaxConns: 3})
	require.NoError(t, err)
	require.NoError(t, db.PingContext(t.Context()))
	_, err = postgres.BeginExchange(t.Context(), url, restoredAt)
	require.ErrorIs(t, err, postgres.ErrInUse)
	require.ErrorContains(t, err, "kasparro api (1 times, user kasparro)")
	require.NoError(t, db.Close())

	e := begin(t, url, restoredAt)
	require.NoError(t, e.Create(t.Context()))
	refused, err := e.Set(t.Context(), map[string]string{"search_path": `"$user", public`, "random_page_cost": "1.1", "of.ours": "it's", "no_such_setting": "x"})
	require.NoError(t, err)
	require.Equal(t, []string{"no_such_setting"}, refused)
	late := postgrestest.Open(t, url)
	require.NoError(t, late.PingContext(t.Context()))
	_, err = e.Swap(t.Context())
	require.ErrorIs(t, err, postgres.ErrInUse)
	require.NoError(t, e.Abandon(t.Context()))
	there, err := e.There(t.Context(), e.New)
	require.NoError(t, err)
	require.False(t, there)
	_, err = postgres.BeginExchange(t.Context(), url, restoredAt)
	require.ErrorContains(t, err, "another restore is going on")
	require.NoError(t, e.Close())
	require.True(t, holds(t, url, "records"))
}

// What an exchange that was killed has left is cleared away by the next, and a long name is cut.
func TestExchangeClearsAwayWhatWasLeft(t *testing.T) {
	t.Parallel()
	url := strings.Replace(postgrestest.EmptyURL(t), "/test_", "/not_there_yet_with_a_name_as_long_as_postgresql_takes_it_test_", 1)
	killed := begin(t, url, restoredAt)
	require.NoError(t, killed.Create(t.Context()))
	require.NoError(t, killed.Close())
	require.Less(t, len(killed.New), 64)
	e := begin(t, url, restoredAt.Add(time.Second))
	there, err := e.There(t.Context(), killed.New)
	require.NoError(t, err)
	require.False(t, there)
	require.False(t, put(t, e, "first"))
	require.True(t, holds(t, url, "first"))
	last := begin(t, url, restoredAt.Add(time.Minute))
	do(t, postgrestest.Open(t, last.URL("postgres")), "DROP DATABASE "+last.Database)
	require.NoError(t, last.Close())
}
