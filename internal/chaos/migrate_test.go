package chaos_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// A migration that was killed at any of its statements is gone on with.
func TestKillDuringMigration(t *testing.T) {
	t.Parallel()
	whole := newRigOn(t, postgrestest.EmptyURL(t))
	whole.countSteps(-1)
	whole.migrate()
	steps := whole.number("SELECT last_value FROM chaos.steps")
	whole.forgetSteps()
	want := whole.schema()
	require.NotEmpty(t, want)
	for range max(2, *rounds/4) {
		try(t, "kill -9 of a migration", func() {
			step := 1 + whole.dice.Int64N(steps)
			r := newRigOn(t, postgrestest.EmptyURL(t))
			r.countSteps(step)
			require.True(t, r.kill(changingTheSchema(step), "migrate", "up"), "the migration ended before")
			r.forgetSteps()
			r.migrate()
			require.Equal(t, want, r.schema(), "killed at statement %d", step)
		})
	}
}

func (r *rig) migrate() {
	r.t.Helper()
	p := r.start("migrate", "up")
	require.Zero(r.t, p.wait(), "%s\n%s", &p.out, &p.log)
}

// changingTheSchema is the moment before so many statements have changed the schema.
func changingTheSchema(step int64) moment {
	return moment{
		name: fmt.Sprintf("statement %d of the migration", step),
		arm:  func(r *rig) func() { return r.hold("SELECT pg_advisory_xact_lock(4711)") },
		seen: func(r *rig, _ *program) bool { return r.blocked() > 0 },
	}
}

// countSteps counts the statements that change the schema, and makes one of them wait for who holds
// lock 4711.
func (r *rig) countSteps(waiting int64) {
	r.t.Helper()
	r.exec(`CREATE SCHEMA chaos;
		CREATE SEQUENCE chaos.steps;
		CREATE FUNCTION chaos.step() RETURNS event_trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF nextval('chaos.steps') = ` + fmt.Sprint(waiting) + ` THEN
				PERFORM pg_advisory_xact_lock_shared(4711);
			END IF;
		END $$;
		CREATE EVENT TRIGGER chaos_step ON ddl_command_start EXECUTE FUNCTION chaos.step()`)
}

func (r *rig) forgetSteps() {
	r.t.Helper()
	r.exec("DROP EVENT TRIGGER chaos_step; DROP SCHEMA chaos CASCADE")
}

// schema is all that makes two databases differ in their schema.
func (r *rig) schema() (lines []string) {
	r.t.Helper()
	require.NoError(r.t, r.db.NewRaw(`
		SELECT concat_ws(' ', 'relation', relname, relkind, reloptions, pg_get_partkeydef(oid)) AS line
			FROM pg_class WHERE relnamespace = 'public'::regnamespace
		UNION ALL SELECT concat_ws(' ', 'column', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
				attidentity, pg_get_expr(adbin, adrelid))
			FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
			WHERE attnum > 0 AND NOT attisdropped
				AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p'))
		UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
			FROM pg_constraint WHERE connamespace = 'public'::regnamespace
		UNION ALL SELECT 'setting ' || unnest(setconfig) FROM pg_db_role_setting
			WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
		UNION ALL SELECT 'migration ' || name FROM bun_migrations
		ORDER BY line`).Scan(context.Background(), &lines))
	return lines
}
