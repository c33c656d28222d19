// Package postgrestest gives every test a real, migrated database of its own, on a PostgreSQL that
// it starts itself: one server for each test binary, one clone of a template for each test.
package postgrestest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/embedded"
	"github.com/kasparro/kasparro/internal/postgres"
)

const template = "migrated"

var (
	dir    string // of the server's data; empty until Main has made it
	start  = sync.OnceValues(startServer)
	began  atomic.Bool
	serial atomic.Int64
)

// Main runs the tests of a package, stops the server that they used, and exits. Call it from
// TestMain.
func Main(m *testing.M) {
	os.Exit(Run(m))
}

// Run is Main for a TestMain that has more to clear away: it returns the exit code.
func Run(m *testing.M) int {
	var err error
	if dir, err = os.MkdirTemp("", "kasparro-test-"); err != nil {
		fmt.Fprintln(os.Stderr, "postgrestest:", err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, "postgrestest:", err)
		}
	}()
	code := m.Run()
	if began.Load() {
		if server, err := start(); err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			if err := server.Stop(ctx); err != nil {
				fmt.Fprintln(os.Stderr, "postgrestest:", err)
			}
		}
	}
	return code
}

// New returns a pool on a migrated database that no other test sees. It is closed and dropped with
// the test.
func New(t testing.TB) *bun.DB {
	t.Helper()
	return Open(t, URL(t))
}

// Open returns a pool on the database at url, closed with the test.
func Open(t testing.TB, url string) *bun.DB {
	t.Helper()
	db, err := postgres.Open(url, postgres.Pool{Name: "test", MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// URL returns the URL of a migrated database that no other test sees.
func URL(t testing.TB) string { return create(t, "TEMPLATE "+template) }

// EmptyURL is URL for a database without any tables.
func EmptyURL(t testing.TB) string { return create(t, "") }

func create(t testing.TB, options string) string {
	t.Helper()
	require.NotEmpty(t, dir, "TestMain of this package must call postgrestest.Main")
	began.Store(true)
	server, err := start()
	require.NoError(t, err)
	name := fmt.Sprintf("test_%d", serial.Add(1))
	admin(t, server, fmt.Sprintf("CREATE DATABASE %s %s", name, options))
	t.Cleanup(func() { admin(t, server, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)) })
	return server.URL(name)
}

func admin(t testing.TB, server *embedded.Server, statement string) {
	t.Helper()
	db, err := postgres.Open(server.URL("postgres"), postgres.Pool{Name: "test", MaxConns: 1})
	require.NoError(t, err)
	_, err = db.Exec(statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func startServer() (*embedded.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := embedded.Start(ctx, embedded.Options{
		Dir: filepath.Join(dir, "postgres"), Fast: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	if err := prepareTemplate(ctx, server); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	return server, nil
}

func prepareTemplate(ctx context.Context, server *embedded.Server) error {
	postgresDB, err := postgres.Open(server.URL("postgres"), postgres.Pool{Name: "test", MaxConns: 1})
	if err != nil {
		return err
	}
	if _, err := postgresDB.ExecContext(ctx, "CREATE DATABASE "+template); err != nil {
		return err
	}
	if err := postgresDB.Close(); err != nil {
		return err
	}
	db, err := postgres.Open(server.URL(template), postgres.Pool{Name: "test", MaxConns: 2})
	if err != nil {
		return err
	}
	if _, err := postgres.MigrateUp(ctx, db); err != nil {
		return err
	}
	return db.Close()
}
