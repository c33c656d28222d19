package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// Exchange puts another database in the place of one, under the same name, and keeps the one that was there. Only one process
// does so with one database at a time.
type Exchange struct {
	// Database is the name that stays. New is that of the database which takes it, and Aside what is kept under, if anything is.
	Database, New, Aside string

	url   string
	admin *bun.DB
	conn  bun.Conn // holds the lock
}

const (
	exchangeLock = 0x72657374 // "rest"
	maxName      = 63         // bytes of a name in PostgreSQL
	stampLayout  = "20060102_150405"
	beingMade    = "_restoring_"
	keptAside    = "_before_"
)

// ErrInUse is that somebody is connected to a database that is to be exchanged.
var ErrInUse = errors.New("the database is in use")

// BeginExchange connects to the server of a database, which need not be there yet, and clears away what an earlier
// exchange that was killed has left. It is ErrInUse where anybody is connected to the database.
func BeginExchange(ctx context.Context, databaseURL string, now time.Time) (_ *Exchange, err error) {
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	stamp := now.UTC().Format(stampLayout)
	e := &Exchange{Database: cfg.Database, New: within(cfg.Database, beingMade) + stamp, Aside: within(cfg.Database, keptAside) + stamp, url: databaseURL}
	if err := e.connect(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	var alone bool
	if err := e.conn.NewRaw("SELECT pg_try_advisory_lock(?, hashtext(?))", exchangeLock, e.Database).Scan(ctx, &alone); err != nil {
		return nil, fmt.Errorf("restore: %w", unavailable(err))
	}
	if !alone {
		return nil, fmt.Errorf("%w: another restore is going on", ErrInUse)
	}
	if err := e.Idle(ctx); err != nil {
		return nil, err
	}
	return e, e.clear(ctx)
}

// within cuts a name so that the longest of ours stays a name.
func within(name, infix string) string {
	return strings.ToValidUTF8(name[:min(len(name), maxName-len(infix)-len(stampLayout))], "") + infix
}

// connect goes to a database that every server has.
func (e *Exchange) connect(ctx context.Context) (err error) {
	var failed []error
	for _, name := range []string{"postgres", "template1"} {
		if e.admin, err = Open(elsewhere(e.url, name), Pool{Name: "restore", MaxConns: 2}); err != nil {
			return err
		}
		if e.conn, err = e.admin.Conn(ctx); err == nil {
			return nil
		}
		failed = append(failed, unavailable(err), e.admin.Close())
	}
	return errors.Join(failed...)
}

// elsewhere is a URL with the name of another database.
func elsewhere(address, database string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // it was parsed before
	}
	u.Path = "/" + database
	if q := u.Query(); q.Has("dbname") {
		q.Del("dbname")
		u.RawQuery = q.Encode()
	}
	return u.String()
}

// URL is that of a database on the same server, by the same user.
func (e *Exchange) URL(database string) string { return elsewhere(e.url, database) }

// There tells whether a database exists.
func (e *Exchange) There(ctx context.Context, database string) (there bool, err error) {
	err = e.conn.NewRaw("SELECT EXISTS (SELECT FROM pg_database WHERE datname = ?)", database).Scan(ctx, &there)
	return there, unavailable(err)
}

// Idle is ErrInUse where anybody is connected to the database, and says who.
func (e *Exchange) Idle(ctx context.Context) error {
	var who []string
	err := e.conn.NewRaw(`SELECT format('%s (%s times, user %s%s)', coalesce(nullif(application_name, ''), 'somebody'), count(*), usename, ' at ' || host(client_addr))
		FROM pg_stat_activity WHERE datname = ? AND backend_type = 'client backend'
		GROUP BY application_name, usename, client_addr ORDER BY application_name`, e.Database).Scan(ctx, &who)
	if err != nil {
		return fmt.Errorf("look who is connected: %w", unavailable(err))
	}
	if len(who) > 0 {
		return fmt.Errorf("%w: connected to %s: %s", ErrInUse, e.Database, strings.Join(who, ", "))
	}
	return nil
}

var stamped = regexp.MustCompile(`^\d{8}_\d{6}$`)

// clear drops databases that an exchange was making when it was killed.
func (e *Exchange) clear(ctx context.Context) error {
	var names []string
	prefix := within(e.Database, beingMade)
	if err := e.conn.NewRaw("SELECT datname FROM pg_database WHERE starts_with(datname, ?)", prefix).Scan(ctx, &names); err != nil {
		return fmt.Errorf("look for what was left: %w", unavailable(err))
	}
	for _, name := range names {
		if stamped.MatchString(strings.TrimPrefix(name, prefix)) {
			if err := e.drop(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Exchange) drop(ctx context.Context, name string) error {
	if _, err := e.conn.ExecContext(ctx, "DROP DATABASE IF EXISTS ? WITH (FORCE)", bun.Ident(name)); err != nil {
		return fmt.Errorf("drop the database %s: %w", name, unavailable(err))
	}
	return nil
}

// Close lets others restore.
func (e *Exchange) Close() error { return errors.Join(e.conn.Close(), e.admin.Close()) }
