//go:build engine

package deploy_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server/servertest"
)

// The image is stamped with these.
const (
	version = "v0.0.0-test"
	commit  = "c0ffee1"
)

// stack is a checkout with a Compose project of its own, on simulated upstreams with a run every minute.
type stack struct {
	*checkout
	replicas   string // address of the proxy before the API replicas
	prometheus string // its address
	grafana    string
}

// newStack leaves nothing behind the test, its image included.
func newStack(t *testing.T) *stack {
	t.Helper()
	c, port, prometheus, grafana := newCheckout(t), servertest.FreePort(t), servertest.FreePort(t), servertest.FreePort(t)
	s := &stack{checkout: c, replicas: "http://127.0.0.1:" + port, prometheus: "http://127.0.0.1:" + prometheus, grafana: "http://127.0.0.1:" + grafana}
	project := "kasparro-test-" + port
	c.env = append(c.env, "API_PORT="+port, "PROMETHEUS_PORT="+prometheus, "GRAFANA_PORT="+grafana, "COMPOSE_PROJECT_NAME="+project, "COMPOSE_FILE=docker-compose.yml:.github/compose/demo.yml",
		"VERSION="+version, "COMMIT="+commit)
	t.Cleanup(func() {
		s.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
		s.run("docker", "image", "rm", "--force", "kasparro:"+version, "kasparro-backup:"+version, project+"-proxy")
	})
	return s
}

func (s *stack) compose(args ...string) string {
	s.t.Helper()
	return s.run("docker", append([]string{"compose"}, args...)...)
}

func (s *stack) up() string {
	s.t.Helper()
	return s.run("make", "up", "VERSION="+version, "COMMIT="+commit)
}

// containers returns the ids of the containers of these services, or of all.
func (s *stack) containers(services ...string) []string {
	s.t.Helper()
	return strings.Fields(s.compose(append([]string{"--profile", "*", "ps", "--all", "--quiet"}, services...)...))
}

// container returns the id of the only container of a service.
func (s *stack) container(service string) string {
	s.t.Helper()
	ids := s.containers(service)
	require.Len(s.t, ids, 1, service)
	return ids[0]
}

// state is what an engine says of a container, in part.
type state struct {
	Name         string
	RestartCount int
	State        struct {
		Running   bool
		StartedAt string
		Health    struct{ Status string }
	}
	Config     struct{ User string }
	HostConfig struct {
		ReadonlyRootfs              bool
		CapAdd, CapDrop             []string
		SecurityOpt                 []string
		Memory, NanoCpus, PidsLimit int64
		RestartPolicy               struct{ Name string }
		PortBindings                map[string]any
		LogConfig                   struct{ Config map[string]string }
	}
}

func (s *stack) state(container string) state {
	s.t.Helper()
	var found []state
	require.NoError(s.t, json.Unmarshal([]byte(s.run("docker", "container", "inspect", container)), &found))
	require.Len(s.t, found, 1)
	return found[0]
}

func (s *stack) awaitHealth(container, want string) {
	s.t.Helper()
	s.await(want+" of the engine", func() bool { return s.state(container).State.Health.Status == want })
}

// number asks a database of the stack, as its administrator.
func (s *stack) number(service, query string) int {
	s.t.Helper()
	n, err := strconv.Atoi(s.compose("exec", "-T", service, "psql", "-U", "postgres", "-Atc", query, "kasparro"))
	require.NoError(s.t, err)
	return n
}
