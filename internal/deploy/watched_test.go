//go:build engine

package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// isWatched starts the profile of those who watch beside that of the replicas: each process of the service is scraped, every
// alert is loaded, and Grafana shows the dashboard from them. Where no registry answers, Debian's Prometheus stands in for the
// image, and of Grafana nothing is shown.
func (s *stack) isWatched() {
	s.t.Helper()
	started := []string{"prometheus", "grafana"}
	if said, err := s.attempt("docker", "compose", "--profile", "monitoring", "pull", "--quiet", "prometheus", "grafana"); err != nil {
		s.t.Logf("Grafana was not started and Debian's Prometheus was: no registry: %s", said)
		s.standInForPrometheus()
		started = started[:1]
	}
	s.compose(append([]string{"--profile", "monitoring", "--profile", "api", "up", "--detach", "--wait", "--no-build", "app", "api"}, started...)...)
	s.await("app and both replicas", func() bool { return s.upAt(s.prometheus) == 3 })
	_, rules := s.get(s.prometheus + "/api/v1/rules")
	groups, _ := rules["data"].(map[string]any)["groups"].([]any)
	require.NotEmpty(s.t, groups)
	if len(started) == 2 {
		s.await("three processes seen by Grafana", func() bool { return s.upAt(s.grafana+"/api/datasources/proxy/uid/prometheus") == 3 })
		status, found := s.get(s.grafana + "/api/dashboards/uid/kasparro")
		require.Equal(s.t, 200, status)
		require.NotEmpty(s.t, found["dashboard"])
	}
	s.compose(append([]string{"--profile", "monitoring", "rm", "--stop", "--force"}, started...)...)
}

// upAt counts the processes of the service that answer a scrape, as told by a Prometheus.
func (s *stack) upAt(api string) int {
	s.t.Helper()
	_, answer := s.get(api + `/api/v1/query?query=up%7Bjob%3D%22kasparro%22%7D%20%3D%3D%201`)
	data, _ := answer["data"].(map[string]any)
	found, _ := data["result"].([]any)
	return len(found)
}

// standInForPrometheus makes an image of the name that the service has in docker-compose.yml.
func (s *stack) standInForPrometheus() {
	s.t.Helper()
	var file struct {
		Services map[string]struct{ Image string }
	}
	require.NoError(s.t, json.Unmarshal([]byte(s.compose("--profile", "monitoring", "config", "--format", "json")), &file))
	image := file.Services["prometheus"].Image
	dir := s.t.TempDir()
	require.NoError(s.t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(strings.Join([]string{
		"FROM debian:bookworm-slim",
		"RUN apt-get update && apt-get install -y --no-install-recommends prometheus wget && install -d -o nobody /prometheus",
		"USER nobody",
		`ENTRYPOINT ["prometheus"]`,
	}, "\n")), 0o600))
	s.run("docker", "build", "--tag", image, dir)
	s.t.Cleanup(func() { s.run("docker", "image", "rm", "--force", image) })
}
