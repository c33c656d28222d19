//go:build engine

package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// guideBlock is the block of the guide that begins so, with this checkout in the place of the one that it speaks of.
func (s *stack) guideBlock(begin string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, ".github", "DEPLOY.md"))
	require.NoError(s.t, err)
	_, after, found := strings.Cut(string(text), "\n"+begin)
	require.True(s.t, found, begin)
	block, _, _ := strings.Cut(begin+after, "\n```")
	return strings.ReplaceAll(block, "/opt/kasparro", s.dir)
}

// byHand runs what somebody types who has no VERSION in his shell.
func (s *stack) byHand(script string) (string, error) {
	return s.attempt("env", "-u", "VERSION", "-u", "COMMIT", "COMPOSE_PROFILES=", "DOMAIN="+strings.TrimPrefix(s.base, "http://"),
		"bash", "-euo", "pipefail", "-c", script)
}

// followsTheGuide runs its commands as they stand: they say what they have to and no more, and Compose by hand starts nothing else.
func (s *stack) followsTheGuide() {
	s.t.Helper()
	kasparro, running := s.guideBlock("kasparro() { docker compose")+"\n", s.container("app")
	said, err := s.byHand(kasparro + strings.ReplaceAll(s.guideBlock("DOMAIN=${DOMAIN"), "https://", "http://") + "\necho; echo \"<$KEY>\"")
	require.NoError(s.t, err, said)
	require.Contains(s.t, said, `"total_records":`)
	require.Regexp(s.t, `(?m)^<kasparro_\w+>$`, said, "the key alone")
	said, err = s.byHand(kasparro + s.guideBlock("kasparro ingest --json csv"))
	require.NoError(s.t, err, said)
	require.True(s.t, json.Valid([]byte(said)), "JSON and no log: %s", said)
	said, err = s.byHand("docker compose up --detach --wait")
	require.NoError(s.t, err, said)
	require.Equal(s.t, running, s.container("app"), "it is what make up has started")

	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, "docker-compose.override.yml"), []byte(s.guideBlock("services:")), 0o600))
	said, err = s.byHand("COMPOSE_FILE=$COMPOSE_FILE:docker-compose.override.yml docker compose config --format json")
	require.NoError(s.t, err, said)
	var file struct {
		Services map[string]struct{ Command []string }
	}
	require.NoError(s.t, json.Unmarshal([]byte(said), &file))
	require.Equal(s.t, []string{"serve", "--no-scheduler"}, file.Services["app"].Command)
}

// believesItsProxy is told of it as the guide has it: wrong keys are counted for whom it names.
func (s *stack) believesItsProxy() {
	s.t.Helper()
	s.run("sh", "-c", s.guideBlock("echo TRUSTED_PROXIES"))
	s.up()
	guess := func(address string) string {
		return s.run("curl", "-so", "/dev/null", "-w", "%{http_code}", "-H", "x-api-key: wrong", "-H", "X-Forwarded-For: "+address, s.base+"/data")
	}
	for n := 0; guess("192.0.2.1") != "429"; n++ {
		require.Less(s.t, n, 12)
	}
	require.Equal(s.t, "401", guess("192.0.2.2"), "another client")
}

// isUpgraded has one process after the other replaced, as the guide has it, while a client asks: no request fails. What makes backups is
// of the same version.
func (s *stack) isUpgraded() {
	s.t.Helper()
	before, done := s.containers("api"), make(chan error, 1)
	s.run("docker", "image", "rm", "--force", "kasparro-backup:"+version)
	upgrade := strings.Replace(s.guideBlock("make images"), "make images", "make images VERSION="+version+" COMMIT="+commit, 1)
	go func() {
		_, err := s.attempt("env", "COMPOSE_PROFILES=api", "bash", "-euo", "pipefail", "-c", upgrade)
		done <- err
	}()
	for {
		select {
		case err := <-done:
			require.NoError(s.t, err)
			require.Len(s.t, s.containers("api"), len(before))
			require.NotSubset(s.t, before, s.containers("api"))
			s.run("docker", "image", "inspect", "kasparro-backup:"+version)
			return
		default:
			s.requireRecords()
		}
	}
}

// takesWhatIsPublished starts nothing that was built here, if .env says so: the program of the published image makes backups, too.
func (s *stack) takesWhatIsPublished() {
	s.t.Helper()
	const release = "v0.0.1-published"
	published := "ghcr.io/kasparro/kasparro:" + release
	s.run("docker", "tag", "kasparro:"+version, published)
	defer s.run("docker", "image", "rm", "--force", published, "kasparro-backup:"+release)
	files := "COMPOSE_FILE=docker-compose.yml:.github/compose/published.yml"
	s.run("env", files, "make", "images", "VERSION="+release, "COMMIT=another")
	require.Equal(s.t, "kasparro "+version+" ("+commit+")", s.run("docker", "run", "--rm", "kasparro-backup:"+release, "version"))
	_, err := s.attempt("docker", "image", "inspect", "kasparro:"+release)
	require.Error(s.t, err, "it was built")
	said, err := s.byHand(files + " docker compose config --images app")
	require.NoError(s.t, err, said)
	require.Contains(s.t, strings.Fields(said), published)
}
