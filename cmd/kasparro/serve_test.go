package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

const testKey = "a-key-for-this-test"

// away is an environment in which neither API can be reached.
func away(t *testing.T) []string {
	t.Helper()
	return []string{
		"DATABASE_URL=" + postgrestest.EmptyURL(t), "API_KEY=" + testKey, "PORT=0", "LOG_FORMAT=json",
		"COINGECKO_BASE_URL=http://127.0.0.1:1/api/v3", "COINPAPRIKA_BASE_URL=http://127.0.0.1:1/v1",
	}
}

func TestServeWithoutANetwork(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir(), away(t), "serve")
	base := ""
	require.Eventually(t, func() bool {
		for _, line := range strings.Split(p.stderr.String(), "\n") {
			var entry struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Address != "" {
				base = "http://" + entry.Address
			}
		}
		return base != ""
	}, time.Minute, 100*time.Millisecond, "%s", p.stderr)

	var health map[string]any
	require.Eventually(t, func() bool {
		health = get(t, base+"/health", "")
		return health["status"] == "degraded" && len(errorsOf(health)) == 2 && successOf(health, "csv") != nil
	}, time.Minute, 200*time.Millisecond, "%v", health)
	for source, message := range errorsOf(health) {
		require.NotEqual(t, "csv", source)
		require.Contains(t, message, "127.0.0.1:1")
		require.Contains(t, message, "cannot be reached")
		require.NotContains(t, message, "\n")
	}
	require.NotEmpty(t, get(t, base+"/data?source=csv", testKey)["data"])
	require.Equal(t, exitDone, p.stop(syscall.SIGTERM), p.stderr.String())
}

func errorsOf(health map[string]any) map[string]string {
	found := map[string]string{}
	sources, _ := health["sources"].([]any)
	for _, s := range sources {
		s := s.(map[string]any)
		if message, ok := s["last_error"].(string); ok {
			found[s["source"].(string)] = message
		}
	}
	return found
}

func successOf(health map[string]any, source string) any {
	sources, _ := health["sources"].([]any)
	for _, s := range sources {
		if s := s.(map[string]any); s["source"] == source {
			return s["last_success_at"]
		}
	}
	return nil
}

func TestIngestReportsEachSource(t *testing.T) {
	t.Parallel()
	env := away(t)
	code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "--json")
	require.Equal(t, exitPartial, code, stderr)
	reports := map[string]report{}
	for _, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
		var r report
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		reports[r.Source] = r
	}
	require.Len(t, reports, 3)
	require.Equal(t, "succeeded", reports["csv"].Status)
	require.Positive(t, reports["csv"].Inserted)
	require.Equal(t, "failed", reports["coingecko"].Status)
	require.Contains(t, reports["coingecko"].Error, "cannot be reached")

	code, stdout, stderr = finish(t, t.TempDir(), env, "ingest", "csv")
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "INSERTED")
	code, _, stderr = finish(t, t.TempDir(), env, "ingest", "coingecko")
	require.Equal(t, exitFailed, code, stderr)
	code, _, stderr = finish(t, t.TempDir(), env, "ingest", "binance")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "coingecko, coinpaprika, csv")
}

func TestDryRunStoresNothing(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=postgres://nobody@127.0.0.1:1/none"}
	code, stdout, stderr := finish(t, t.TempDir(), env, "ingest", "csv", "--dry-run", "--json")
	require.Equal(t, exitDone, code, stderr)
	var r report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	require.Equal(t, "dry_run", r.Status)
	require.Positive(t, r.Extracted)
	require.Zero(t, r.Rejected)
}

func TestServeRefusesToStartWithoutAKey(t *testing.T) {
	t.Parallel()
	code, _, stderr := finish(t, t.TempDir(), nil, "serve")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "API_KEY")
	require.Contains(t, stderr, "openssl rand -hex 24")
}

func TestEveryWrongValueIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	env := []string{"PORT=http", "COINGECKO_PAGES=none", "ETL_SCHEDULE=sometimes"}
	code, _, stderr := finish(t, t.TempDir(), env, "serve")
	require.Equal(t, exitUsage, code)
	for _, want := range []string{"PORT", "http", "COINGECKO_PAGES", "none", "ETL_SCHEDULE", "sometimes"} {
		require.Contains(t, stderr, want)
	}
}

func TestMigrateUpDownStatus(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=" + postgrestest.EmptyURL(t)}
	for _, step := range []struct{ command, want string }{
		{"status", "pending  0001_market"}, {"up", "applied 0001_market"}, {"up", "nothing to do"},
		{"status", "applied  0001_market"}, {"down", "taken back 0011_waiting\n"}, {"status", "applied  0010_keys\npending  0011_waiting"},
	} {
		code, stdout, stderr := finish(t, t.TempDir(), env, "migrate", step.command)
		require.Equal(t, exitDone, code, stderr)
		require.Contains(t, stdout, step.want)
	}
}
