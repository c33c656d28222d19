//go:build engine

package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStack starts one stack and does to it, one after the other, what happens to it in life.
func TestStack(t *testing.T) {
	s := newStack(t)
	s.refusesWithoutSecrets()
	said := s.up()
	require.Contains(t, said, "Kasparro is healthy at "+s.base+" (Docker Compose; log by make logs; keys in .env).")
	s.requireSecrets()
	s.awaitHealthy()
	s.holdsItsImage()
	s.holdsItsContainers()
	s.holdsItsRoles()
	s.keepsItsData()
	s.followsTheGuide()
	s.takesWhatIsPublished()
	s.believesItsProxy()
	s.survivesItsDatabase()
	s.sharesItsSlots()
	s.servesByReplicas()
	s.isWatched()
	s.readsFromAStandby()
	require.NotContains(t, s.compose("--profile", "*", "logs"), s.secret("POSTGRES_PASSWORD"))
	require.NotContains(t, s.compose("--profile", "*", "logs"), s.secret("API_KEY"))
}

// Without its secrets Compose starts nothing, and says which is missing and where it comes from.
func (s *stack) refusesWithoutSecrets() {
	s.t.Helper()
	for env, missing := range map[string]string{"POSTGRES_PASSWORD=x": "API_KEY", "API_KEY=x": "POSTGRES_PASSWORD", "POSTGRES_PASSWORD=\nAPI_KEY=x": "POSTGRES_PASSWORD"} {
		require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, ".env"), []byte(env), 0o600))
		said, err := s.attempt("docker", "compose", "up")
		require.Error(s.t, err, env)
		require.Contains(s.t, said, "required variable "+missing+" is missing a value: copy .env.example to .env", env)
	}
	require.NoError(s.t, os.Remove(filepath.Join(s.dir, ".env")))
}

// holdsItsImage looks at the image: small, stamped, run by nobody in particular, and with nothing in it to run but the program.
func (s *stack) holdsItsImage() {
	s.t.Helper()
	var found []struct {
		Size   int64
		Config struct {
			User        string
			Env         []string
			Labels      map[string]string
			Healthcheck struct{ Test []string }
		}
	}
	require.NoError(s.t, json.Unmarshal([]byte(s.run("docker", "image", "inspect", "kasparro:"+version)), &found))
	image := found[0]
	require.Less(s.t, image.Size, int64(60_000_000))
	s.t.Logf("the image has %.1f MB", float64(image.Size)/1e6)
	require.Contains(s.t, []string{"65532", "nonroot", "nonroot:nonroot", "65532:65532"}, image.Config.User)
	require.Contains(s.t, image.Config.Env, "HOST=0.0.0.0")
	require.Equal(s.t, []string{"CMD", "kasparro", "doctor", "--ready"}, image.Config.Healthcheck.Test)
	require.Equal(s.t, version, image.Config.Labels["org.opencontainers.image.version"])
	require.Equal(s.t, commit, image.Config.Labels["org.opencontainers.image.revision"])
	require.Equal(s.t, "MIT", image.Config.Labels["org.opencontainers.image.licenses"])
	require.Equal(s.t, "kasparro "+version+" ("+commit+")", s.run("docker", "run", "--rm", "kasparro:"+version, "version"))

	_, health := s.get(s.base + "/health")
	require.Equal(s.t, version, health["version"])
	said, err := s.attempt("docker", "run", "--rm", "--entrypoint", "/bin/sh", "kasparro:"+version)
	require.Error(s.t, err)
	require.Contains(s.t, said, "no such file or directory")
	page := s.run("curl", "-sf", s.base+"/playground")
	require.Contains(s.t, page, "/playground/assets/", "the page was built into the image")
}

// holdsItsContainers looks at every container: what it could do if somebody got into it.
func (s *stack) holdsItsContainers() {
	s.t.Helper()
	all := s.containers()
	require.Len(s.t, all, 3, "app, database and upstreams")
	for _, id := range all {
		c := s.state(id)
		require.True(s.t, c.HostConfig.ReadonlyRootfs, c.Name)
		require.Equal(s.t, []string{"ALL"}, c.HostConfig.CapDrop, c.Name)
		require.Empty(s.t, c.HostConfig.CapAdd, c.Name)
		require.Equal(s.t, []string{"no-new-privileges:true"}, c.HostConfig.SecurityOpt, c.Name)
		require.Equal(s.t, "unless-stopped", c.HostConfig.RestartPolicy.Name, c.Name)
		require.Positive(s.t, c.HostConfig.Memory, c.Name)
		require.Positive(s.t, c.HostConfig.NanoCpus, c.Name)
		require.Positive(s.t, c.HostConfig.PidsLimit, c.Name)
		require.NotEmpty(s.t, c.HostConfig.LogConfig.Config["max-size"], c.Name)
		require.NotContains(s.t, []string{"", "0", "root"}, c.Config.User, c.Name)
	}
	require.Empty(s.t, s.state(s.container("database")).HostConfig.PortBindings)
	ports, err := json.Marshal(s.state(s.container("app")).HostConfig.PortBindings)
	require.NoError(s.t, err)
	require.Contains(s.t, string(ports), `"HostIp":"127.0.0.1"`)
	said, err := s.attempt("docker", "cp", filepath.Join(s.dir, ".env"), s.container("app")+":/tmp/")
	require.Error(s.t, err)
	require.Contains(s.t, said, "read-only")
}

// holdsItsRoles looks at whom the service is in its database, and that nobody else comes from outside.
func (s *stack) holdsItsRoles() {
	s.t.Helper()
	require.Zero(s.t, s.number("database", "SELECT count(*) FROM pg_roles WHERE rolname = 'kasparro' AND (rolsuper OR rolcreaterole OR rolcreatedb)"))
	require.Positive(s.t, s.number("database", "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kasparro'"))
	for user, refusal := range map[string]string{"postgres": "pg_hba.conf rejects connection", "kasparro": "password authentication failed"} {
		said, err := s.attempt("docker", "compose", "exec", "-T", "-e", "PGPASSWORD=wrong", "database", "psql", "-h", "database", "-U", user, "-c", "SELECT 1", "kasparro")
		require.Error(s.t, err, user)
		require.Contains(s.t, said, refusal)
	}
	said := s.run("docker", "compose", "run", "--rm", "--no-deps", "-T", "app", "doctor")
	require.False(s.t, strings.Contains(said, "warn"), said)
}
