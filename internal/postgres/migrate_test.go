package postgres_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

var migrationNames = []string{
	"0001_market", "0002_runs", "0003_planner", "0004_streams", "0005_drift", "0006_allowances", "0007_raw", "0008_identity", "0009_commits", "0010_keys", "0011_waiting",
}

// schemaOf tells all that is in the database but the ledger of migrations itself and what belongs to
// extensions, which stay for others that may use them, a line each.
func schemaOf(t *testing.T, db *bun.DB) []string {
	t.Helper()
	var lines []string
	require.NoError(t, db.NewRaw(`
		SELECT 'class ' || c.relkind::text || ' ' || c.relname || ' ' || c.relpersistence::text || ' ' || coalesce(c.reloptions::text, '')
				|| ' ' || coalesce(pg_get_expr(c.relpartbound, c.oid), '')
			FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'bun%'
		UNION ALL SELECT 'column ' || table_name || '.' || column_name || ' ' || ordinal_position || ' ' || data_type || ' '
				|| is_nullable || ' ' || coalesce(column_default, '') || ' ' || is_identity
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'bun%'
		UNION ALL SELECT 'constraint ' || conname || ' ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid)
			FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'bun%'
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'bun%'
		UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT 'type ' || typname FROM pg_type
			WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
		UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_proc.oid AND d.deptype = 'e')
		ORDER BY 1`).Scan(t.Context(), &lines))
	return lines
}

// requireApplied: these are applied and the others are not.
func requireApplied(t *testing.T, db *bun.DB, applied ...string) {
	t.Helper()
	list, err := postgres.Migrations(t.Context(), db)
	require.NoError(t, err)
	var want []postgres.Migration
	for _, name := range migrationNames {
		want = append(want, postgres.Migration{Name: name, Applied: slices.Contains(applied, name)})
	}
	require.Equal(t, want, list)
}

func up(t *testing.T, db *bun.DB, want ...string) {
	t.Helper()
	names, err := postgres.MigrateUp(t.Context(), db)
	require.NoError(t, err)
	require.Equal(t, want, names)
}

// down takes back as many steps as there are names, one a call.
func down(t *testing.T, db *bun.DB, want ...string) {
	t.Helper()
	for _, step := range slices.Backward(want) {
		names, err := postgres.MigrateDown(t.Context(), db)
		require.NoError(t, err)
		require.Equal(t, []string{step}, names, "one step at a time")
	}
}

func nothingToTakeBack(t *testing.T, db *bun.DB) {
	t.Helper()
	names, err := postgres.MigrateDown(t.Context(), db)
	require.NoError(t, err)
	require.Empty(t, names)
}

func TestMigrationsForwardsAndBackwards(t *testing.T) {
	db := postgrestest.Open(t, postgrestest.EmptyURL(t))
	requireApplied(t, db)
	nothingToTakeBack(t, db)
	up(t, db, migrationNames...)
	requireApplied(t, db, migrationNames...)
	first := schemaOf(t, db)
	require.Contains(t, strings.Join(first, "\n"), "UNIQUE INDEX etl_runs_running_idx")
	up(t, db)

	// What runs have made goes too.
	s := newStoreOn(db)
	run := start(t, s, "coingecko")
	commit(t, s, run, observe("bitcoin", noon, "1"))
	require.Greater(t, len(schemaOf(t, db)), len(first))
	down(t, db, migrationNames...)
	require.Empty(t, schemaOf(t, db))
	requireApplied(t, db)

	up(t, db, migrationNames...)
	require.Equal(t, first, schemaOf(t, db))
	_, err := newStoreOn(db).StartRun(t.Context(), slotOf("coingecko", noon))
	require.NoError(t, err)
}

func TestManyMigrateAtOnce(t *testing.T) {
	url := postgrestest.EmptyURL(t)
	const callers = 10
	pools := make([]*bun.DB, 2*callers)
	for i := range pools {
		pools[i] = postgrestest.Open(t, url)
	}
	applied := make([][]string, callers)
	for _, err := range race(len(pools), func(i int) (err error) {
		if i >= callers { // and as many ask how far it is
			_, err = postgres.Migrations(t.Context(), pools[i])
			return err
		}
		applied[i], err = postgres.MigrateUp(t.Context(), pools[i])
		return err
	}) {
		require.NoError(t, err)
	}
	var all []string
	for _, names := range applied {
		all = append(all, names...)
	}
	require.Equal(t, migrationNames, all)
	requireApplied(t, pools[0], migrationNames...)
}

// The mark that bun makes after a migration's transaction is refused, as if the process had been
// killed before it: the migration counts as applied all the same.
func TestAMigrationKilledBeforeItsMarkIsNotRunAgain(t *testing.T) {
	db := postgrestest.Open(t, postgrestest.EmptyURL(t))
	nothingToTakeBack(t, db) // makes the ledger
	_, err := db.ExecContext(t.Context(), `
		CREATE FUNCTION killed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'killed'; END $$;
		CREATE TRIGGER kill BEFORE UPDATE ON bun_migrations FOR EACH ROW EXECUTE FUNCTION killed()`)
	require.NoError(t, err)
	_, err = postgres.MigrateUp(t.Context(), db)
	require.ErrorContains(t, err, "killed")
	requireApplied(t, db, migrationNames[0])
	_, err = db.ExecContext(t.Context(), "DROP TRIGGER kill ON bun_migrations; DROP FUNCTION killed")
	require.NoError(t, err)
	up(t, db, migrationNames[1:]...)
	requireApplied(t, db, migrationNames...)
	require.NotEmpty(t, schemaOf(t, db))
	down(t, db, migrationNames[1:]...)
	requireApplied(t, db, migrationNames[0])
	down(t, db, migrationNames[0])
	require.Empty(t, schemaOf(t, db))
}

// A process that stops waiting for another's migration leaves nothing locked.
func TestWaitingForAMigrationCanBeGivenUp(t *testing.T) {
	url := postgrestest.EmptyURL(t)
	db, other := postgrestest.Open(t, url), postgrestest.Open(t, url)
	holder, err := other.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = holder.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock(?)", 0x6b617370)
	require.NoError(t, err)
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := postgres.MigrateUp(ctx, db)
		done <- err
	}()
	require.Eventually(t, func() bool {
		var waiting bool
		err := other.NewRaw(`SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(t.Context(), &waiting)
		return err == nil && waiting
	}, time.Minute, 5*time.Millisecond)
	giveUp()
	require.ErrorIs(t, <-done, context.Canceled)
	require.NoError(t, holder.Rollback())
	up(t, db, migrationNames...)
}

// A database that nobody has migrated yet is one that cannot be used yet.
func TestADatabaseWithoutTables(t *testing.T) {
	s := newStoreOn(postgrestest.Open(t, postgrestest.EmptyURL(t)))
	_, err := s.SourceStates(t.Context())
	require.ErrorIs(t, err, market.ErrUnavailable)
}
