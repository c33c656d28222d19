package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A program that is older than the schema leaves it alone, says why, and shows what a newer one has made.
func TestAnOlderProgramLeavesANewerSchemaAlone(t *testing.T) {
	db := postgrestest.New(t)
	_, err := db.ExecContext(t.Context(), "INSERT INTO bun_migrations (name, group_id) VALUES ('0099', 99), ('0098', 98)")
	require.NoError(t, err)
	before := schemaOf(t, db)
	for _, change := range []func(context.Context, *bun.DB) ([]string, error){postgres.MigrateUp, postgres.MigrateDown} {
		names, err := change(t.Context(), db)
		require.ErrorIs(t, err, postgres.ErrNewer)
		require.ErrorContains(t, err, "it has 0098, 0099; run the version that made it")
		require.Empty(t, names)
	}
	require.Equal(t, before, schemaOf(t, db))
	list, err := postgres.Migrations(t.Context(), db)
	require.NoError(t, err)
	require.Equal(t, []postgres.Migration{{Name: "0098", Applied: true, Newer: true}, {Name: "0099", Applied: true, Newer: true}}, list[len(migrationNames):])
	_, err = db.ExecContext(t.Context(), "DELETE FROM bun_migrations WHERE name > '0097'") // as the newer one takes it back
	require.NoError(t, err)
	up(t, db)
}
