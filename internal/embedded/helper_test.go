package embedded

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// patience bounds waiting for what is sure to come; nothing is measured against it.
const patience = 2 * time.Minute

// template is the parent of a cluster made once, empty until it is.
var template string

var makeTemplate = sync.OnceValue(func() error {
	var err error
	if template, err = os.MkdirTemp("", "embedded-test"); err != nil {
		return err
	}
	s, err := Start(context.Background(), Options{Dir: filepath.Join(template, "pg"), Fast: true})
	if err != nil {
		return err
	}
	return s.Stop(context.Background())
})

// cluster is a directory with a cluster in it, for tests that are not about making one. A copy made
// by root belongs to root, so they also show that such a cluster is taken over.
func cluster(t *testing.T) string {
	t.Helper()
	require.NoError(t, makeTemplate())
	dir := filepath.Join(t.TempDir(), "pg")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(template, "pg"))))
	require.NoError(t, os.Chmod(dir, 0o700))
	return dir
}

// start starts a server that ends with the test.
func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := startLogged(t, dir, nil)
	require.NoError(t, err)
	return s
}

func startLogged(t *testing.T, dir string, log *slog.Logger) (*Server, error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := Start(ctx, Options{Dir: dir, Log: log, Fast: true})
	if err == nil {
		t.Cleanup(func() {
			if err := s.Stop(context.Background()); err != nil {
				t.Log(err)
			}
		})
	}
	return s, err
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	return conn
}

func execute(t *testing.T, s *Server, sql string) {
	t.Helper()
	executeURL(t, s.URL(role), sql)
}

func executeURL(t *testing.T, url, sql string) {
	t.Helper()
	conn := connect(t, url)
	_, err := conn.Exec(t.Context(), sql)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
}

// ask gives the one value that the query yields, as text.
func ask(t *testing.T, s *Server, sql string) string {
	t.Helper()
	return askURL(t, s.URL(role), sql)
}

func askURL(t *testing.T, url, sql string) string {
	t.Helper()
	conn := connect(t, url)
	rows, err := conn.Query(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	values, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		return string(row.RawValues()[0]), nil
	})
	require.NoError(t, err)
	require.Len(t, values, 1)
	require.NoError(t, conn.Close(t.Context()))
	return values[0]
}

// heard is a log that tells when a message has been written.
func heard(message string) (*slog.Logger, <-chan struct{}) {
	said := make(chan struct{}, 16)
	reader, writer := io.Pipe()
	go func() {
		lines := bufio.NewScanner(reader)
		for lines.Scan() {
			if strings.Contains(lines.Text(), message) {
				said <- struct{}{}
			}
		}
	}()
	return slog.New(slog.NewTextHandler(writer, nil)), said
}
