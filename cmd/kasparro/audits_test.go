package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// audits is how many audits there are in the version of graphql-http that is locked.
const audits = 61

// TestGraphQLOverHTTPAudits holds the service to the specification as its reference implementation reads it.
func TestGraphQLOverHTTPAudits(t *testing.T) {
	t.Parallel()
	dir := auditor(t)
	s := serveAPIOnly(t)
	results := json.NewDecoder(bytes.NewReader(runIn(t, dir, []string{"URL=" + s.base + "/graphql", "API_KEY=" + testKey}, "node", "audit.mjs")))
	seen := map[string]bool{}
	for results.More() {
		var audit struct{ ID, Name, Status, Reason string }
		require.NoError(t, results.Decode(&audit))
		require.False(t, seen[audit.ID], "%s is there twice", audit.ID)
		seen[audit.ID] = true
		if audit.Status != "ok" {
			t.Errorf("%s %s: %s, %s", audit.ID, audit.Name, audit.Status, audit.Reason)
		}
	}
	require.Len(t, seen, audits)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr.String())
}

// auditor installs the audits in a directory of its own, so that the checkout stays as it is.
func auditor(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		_, err := exec.LookPath(tool)
		require.NoError(t, err, "the audits need Node.js 18 or newer with npm: run `make node`")
	}
	dir := t.TempDir()
	for _, name := range []string{".npmrc", "package.json", "package-lock.json", "audit.mjs"} {
		text, err := os.ReadFile(filepath.Join("testdata", "audits", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	runIn(t, dir, nil, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
	return dir
}

// runIn runs a tool in dir with additions to the environment and returns its standard output.
func runIn(t *testing.T, dir string, env []string, tool string, args ...string) []byte {
	t.Helper()
	var out, failure bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &failure
	require.NoError(t, cmd.Run(), "%s %v: %s%s", tool, args, &out, &failure)
	return out.Bytes()
}
