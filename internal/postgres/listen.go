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

// Listen calls wake whenever something has been committed to the database at url, by whatever process, until ctx
// ends; it never returns before. It needs a connection of its own straight to the primary, no transaction pooler
// between. While there is none it calls wake every second, and tells what is wrong.
func Listen(ctx context.Context, url string, wake func(), wrong func(error)) {
	for ctx.Err() == nil {
		if err := listen(ctx, url, wake); err != nil && ctx.Err() == nil {
			wrong(fmt.Errorf("listen for commits: %w", err))
		}
		wake()
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

func listen(ctx context.Context, url string, wake func()) (err error) {
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
	if _, err := conn.Exec(ctx, "LISTEN "+commitsChannel); err != nil {
		return err
	}
	for {
		wake() // also at first: something may have been committed while nobody listened
		if err := hear(ctx, conn); err != nil {
			return err
		}
	}
}

// hear waits for a notification. Where none comes for long it asks whether the server is still there.
func hear(ctx context.Context, conn *pgx.Conn) error {
	quiet, cancel := context.WithTimeout(ctx, listenQuiet)
	defer cancel()
	_, err := conn.WaitForNotification(quiet)
	if err == nil || quiet.Err() == nil || ctx.Err() != nil {
		return err
	}
	return conn.Ping(ctx)
}
