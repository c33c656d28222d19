package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

func TestSettingsThatShouldBeOthers(t *testing.T) {
	url := postgrestest.URL(t)
	db := postgrestest.Open(t, url)
	wrong, err := postgres.Settings(t.Context(), db)
	require.NoError(t, err)
	require.Empty(t, wrong, "the migrations have made them")
	_, err = db.ExecContext(t.Context(), `DO $$ BEGIN
		EXECUTE format('ALTER DATABASE %I SET client_connection_check_interval = 0', current_database());
		EXECUTE format('ALTER DATABASE %I SET random_page_cost = 4', current_database());
		DROP EXTENSION pg_trgm CASCADE; END $$`)
	require.NoError(t, err)

	wrong, err = postgres.Settings(t.Context(), postgrestest.Open(t, url)) // of new sessions
	require.NoError(t, err)
	require.Len(t, wrong, 3)
	for _, w := range wrong {
		_, err := db.ExecContext(t.Context(), w.Mend)
		require.NoError(t, err)
	}
	wrong, err = postgres.Settings(t.Context(), postgrestest.Open(t, url))
	require.NoError(t, err)
	require.Empty(t, wrong)
}
