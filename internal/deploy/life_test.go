//go:build engine

package deploy_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// What is stored is there after `make down` and `make up`, and the keys are the same.
func (s *stack) keepsItsData() {
	s.t.Helper()
	last := s.number("database", "SELECT max(id) FROM raw_records")
	stored := fmt.Sprintf("SELECT count(*) FROM raw_records WHERE id <= %d", last)
	before, key := s.number("database", stored), s.secret("API_KEY")
	require.Positive(s.t, before)
	s.run("make", "down")
	require.Empty(s.t, s.containers())
	s.up()
	require.Equal(s.t, before, s.number("database", stored))
	require.Equal(s.t, key, s.secret("API_KEY"))
	s.awaitHealthy()
}

// The database is killed. The service says so, stays, and goes on once it is back.
func (s *stack) survivesItsDatabase() {
	s.t.Helper()
	app := s.container("app")
	before := s.state(app)
	s.run("docker", "kill", s.container("database"))
	s.await("503 of /health", func() bool {
		status, health := s.get(s.base + "/health")
		return status == http.StatusServiceUnavailable && health["db_connectivity"] == false
	})
	s.awaitHealth(app, "unhealthy")
	s.up()
	last := s.lastRun()
	s.awaitHealthy()
	s.awaitHealth(app, "healthy")
	s.await("new runs", func() bool { return s.lastRun() >= last+3 })
	// What ends by itself is started again without anybody's help.
	s.compose("exec", "-T", "database", "sh", "-c", "pg_ctl stop -m immediate --no-wait")
	s.await("a restart by the engine", func() bool { return s.state(s.container("database")).RestartCount == 1 })
	s.awaitHealth(s.container("database"), "healthy")
	s.awaitHealthy()
	after := s.state(app)
	require.Equal(s.t, app, s.container("app"))
	require.Equal(s.t, before.State.StartedAt, after.State.StartedAt)
	require.Zero(s.t, after.RestartCount)
}

func (s *stack) lastRun() int {
	s.t.Helper()
	return s.number("database", "SELECT coalesce(max(id), 0) FROM etl_runs WHERE status = 'succeeded'")
}

// Two schedulers share the slots: each is run once, and when one is killed the other goes on.
func (s *stack) sharesItsSlots() {
	s.t.Helper()
	first := s.container("app")
	other := s.compose("run", "--detach", "--no-deps", "app")
	defer func() { s.run("docker", "rm", "--force", other) }()
	s.awaitHealth(other, "healthy")
	from := s.lastRun()
	s.await("runs of two slots", func() bool { return s.lastRun() >= from+6 })
	s.run("docker", "kill", first)
	killed := s.lastRun()
	s.await("runs of two more", func() bool { return s.lastRun() >= killed+6 })
	s.up()
	s.awaitHealthy()
	require.Zero(s.t, s.number("database", fmt.Sprintf(`SELECT count(*) FROM (SELECT source_id, date_trunc('minute', scheduled_at)
		FROM etl_runs WHERE id > %d AND trigger = 'schedule' GROUP BY 1, 2 HAVING count(*) > 1) twice`, from)))
	require.Zero(s.t, s.number("database", fmt.Sprintf("SELECT count(*) FROM etl_runs WHERE id > %d AND status = 'failed'", from)))
}

// Two replicas serve behind one address and run nothing; one is killed, and no request fails.
func (s *stack) servesByReplicas() {
	s.t.Helper()
	s.compose("--profile", "api", "up", "--detach", "--wait")
	replicas := s.containers("api")
	require.Len(s.t, replicas, 2)
	for range 50 {
		s.requireRecords()
	}
	for _, id := range replicas {
		log, err := s.attempt("docker", "logs", id)
		require.NoError(s.t, err)
		s.await("a request in each log", func() bool {
			both := s.run("sh", "-c", "docker logs "+id+" 2>&1")
			return strings.Contains(both, "/data")
		})
		require.NotContains(s.t, log, `"scheduler":true`)
	}
	s.limitsWhoGuesses()
	s.isUpgraded()
	s.run("docker", "kill", s.containers("api")[0])
	for range 50 {
		s.requireRecords()
	}
	from := s.lastRun()
	s.run("docker", "stop", s.container("app"))
	defer s.up()
	require.Equal(s.t, from, s.lastRun())
	s.requireRecords()
}

// limitsWhoGuesses sends wrong keys through the proxy, which tells whom they come from, whatever a client says: he is
// held back, others are not.
func (s *stack) limitsWhoGuesses() {
	s.t.Helper()
	guess := []string{"curl", "-so", "/dev/null", "-w", "%{http_code}", "-H", "x-api-key: wrong", "-H"}
	held := 0
	for i := range 60 { // each replica counts for itself
		if s.run(guess[0], append(guess[1:], fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", i), s.replicas+"/data")...) == "429" {
			held++
		}
	}
	require.Greater(s.t, held, 30)
	other := append([]string{"exec", "-T", "proxy"}, append(guess, "X-Forwarded-For: 192.0.2.1", "http://127.0.0.1:8000/data")...)
	require.Equal(s.t, "401", s.compose(other...))
}

func (s *stack) requireRecords() {
	s.t.Helper()
	status, answer := s.get(s.replicas + "/data?limit=1")
	require.Equal(s.t, http.StatusOK, status)
	require.Len(s.t, answer["data"], 1)
}

// A standby follows the database, without a password in anybody's hands but .env's; the service takes its address.
func (s *stack) readsFromAStandby() {
	s.t.Helper()
	file, err := os.OpenFile(filepath.Join(s.dir, ".env"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(s.t, err)
	_, err = file.WriteString("COMPOSE_PROFILES=replica\nDATABASE_REPLICA_URLS=postgres://kasparro:${POSTGRES_PASSWORD}@standby:5432/kasparro\n")
	require.NoError(s.t, err)
	require.NoError(s.t, file.Close())
	s.up()
	s.awaitHealth(s.container("standby"), "healthy")
	require.Equal(s.t, 1, s.number("standby", "SELECT pg_is_in_recovery()::int"))
	from := s.number("standby", "SELECT max(id) FROM etl_runs")
	s.await("a new run on the standby", func() bool { return s.number("standby", "SELECT max(id) FROM etl_runs") > from })
	s.compose("restart", "standby") // it goes on with the copy that it has
	s.await("the standby", func() bool {
		return s.number("database", "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == 1
	})
	s.awaitHealthy()
	s.backsUpAndRestores()
	s.run("make", "down")
	require.Empty(s.t, s.containers())
}
