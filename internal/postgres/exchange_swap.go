package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// Server is the major version of the server.
func (e *Exchange) Server(ctx context.Context) (major int, err error) {
	err = e.conn.NewRaw("SELECT current_setting('server_version_num')::int / 10000").Scan(ctx, &major)
	return major, unavailable(err)
}

// Create makes the new database, with the locale of the one that is there, or of the server.
func (e *Exchange) Create(ctx context.Context) error {
	var like []struct{ Collate, Ctype string }
	if err := e.conn.NewRaw("SELECT datcollate AS collate, datctype AS ctype FROM pg_database WHERE datname = ? AND datlocprovider = 'c'", e.Database).Scan(ctx, &like); err != nil {
		return fmt.Errorf("read the locale: %w", unavailable(err))
	}
	statement := e.admin.NewRaw("CREATE DATABASE ? TEMPLATE template0 ENCODING 'UTF8'", bun.Ident(e.New))
	if len(like) > 0 {
		statement = e.admin.NewRaw("CREATE DATABASE ? TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE ? LC_CTYPE ?", bun.Ident(e.New), like[0].Collate, like[0].Ctype)
	}
	if _, err := statement.Exec(ctx); err != nil {
		return fmt.Errorf("make a database to restore into (an administrator may allow it by ALTER ROLE … CREATEDB): %w", unavailable(err))
	}
	return nil
}

// Abandon drops the new database.
func (e *Exchange) Abandon(ctx context.Context) error { return e.drop(ctx, e.New) }

// Set gives the new database the settings of another, and returns the names of those that this user may not set.
func (e *Exchange) Set(ctx context.Context, settings map[string]string) (refused []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		err := inTx(ctx, e.admin, func(ctx context.Context, tx bun.Tx) error {
			if _, err := tx.ExecContext(ctx, "SELECT set_config(?, ?, true)", name, settings[name]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "ALTER DATABASE ? SET ? FROM CURRENT", bun.Ident(e.New), bun.Safe(quoteSetting(name)))
			return err
		})
		if isAway(err) {
			return refused, unavailable(err)
		}
		if err != nil {
			refused = append(refused, name)
		}
	}
	return refused, nil
}

// quoteSetting writes a name that may have parts.
func quoteSetting(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		parts[i] = `"` + strings.ReplaceAll(p, `"`, `""`) + `"`
	}
	return strings.Join(parts, ".")
}

// Swap gives the new database the name, or changes nothing. It tells whether one was there that is now kept under another name:
// one that holds nothing is dropped.
func (e *Exchange) Swap(ctx context.Context) (kept bool, err error) {
	old, err := e.There(ctx, e.Database)
	if err != nil {
		return false, err
	}
	if kept = old; old {
		vacant, err := e.Vacant(ctx)
		if err != nil {
			return false, err
		}
		kept = !vacant
	}
	if err := e.rename(ctx, old); err != nil || kept || !old {
		return kept, err
	}
	return false, e.drop(ctx, e.Aside)
}

func (e *Exchange) rename(ctx context.Context, old bool) error {
	err := e.admin.RunInTx(ctx, &sql.TxOptions{}, func(ctx context.Context, tx bun.Tx) error {
		if old {
			if _, err := tx.ExecContext(ctx, "ALTER DATABASE ? RENAME TO ?", bun.Ident(e.Database), bun.Ident(e.Aside)); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "ALTER DATABASE ? RENAME TO ?", bun.Ident(e.New), bun.Ident(e.Database))
		return err
	})
	if err == nil {
		return nil
	}
	if inUse := e.Idle(ctx); inUse != nil {
		return inUse
	}
	return fmt.Errorf("put the restored database in its place: %w", unavailable(err))
}

// Vacant tells whether there is a database that holds nothing of anybody's: it need not be kept.
func (e *Exchange) Vacant(ctx context.Context) (vacant bool, err error) {
	db, err := Open(e.url, Pool{Name: "restore", MaxConns: 1})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.NewRaw("SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND"+ours+")").Scan(ctx, &vacant)
	return vacant, unavailable(err)
}

// Drop drops a database that was kept aside by an earlier exchange, and no other.
func (e *Exchange) Drop(ctx context.Context, name string) error {
	stamp, ok := strings.CutPrefix(name, within(e.Database, keptAside))
	there, err := e.There(ctx, name)
	if err != nil {
		return err
	}
	if !ok || !stamped.MatchString(stamp) || !there {
		kept, err := e.Kept(ctx)
		if err != nil {
			return err
		}
		return fmt.Errorf("%s is no database that was kept by a restore; those are: %s", name, strings.Join(append(kept, "no others"), ", "))
	}
	return e.drop(ctx, name)
}

// Kept lists the databases that were kept aside, oldest first.
func (e *Exchange) Kept(ctx context.Context) (names []string, err error) {
	prefix := within(e.Database, keptAside)
	err = e.conn.NewRaw("SELECT datname FROM pg_database WHERE starts_with(datname, ?) ORDER BY datname", prefix).Scan(ctx, &names)
	return slices.DeleteFunc(names, func(n string) bool { return !stamped.MatchString(strings.TrimPrefix(n, prefix)) }), unavailable(err)
}
