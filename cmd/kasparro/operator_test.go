package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/kasparro/kasparro/internal/identity"
	"github.com/kasparro/kasparro/internal/market"
	"github.com/kasparro/kasparro/internal/postgres"
	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

const testAdminKey = "an-administrators-key-for-this-test"

const (
	startCSV = `mutation { run: startEtlRun(source: "csv") { id source status trigger stream } }`
	retryCSV = `mutation { retryRejections(source: "csv") }`
)

// apiOnly is a service without a scheduler over a database of its own.
type apiOnly struct {
	*program

	base  string
	db    *bun.DB
	store *postgres.Store
}

func serveAPIOnly(t *testing.T, env ...string) *apiOnly {
	t.Helper()
	return serveWith(t, append(append(away(t), "ADMIN_API_KEY="+testAdminKey), env...))
}

// serveWith is one in an environment that begins with its database.
func serveWith(t *testing.T, env []string) *apiOnly {
	t.Helper()
	url := strings.TrimPrefix(env[0], "DATABASE_URL=")
	s := &apiOnly{program: launch(t, t.TempDir(), env, "serve", "--no-scheduler")}
	require.Eventually(t, func() bool {
		for _, line := range strings.Split(s.stderr.String(), "\n") {
			var entry struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Address != "" {
				s.base = "http://" + entry.Address
			}
		}
		return s.base != ""
	}, time.Minute, 100*time.Millisecond, "%s", s.stderr)
	s.db = postgrestest.Open(t, url)
	s.store = postgres.New(s.db, identity.Resolve)
	return s
}

// refused is the code of the one error that a mutation must end with.
func (s *apiOnly) refused(key, text string) (code, message string) {
	s.t.Helper()
	body, err := json.Marshal(map[string]string{"query": text})
	require.NoError(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+"/graphql", bytes.NewReader(body))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	errs := answer(s.t, req, key)["errors"].([]any)
	require.Len(s.t, errs, 1)
	e := errs[0].(map[string]any)
	return e["extensions"].(map[string]any)["code"].(string), e["message"].(string)
}

// awaitRun waits until the run has ended.
func (s *apiOnly) awaitRun(id string) map[string]any {
	s.t.Helper()
	var run map[string]any
	require.Eventually(s.t, func() bool {
		run = query(s.t, s.base, testKey, `{ etlRun(id: "`+id+`") { status extracted inserted unchanged error } }`)["etlRun"].(map[string]any)
		return run["status"] != "RUNNING"
	}, time.Minute, 100*time.Millisecond)
	return run
}

func TestAnAdministratorStartsARunAndRetriesRejections(t *testing.T) {
	t.Parallel()
	s := serveAPIOnly(t)
	for _, mutation := range []string{startCSV, retryCSV} {
		code, _ := s.refused(testKey, mutation)
		require.Equal(t, "FORBIDDEN", code)
	}
	require.Empty(t, get(t, s.base+"/runs", testKey)["runs"])

	started := query(t, s.base, testAdminKey, startCSV)["run"].(map[string]any)
	require.Equal(t, map[string]any{"id": "run_1", "source": "csv", "status": "RUNNING", "trigger": "MANUAL", "stream": nil}, started)
	run := s.awaitRun("run_1")
	require.Equal(t, "SUCCEEDED", run["status"], run["error"])
	require.Positive(t, run["inserted"])

	require.EqualValues(t, 0, query(t, s.base, testAdminKey, retryCSV)["retryRejections"])
	s.quarantine(t)
	require.EqualValues(t, 3, query(t, s.base, testAdminKey, retryCSV)["retryRejections"])
	waiting := query(t, s.base, testKey, `{ rejections(filter: {resolved: false}) { nodes { externalId } } }`)["rejections"]
	require.Equal(t, map[string]any{"nodes": []any{map[string]any{"externalId": "hopeless"}}}, waiting)
	require.EqualValues(t, 0, query(t, s.base, testAdminKey, retryCSV)["retryRejections"])
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
}

// quarantine puts three items aside that the service can read, as if it had learnt to since, and one that it cannot.
func (s *apiOnly) quarantine(t *testing.T) {
	t.Helper()
	_, err := s.db.ExecContext(t.Context(), `INSERT INTO rejections (run_id, source_id, external_id, reason, field, detail, payload, payload_hash)
		SELECT run_id, source_id, external_id, 'bad_number', '', 'not understood', convert_to(payload::text, 'UTF8'), payload_hash
		FROM raw_records ORDER BY id LIMIT 3`)
	require.NoError(t, err)
	_, err = s.db.ExecContext(t.Context(), `INSERT INTO rejections (run_id, source_id, external_id, reason, field, detail, payload, payload_hash)
		SELECT 1, id, 'hopeless', 'bad_number', '', 'not understood', '{}', '\x00' FROM sources WHERE name = 'csv'`)
	require.NoError(t, err)
}

func TestARunThatGoesOnIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	s := serveAPIOnly(t)
	for _, c := range []struct{ stream, mutation string }{{"", startCSV}, {market.StreamQuarantine, retryCSV}} {
		_, err := s.store.StartRun(t.Context(), market.RunRequest{Source: "csv", Kind: market.KindFile, Stream: c.stream, Trigger: market.TriggerManual})
		require.NoError(t, err)
		code, message := s.refused(testAdminKey, c.mutation)
		require.Equal(t, "BAD_USER_INPUT", code)
		require.Contains(t, message, "a run of this source is going on")
	}
}

// The run has been opened and waits for its upstream when the service is asked to stop.
func TestARunThatWasAskedForEndsWithTheService(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	s := serveAPIOnly(t, "COINGECKO_BASE_URL="+silent.URL+"/api/v3")
	started := query(t, s.base, testAdminKey, `mutation { startEtlRun(source: "coingecko") { status } }`)
	require.Equal(t, map[string]any{"status": "RUNNING"}, started["startEtlRun"])
	<-asked
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
	runs, err := s.store.Runs(t.Context(), market.RunFilter{}, market.Window[int64]{Size: 10})
	require.NoError(t, err)
	require.Len(t, runs.Items, 1)
	require.Equal(t, market.RunInterrupted, runs.Items[0].Status)
}
