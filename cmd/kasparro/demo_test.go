package main

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startDemo starts the demo on a free port and returns where it is and its key.
func startDemo(t *testing.T, dir string) (p *program, base, key string) {
	t.Helper()
	p = launch(t, dir, nil, "demo", "--port", "0")
	base = strings.TrimSuffix(p.waitFor("Health"), "/health")
	return p, base, p.waitFor("API key")
}

// awaitSources waits until every source has had a run that succeeded, and returns /health.
func awaitSources(t *testing.T, base string) (health map[string]any) {
	t.Helper()
	require.Eventually(t, func() bool {
		health = get(t, base+"/health", "")
		sources, _ := health["sources"].([]any)
		done := 0
		for _, s := range sources {
			if s.(map[string]any)["last_success_at"] != nil {
				done++
			}
		}
		return done == 3
	}, time.Minute, 200*time.Millisecond, "%v", health)
	return health
}

func TestDemoServesAllThreeSources(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, base, key := startDemo(t, dir)
	health := awaitSources(t, base)
	require.Equal(t, "healthy", health["status"])
	require.Equal(t, true, health["db_connectivity"])
	require.Equal(t, "succeeded", health["etl_last_run_status"])

	data := get(t, base+"/data?limit=5&source=coinpaprika", key)
	require.Len(t, data["data"], 5)
	for _, row := range data["data"].([]any) {
		require.Equal(t, "coinpaprika", row.(map[string]any)["source"])
	}
	totals := totalsOf(t, base, key)
	require.Len(t, totals, 3)
	for source, n := range totals {
		require.Positive(t, n, source)
	}
	bitcoin := query(t, base, key, `{ asset(slug: "bitcoin") { name listings { source { name } externalId matchMethod }
		latest { source priceUsd asset { slug } } consensus { priceUsd sources } } }`)["asset"].(map[string]any)
	require.Equal(t, "Bitcoin", bitcoin["name"])
	require.Len(t, bitcoin["listings"], 3)
	require.Len(t, bitcoin["latest"], 3)

	t.Run("a taken port is named with its variable", func(t *testing.T) {
		_, port, err := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
		require.NoError(t, err)
		code, _, stderr := finish(t, t.TempDir(), nil, "demo", "--port", port)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "PORT")
		require.Contains(t, stderr, port)
	})

	require.Equal(t, exitDone, p.stop(syscall.SIGTERM), p.stderr.String())

	p, base, again := startDemo(t, dir)
	require.Equal(t, key, again)
	require.GreaterOrEqual(t, totalsOf(t, base, key)["csv"], totals["csv"], "the data is still there")
	p.stop(syscall.SIGKILL)

	_, base, _ = startDemo(t, dir)
	awaitSources(t, base)
	require.Equal(t, totals["csv"], totalsOf(t, base, key)["csv"], "the same files again store nothing")
}

func totalsOf(t *testing.T, base, key string) map[string]float64 {
	t.Helper()
	totals := map[string]float64{}
	for _, s := range get(t, base+"/stats", key)["sources"].([]any) {
		s := s.(map[string]any)
		totals[s["source"].(string)] = s["total_records"].(float64)
	}
	return totals
}
