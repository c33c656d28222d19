package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"github.com/kasparro/kasparro/migrations"
)

// migrationLock is the advisory lock that lets one process migrate at a time. It belongs to a transaction and not to a
// session, which a transaction pooler would hand to others, and so it goes with the process that held it.
const migrationLock = 0x6b617370 // "kasp"

// ErrNewer is what migrating ends with where the schema has steps that this program does not know: a newer version made them.
var ErrNewer = errors.New("the schema is newer than this program")

// Migration is one step of the schema.
type Migration struct {
	Name    string
	Applied bool
	Newer   bool // applied by a newer version of the program; this one does not know it
}

// MigrateUp applies every migration that is not applied yet and returns their names. Several
// processes may call it at once: one does the work, the others wait and find nothing to do.
func MigrateUp(ctx context.Context, db *bun.DB) ([]string, error) {
	return migrateLocked(ctx, db, func(files *migrate.Migrations) (names []string, err error) {
		steps := migrate.NewMigrations()
		for _, step := range files.Sorted() { // one by one: what is applied together is taken back together
			steps.Add(step)
			group, err := migrator(db, steps).Migrate(ctx)
			if err != nil {
				return names, err
			}
			names = append(names, namesOf(group)...)
		}
		return names, nil
	})
}

// MigrateDown takes the newest migration back and returns its name. The data in what it made is
// lost.
func MigrateDown(ctx context.Context, db *bun.DB) ([]string, error) {
	return migrateLocked(ctx, db, func(files *migrate.Migrations) ([]string, error) {
		group, err := migrator(db, files).Rollback(ctx)
		if err != nil {
			return nil, err
		}
		return namesOf(group), nil
	})
}

// Migrations returns every migration with its state, oldest first. It writes nothing and waits for
// nobody, so that it may be asked while another process migrates.
func Migrations(ctx context.Context, db *bun.DB) ([]Migration, error) {
	files, err := discover()
	if err != nil {
		return nil, err
	}
	var begun bool
	if err := db.NewRaw("SELECT to_regclass('bun_migrations') IS NOT NULL").Scan(ctx, &begun); err != nil {
		return nil, fmt.Errorf("migration table: %w", unavailable(err))
	}
	known := files.Sorted()
	if begun {
		if known, err = migrator(db, files).MigrationsWithStatus(ctx); err != nil {
			return nil, fmt.Errorf("migration table: %w", unavailable(err))
		}
	}
	list := make([]Migration, len(known))
	for i, k := range known {
		list[i] = Migration{Name: k.String(), Applied: k.IsApplied()}
	}
	if !begun {
		return list, nil
	}
	newer, err := newerThan(ctx, db, files)
	for _, name := range newer {
		list = append(list, Migration{Name: name, Applied: true, Newer: true})
	}
	return list, err
}

// newerThan returns what is applied and stands in none of the files, oldest first.
func newerThan(ctx context.Context, db *bun.DB, files *migrate.Migrations) ([]string, error) {
	missing, err := migrator(db, files).MissingMigrations(ctx)
	if err != nil {
		return nil, fmt.Errorf("migration table: %w", unavailable(err))
	}
	names := make([]string, len(missing))
	for i, m := range missing {
		names[i] = m.Name // what it is about stands in its file, which is not here
	}
	slices.Sort(names)
	return names, nil
}

// UnknownMigrations are those of the names, as they stand in a database, that this program does not have.
func UnknownMigrations(names []string) (unknown []string, err error) {
	files, err := discover()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !slices.ContainsFunc(files.Sorted(), func(m migrate.Migration) bool { return m.Name == name }) {
			unknown = append(unknown, name)
		}
	}
	return unknown, nil
}

func migrateLocked(ctx context.Context, db *bun.DB, do func(*migrate.Migrations) ([]string, error)) (names []string, err error) {
	lock, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", unavailable(err))
	}
	defer func() { _ = lock.Rollback() }() // there is nothing in it but the lock
	if _, err := lock.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock(?)", migrationLock); err != nil {
		return nil, fmt.Errorf("migrate: wait for another process: %w", unavailable(err))
	}
	files, err := discover()
	if err != nil {
		return nil, err
	}
	if err := migrator(db, files).Init(ctx); err != nil {
		return nil, fmt.Errorf("migration table: %w", unavailable(err))
	}
	newer, err := newerThan(ctx, db, files)
	if err != nil {
		return nil, err
	}
	if len(newer) > 0 {
		return nil, fmt.Errorf("%w: it has %s; run the version that made it, or have that take it back (kasparro migrate down)", ErrNewer, strings.Join(newer, ", "))
	}
	if names, err = do(files); err != nil {
		return names, fmt.Errorf("migrate: %w", unavailable(err))
	}
	return names, nil
}

func namesOf(group *migrate.MigrationGroup) (names []string) {
	for _, m := range group.Migrations {
		names = append(names, m.String())
	}
	return names
}

func discover() (*migrate.Migrations, error) {
	files := migrate.NewMigrations()
	if err := files.Discover(migrations.Files); err != nil {
		return nil, fmt.Errorf("migration files: %w", err)
	}
	return files, nil
}

func migrator(db *bun.DB, files *migrate.Migrations) *migrate.Migrator {
	return migrate.NewMigrator(db, files,
		migrate.WithMarkAppliedOnSuccess(true), migrate.WithUpsert(true), migrate.AfterMigration(mark))
}

// mark notes a migration in the transaction that ran it. What bun writes afterwards comes too
// late for a process that is killed in between.
func mark(ctx context.Context, tx bun.IConn, m *migrate.Migration) error {
	statement, args := "DELETE FROM bun_migrations WHERE name = ?", []any{m.Name}
	if !m.IsApplied() {
		statement = "INSERT INTO bun_migrations (name, group_id) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
		args = append(args, m.GroupID)
	}
	bound, ok := tx.(bun.IDB)
	if !ok {
		return fmt.Errorf("migration %s: unexpected connection %T", m.Name, tx)
	}
	_, err := bound.NewRaw(statement, args...).Exec(ctx)
	return err
}
