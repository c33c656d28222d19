package chaos_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// No connection is left for the program in the middle of a run: it waits until there is one.
func TestNoConnectionLeft(t *testing.T) {
	t.Parallel()
	r := newRigOn(t, postgrestest.EmptyURL(t))
	role := r.read("SELECT current_database()") + "_user" // a superuser is let in always
	r.exec("CREATE ROLE " + role + " LOGIN")
	r.exec("ALTER DATABASE " + r.read("SELECT current_database()") + " OWNER TO " + role)
	u, err := url.Parse(strings.TrimPrefix(r.env[0], "DATABASE_URL="))
	require.NoError(t, err)
	u.User = url.User(role)
	r = r.with("DATABASE_URL=" + u.String())
	r.migrate()
	try(t, "no connections left (53300)", func() {
		m := writing("records")
		release := m.arm(r)
		p := r.start("ingest", "csv")
		await(t, m.name, func() bool { return m.seen(r, p) })
		r.exec("ALTER ROLE " + role + " CONNECTION LIMIT 0")
		r.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ?", role)
		release()
		serverLog := filepath.Join(r.read("SHOW data_directory"), "postgres.log")
		await(t, "a refusal", func() bool {
			text, err := os.ReadFile(serverLog)
			require.NoError(t, err)
			return strings.Contains(string(text), `too many connections for role "`+role)
		})
		r.exec("ALTER ROLE " + role + " CONNECTION LIMIT -1")
		require.Zero(t, p.wait(), "%s\n%s", &p.out, &p.log)
		r.sound()
	})
}

// Questions to the API that do not come to an end leave ingestion alone.
func TestSlowQueriesDoNotStarveIngestion(t *testing.T) {
	t.Parallel()
	r := newRig(t).with(never)
	try(t, "API queries that hang, beside a run", func() {
		r.stall("coingecko", 1)
		a := r.serve()
		r.awaitStalled(a.program)
		release := r.hold("LOCK TABLE rejections IN ACCESS EXCLUSIVE MODE") // which a page without any leaves alone
		var queries sync.WaitGroup
		for range 40 {
			queries.Go(func() { _ = a.query("{rejections(first: 1) {nodes {id}}}", &struct{}{}) })
		}
		await(t, "all connections of the API to wait", func() bool { return r.blocked() >= 16 })
		r.sim.ClearFaults()
		r.settled()
		require.EqualValues(t, 3, r.number("SELECT count(*) FROM etl_runs WHERE status = 'succeeded'"), "%s", &a.log)
		require.Positive(t, r.blocked(), "the queries have not waited long enough to prove anything")
		require.Equal(t, 200, a.status("/livez"))
		if long() { // the queries end by their deadline and not by our leave
			queries.Wait()
		}
		release()
		queries.Wait()
		r.sound()
	})
}

// A page that does not come to an end leaves the API alone.
func TestSlowPagesDoNotStarveTheAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t).with(never)
	r.ingest()
	r.moveOn()
	try(t, "runs that hang, beside API queries", func() {
		release := r.hold("LOCK TABLE checkpoints IN SHARE MODE")
		a := r.serve()
		await(t, "all runs to wait", func() bool { return r.blocked() >= 3 })
		for range 40 {
			var doc struct {
				Data struct {
					Records struct{ Nodes []struct{ ID string } }
				}
			}
			require.NoError(t, a.query("{records(first: 5) {nodes {id}}}", &doc))
			require.Len(t, doc.Data.Records.Nodes, 5)
			require.Equal(t, 200, a.status("/readyz"))
		}
		await(t, "all runs to wait still, or again", func() bool { return r.blocked() == 3 })
		release()
		r.settled()
		r.sound()
	})
}
