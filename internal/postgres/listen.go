package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// listenAgain is how long a lost connection is let rest before the next try.
	listenAgain = time.Second
	// listenQuiet is how long nothing may be heard before the connection is tried.
	listenQuiet = 30 * time.Second
)

// Wakes are called when something was committed to the database, by whatever process.
type Wakes struct {
	Commits func() // what readers see has changed
	Keys    func() // a key was made or revoked
}

func (w Wakes) all() {
	w.Commits()
	w.Keys()
}

// Listen calls wakes until ctx ends; it never returns before. It needs a connection of its own straight to the primary, no
// transaction pooler between. While there is none it calls them every second, and tells what is wrong.
func Listen(ctx context.Context, url string, wakes Wakes, wrong func(error)) {
	for ctx.Err() == nil {
		if err := listen(ctx, url, wakes); err != nil && ctx.Err() == nil {
			wrong(fmt.Errorf("listen for commits: %w", err))
		}
		wakes.all()
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

func listen(ctx context.Context, url string, wakes Wakes) (err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	cfg.RuntimeParams["application_name"] = "kasparro listen"
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 5 * time.Second
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), listenAgain)
		defer cancel()
		err = errors.Join(err, conn.Close(closing))
	}()
	if err := refusePooler(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+commitsChannel+"; LISTEN "+keysChannel); err != nil {
		return err
	}
	wakes.all() // something may have been committed while nobody listened
	for {
		if err := hear(ctx, conn, wakes); err != nil {
			return err
		}
	}
}

// refusePooler returns an error where another process stands between: it gives each transaction a session of its choice, and
// what one of them listens to nobody hears. A pooler shows itself by the number of the process, since it makes one up.
func refusePooler(ctx context.Context, conn *pgx.Conn) error {
	var pid uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		return err
	}
	if pid != conn.PgConn().PID() {
		return errors.New("a pooler stands between here and the database: set DATABASE_DIRECT_URL")
	}
	return nil
}

// hear waits for a notification. Where none comes for long it asks whether the server is still there.
func hear(ctx context.Context, conn *pgx.Conn, wakes Wakes) error {
	quiet, cancel := context.WithTimeout(ctx, listenQuiet)
	defer cancel()
	heard, err := conn.WaitForNotification(quiet)
	switch {
	case err == nil && heard.Channel == keysChannel:
		wakes.Keys()
		return nil
	case err == nil:
		wakes.Commits()
		return nil
	case quiet.Err() == nil || ctx.Err() != nil:
		return err
	}
	wakes.all()
	return conn.Ping(ctx)
}
