package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/simulator"
)

// These tests use the service as its users do, through the clients that they use. Each is a small script, which
// tells what it sees.

// clients installs them once, in a directory of its own, so that the checkout stays as it is.
var clients = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(binaryDir, "clients")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "clients"))); err != nil {
		return "", err
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the clients need Node.js with npm, run `make node`: %w: %s", err, out)
	}
	return dir, nil
})

// startClient runs a script against the service, as somebody who may only read.
func (s *apiOnly) startClient(script string) *program {
	s.t.Helper()
	dir, err := clients()
	require.NoError(s.t, err)
	return start(s.t, dir, []string{"URL=" + s.base + "/graphql", "API_KEY=" + testKey}, exec.Command("node", script))
}

// told reads a line of a script, whose fields it knows all.
func told[T any](p *program, line string) (seen T) {
	p.t.Helper()
	d := json.NewDecoder(strings.NewReader(line))
	d.DisallowUnknownFields()
	require.NoError(p.t, d.Decode(&seen), "%s", line)
	return seen
}

// serveCoins serves the bundled history and some simulated coins.
func serveCoins(t *testing.T, coins int) *apiOnly {
	t.Helper()
	upstream := httptest.NewServer(simulator.New(simulator.Options{Seed: 7, Coins: coins}))
	t.Cleanup(upstream.Close)
	s := serveAPIOnly(t, "COINGECKO_BASE_URL="+upstream.URL+"/coingecko/api/v3", "COINGECKO_PAGES=1")
	for _, source := range []string{"csv", gecko} {
		s.ingest(source)
	}
	return s
}

// ingest runs a source to its end.
func (s *apiOnly) ingest(source string) {
	s.t.Helper()
	run := query(s.t, s.base, testAdminKey, `mutation { run: startEtlRun(source: "`+source+`") { id } }`)["run"].(map[string]any)
	run = s.awaitRun(run["id"].(string))
	require.Equal(s.t, "SUCCEEDED", run["status"], run["error"])
}

func distinct(ids []string) map[string]bool {
	set := map[string]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}
