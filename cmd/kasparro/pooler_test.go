package main

import (
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
	"github.com/kasparro/kasparro/internal/server/servertest"
	"github.com/kasparro/kasparro/internal/simulator"
)

// files are what the guide to deployment names.
const files = "../../.github/deploy"

// pooler starts PgBouncer, as the guide configures it, before a database, and returns the URL of the database behind it. Each
// transaction is given another session than the one before it.
func pooler(t *testing.T, database string) (behind string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	require.NoError(t, err, "the pooler is tried for real: run `make pgbouncer`")
	settings, err := os.ReadFile(filepath.Join(files, "pgbouncer.ini"))
	require.NoError(t, err)
	direct, err := url.Parse(database)
	require.NoError(t, err)
	port, dir := servertest.FreePort(t), t.TempDir()
	users := filepath.Join(dir, "userlist.txt")
	here := strings.NewReplacer("host=127.0.0.1 port=5432 dbname=kasparro", "host="+direct.Query().Get("host")+" port=5432 user="+direct.User.Username()+" dbname="+path.Base(direct.Path),
		"listen_port = 6432", "listen_port = "+port, "/etc/pgbouncer/userlist.txt", users,
		"default_pool_size = 20", "default_pool_size = 6\nserver_round_robin = 1\nmin_pool_size = 6").Replace(string(settings))
	require.NoError(t, os.WriteFile(users, []byte(`"kasparro" "a-password"`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pgbouncer.ini"), []byte(here), 0o600))
	cmd := exec.Command(program, "pgbouncer.ini")
	if os.Geteuid() == 0 { // which it refuses to run for
		cmd.Args = append(cmd.Args, "--user=postgres")
		for _, name := range []string{filepath.Dir(dir), dir} {
			require.NoError(t, os.Chmod(name, 0o711))
		}
		require.NoError(t, exec.CommandContext(t.Context(), "chown", "postgres", users, filepath.Join(dir, "pgbouncer.ini")).Run())
	}
	p := start(t, dir, nil, cmd)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		return err == nil && conn.Close() == nil
	}, time.Minute, 20*time.Millisecond, "%s", p.stderr)
	return "postgres://kasparro:a-password@127.0.0.1:" + port + "/kasparro"
}

// Two services and a run are started at once before an empty database that they can only reach through a pooler: the schema is made,
// the run succeeds, subscribers of both are told, many read at once, and no session keeps anything. With the way past the pooler
// commits are heard of; without it they are looked for, and the log says how to mend that.
func TestThroughAPooler(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Coins: 50}))
	t.Cleanup(upstream.Close)
	for name, past := range map[string]bool{"and past it": true, "alone": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := postgrestest.EmptyURL(t)
			env := append(away(t), "DATABASE_URL="+pooler(t, direct), "ADMIN_API_KEY="+testAdminKey, "COINGECKO_BASE_URL="+upstream.URL+"/coingecko/api/v3",
				"COINGECKO_PAGES=2", "COINGECKO_REQUESTS_PER_SECOND=100")
			if past {
				env = append(env, "DATABASE_DIRECT_URL="+direct)
			}
			services := []*apiOnly{
				{program: launch(t, t.TempDir(), env, "serve", "--no-scheduler")}, {program: launch(t, t.TempDir(), env, "serve", "--no-scheduler")},
			}
			var told []<-chan string
			for _, s := range services {
				s.base = "http://" + s.served("address")
				told = append(told, s.heard(t.Context(), `subscription { recordAdded { id priceUsd } }`))
			}
			code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "coingecko", "csv")
			require.Equal(t, exitDone, code, stdout+stderr)
			requireTold(t, services, told)
			requireAlike(t, services)
			if past {
				code, stdout, stderr = finish(t, t.TempDir(), env, "backup", filepath.Join(t.TempDir(), "past.dump"))
				require.Equal(t, exitDone, code, stdout+stderr)
			}
			db := postgrestest.Open(t, direct)
			var listeners, locks int
			require.NoError(t, db.NewRaw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kasparro listen' AND query LIKE 'LISTEN%'").Scan(t.Context(), &listeners))
			require.NoError(t, db.NewRaw("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(t.Context(), &locks))
			require.Equal(t, map[bool]int{true: len(services), false: 0}[past], listeners)
			require.Zero(t, locks)
			require.Empty(t, faultsOf(services))
			for _, s := range services {
				require.Equal(t, !past, strings.Contains(s.stderr.String(), "set DATABASE_DIRECT_URL"), s.stderr)
				require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr)
			}
		})
	}
}

// requireAlike has many ask both services at once: all are answered, and alike.
func requireAlike(t *testing.T, services []*apiOnly) {
	t.Helper()
	const question = `{ records(first: 50) { nodes { id priceUsd raw asset { slug consensus { priceUsd } listings { externalId } } } totalCount } }`
	want := query(t, services[0].base, testKey, question)
	require.NotEmpty(t, want["records"].(map[string]any)["nodes"])
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			for range 5 {
				status, _, body := tagOf(t, services[i%2].base+"/graphql?query="+url.QueryEscape(question), "")
				if status != 200 || strings.Contains(body, `"errors"`) {
					t.Errorf("%d: %s", status, body)
				}
			}
		})
	}
	clients.Wait()
	require.Equal(t, want, query(t, services[1].base, testKey, question))
}

// faultsOf are the errors in the logs.
func faultsOf(services []*apiOnly) (lines []string) {
	for _, s := range services {
		for line := range strings.Lines(s.stderr.String()) {
			if strings.Contains(line, `"level":"ERROR"`) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func requireTold(t *testing.T, services []*apiOnly, told []<-chan string) {
	t.Helper()
	for _, event := range told {
		select {
		case text := <-event:
			require.Contains(t, text, `"priceUsd"`, faultsOf(services))
		case <-time.After(time.Minute):
			require.Fail(t, "nothing is told", services[0].stderr)
		}
	}
}
