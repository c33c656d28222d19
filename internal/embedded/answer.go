package embedded

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// answers says whether a server takes a connection at the URL now.
func answers(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// awaitAnswer returns when the server that was launched takes connections, which after a crash
// may be a while, or with what it logged when it does not.
func (s *Server) awaitAnswer(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := answers(ctx, s.URL("postgres"))
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.process.done:
			return fmt.Errorf("PostgreSQL ended at once (%s); the end of %s:\n%s", s.process.cmd.ProcessState, logPath(s.dir), logTail(s.dir))
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer in time (%w): %w; the end of %s:\n%s", err, context.Cause(ctx), logPath(s.dir), logTail(s.dir))
		}
	}
}

// ensureDatabase makes the database kasparro if it is missing.
func ensureDatabase(ctx context.Context, url string) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("make the database %s: %w", role, err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", role).Scan(&exists); err != nil {
		return fmt.Errorf("look for the database %s: %w", role, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+role); err != nil {
		return fmt.Errorf("make the database %s: %w", role, err)
	}
	return nil
}
