package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// oddPassword stands in URLs of these tests; the server, on a socket of its own, does not ask for it.
const oddPassword = "p%40ss%20%27%24HOME%3A%22"

// withPassword is a URL with that password.
func withPassword(url string) string {
	return strings.Replace(url, "://kasparro@", "://kasparro:"+oddPassword+"@", 1)
}

// briefly uses a database that nobody may be connected to afterwards.
func briefly(t *testing.T, url string, use func(*bun.DB)) {
	t.Helper()
	db, err := postgres.Open(url, postgres.Pool{Name: "test", MaxConns: 2})
	require.NoError(t, err)
	use(db)
	require.NoError(t, db.Close())
}

func askSQL(t *testing.T, url, question string, args ...any) (answer string) {
	t.Helper()
	briefly(t, url, func(db *bun.DB) {
		require.NoError(t, db.NewRaw(question, args...).Scan(t.Context(), &answer), question)
	})
	return answer
}

func contentsOf(t *testing.T, url string) (c postgres.Contents) {
	t.Helper()
	briefly(t, url, func(db *bun.DB) {
		s, err := postgres.TakeSnapshot(t.Context(), db)
		require.NoError(t, err)
		c, err = s.Contents(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.Close())
	})
	return c
}

// succeed runs the program, and wants it to say nothing but on its standard output.
func succeed(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	code, stdout, stderr := finish(t, dir, env, args...)
	require.Equal(t, exitDone, code, stderr)
	require.Empty(t, stderr)
	require.NotContains(t, stdout, "p@ss")
	require.NotContains(t, stdout, oddPassword)
	return stdout
}

// keepWriting adds to the database until the function that it returns is called.
func keepWriting(t *testing.T, url string) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		briefly(t, url, func(db *bun.DB) {
			for ctx.Err() == nil {
				_, err := db.Exec("INSERT INTO audit_log (actor, action, target) VALUES ('a test', 'writes', 'on'); UPDATE data_version SET version = version + 1")
				require.NoError(t, err)
			}
		})
	})
	return func() { cancel(); done.Wait() }
}

// A backup is made while others write, and restoring it gives what was there at that moment, to the row. What was there is kept.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	url, dir := postgrestest.EmptyURL(t), t.TempDir()
	env := []string{"DATABASE_URL=" + withPassword(url), "API_KEY=" + testKey, "PORT=0", "ETL_SCHEDULE=0 0 29 2 *"}
	require.Equal(t, exitDone, first(finish(t, dir, env, "ingest", "csv")))
	_, revoked := makeKey(t, env, "a dashboard", "--scope", "read")

	stop := keepWriting(t, url)
	said := succeed(t, dir, env, "backup")
	stop()
	require.Regexp(t, `^backups/kasparro-\d{8}T\d{6}Z\.dump: \d\.\d MB, \d+ rows in 28 tables of test_\d+ at 20\S+Z\n$`, said)
	file, _, _ := strings.Cut(said, ":")
	info, err := os.Stat(filepath.Join(dir, file))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	require.Equal(t, said, succeed(t, dir, env, "restore", "--check", file))

	read := requireRefusedWhileServing(t, dir, env, file)
	succeed(t, dir, env, "keys", "revoke", revoked)
	briefly(t, url, func(db *bun.DB) {
		_, err := db.Exec("DELETE FROM records; INSERT INTO audit_log (actor, action, target) VALUES ('a test', 'says', 'later')")
		require.NoError(t, err)
	})
	before, version := contentsOf(t, url), askSQL(t, url, "SELECT version::text FROM data_version")

	said = succeed(t, dir, env, "restore", file)
	require.Contains(t, said, "Every count and checksum is that of the backup.")
	require.Contains(t, said, "These keys, revoked after the backup, are good again until you run `kasparro keys revoke` for each: "+revoked+".")
	kept := regexp.MustCompile("`kasparro restore --drop (test_[0-9]+_before_[0-9_]+)` drops it").FindStringSubmatch(said)
	require.NotNil(t, kept, said)
	require.Empty(t, before.Differences(contentsOf(t, strings.Replace(url, "/"+databaseOf(t, url)+"?", "/"+kept[1]+"?", 1))))
	requireHolds(t, url, version)
	require.Equal(t, read, requireRefusedWhileServing(t, dir, env, file), "a cursor leads where it led")

	again := succeed(t, dir, env, "restore", file)
	require.Contains(t, again, "is kept as")
	succeed(t, dir, env, "restore", "--drop", kept[1])
	require.Equal(t, "1", askSQL(t, url, "SELECT count(*)::text FROM pg_database WHERE starts_with(datname, ? || '_')", databaseOf(t, url)))
	succeed(t, dir, env, "restore", "--drop", regexp.MustCompile(`--drop (\S+)` + "`").FindStringSubmatch(again)[1])
	require.Equal(t, "0", askSQL(t, url, "SELECT count(*)::text FROM pg_database WHERE starts_with(datname, ? || '_')", databaseOf(t, url)))
}

func first(code int, _, _ string) int { return code }

func databaseOf(t *testing.T, url string) string {
	t.Helper()
	name, err := postgres.DatabaseName(url)
	require.NoError(t, err)
	return name
}

// requireRefusedWhileServing holds a restore to leaving a service alone that runs, and returns what that has behind the first page.
func requireRefusedWhileServing(t *testing.T, dir string, env []string, file string) (read any) {
	t.Helper()
	p, base := served(t, dir, env)
	code, stdout, stderr := finish(t, dir, env, "restore", file)
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Regexp(t, `the database is in use: connected to test_\d+: kasparro \S.*\. Nothing was changed\. Stop whatever uses it first: .make down.*, .systemctl stop kasparro. the unit`, stderr)
	page := query(t, base, testKey, `{ records(first: 3) { nodes { id } pageInfo { endCursor } } }`)["records"].(map[string]any)
	cursor := page["pageInfo"].(map[string]any)["endCursor"].(string)
	next := query(t, base, testKey, fmt.Sprintf(`{ records(first: 3, after: %q) { nodes { id priceUsd asset { slug } } } }`, cursor))
	require.Equal(t, exitDone, p.stop(syscall.SIGTERM))
	return []any{page, next}
}

// served is a service that only serves, in a directory, with nobody else connected to its database.
func served(t *testing.T, dir string, env []string) (p *program, base string) {
	t.Helper()
	p = launch(t, dir, append(env, "LOG_FORMAT=json"), "serve", "--no-scheduler")
	address := regexp.MustCompile(`"msg":"serving","address":"([^"]+)"`)
	require.Eventually(t, func() bool {
		found := address.FindStringSubmatch(p.stderr.String())
		if found != nil {
			base = "http://" + found[1]
		}
		return found != nil
	}, time.Minute, 20*time.Millisecond, "%s", p.stderr)
	return p, base
}

// requireHolds looks at a restored database: no version comes again, the log can only be added to, the planner knows its tables, settings
// are as they were, and a service reads it.
func requireHolds(t *testing.T, url, version string) {
	t.Helper()
	require.Equal(t, "true", askSQL(t, url, "SELECT (version > ?)::text FROM data_version", bun.Safe(version)))
	require.Equal(t, "0", askSQL(t, url, "SELECT count(*)::text FROM audit_log WHERE target = 'later'"))
	require.Equal(t, "1.1", askSQL(t, url, "SHOW random_page_cost"))
	require.Equal(t, "2226", askSQL(t, url, "SELECT reltuples::text FROM pg_class WHERE relname = 'records'"))
	briefly(t, url, func(db *bun.DB) {
		_, err := db.Exec("DELETE FROM audit_log")
		require.ErrorContains(t, err, "audit_log can only be added to")
	})
}
