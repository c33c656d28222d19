package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server/servertest"
)

// patience is how long something is waited for that must come.
const patience = 4 * time.Minute

// checkout is a fresh copy of the repository, in which nothing was made yet, with a port of its own.
type checkout struct {
	t    *testing.T
	dir  string
	env  []string
	base string // address of the service
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	port := servertest.FreePort(t)
	c := &checkout{t: t, dir: t.TempDir(), base: "http://127.0.0.1:" + port, env: []string{"PORT=" + port}}
	for _, v := range os.Environ() { // settings of this machine are none of the test's
		if name, _, _ := strings.Cut(v, "="); slices.Contains([]string{"PATH", "HOME"}, name) || strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "GO") {
			c.env = append(c.env, v)
		}
	}
	files, err := exec.CommandContext(t.Context(), "git", "-C", root(t), "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err)
	for name := range strings.SplitSeq(strings.TrimRight(string(files), "\x00"), "\x00") {
		c.bring(name)
	}
	return c
}

func root(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../..")
	require.NoError(t, err)
	return path
}

// bring copies a file, or a directory with all that is in it.
func (c *checkout) bring(name string) {
	c.t.Helper()
	from, to := filepath.Join(root(c.t), name), filepath.Join(c.dir, name)
	info, err := os.Stat(from)
	require.NoError(c.t, err)
	if info.IsDir() {
		require.NoError(c.t, os.RemoveAll(to))
		require.NoError(c.t, os.CopyFS(to, os.DirFS(from)))
		return
	}
	text, err := os.ReadFile(from)
	require.NoError(c.t, err)
	require.NoError(c.t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(c.t, os.WriteFile(to, text, info.Mode()))
}

// attempt runs a command in the checkout. It returns what it prints, and where it fails its errors, too.
func (c *checkout) attempt(name string, args ...string) (string, error) {
	// Not the test's context, which has ended when things are cleared away.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second // what it has left running may hold its output open
	if err := cmd.Run(); err != nil {
		return out.String() + errs.String(), err
	}
	return strings.TrimSpace(out.String()), nil
}

func (c *checkout) run(name string, args ...string) string {
	c.t.Helper()
	out, err := c.attempt(name, args...)
	require.NoError(c.t, err, "%s %v: %s", name, args, out)
	return out
}

// secret is what `make up` has made.
func (c *checkout) secret(name string) string {
	c.t.Helper()
	made, err := godotenv.Read(filepath.Join(c.dir, ".env"))
	require.NoError(c.t, err)
	return made[name]
}

// get returns status and body, or 0 where there is no answer.
func (c *checkout) get(url string) (int, map[string]any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(c.t, err)
	req.Header.Set("X-Api-Key", c.secret("API_KEY"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	var doc map[string]any
	if json.NewDecoder(res.Body).Decode(&doc) != nil {
		return 0, nil
	}
	return res.StatusCode, doc
}

// await waits until something is seen.
func (c *checkout) await(what string, seen func() bool) {
	c.t.Helper()
	for begun, again := time.Now(), time.Tick(250*time.Millisecond); !seen(); <-again {
		require.Less(c.t, time.Since(begun), patience, "not seen: %s", what)
	}
}

// awaitHealthy waits until all is well and all three sources were read.
func (c *checkout) awaitHealthy() {
	c.t.Helper()
	c.await("a healthy service with three sources", func() bool {
		_, health := c.get(c.base + "/health")
		read := 0
		sources, _ := health["sources"].([]any)
		for _, s := range sources {
			if s.(map[string]any)["status"] == "succeeded" {
				read++
			}
		}
		return health["status"] == "healthy" && read == 3
	})
}

// requireSecrets looks at what `make up` has made: for nobody else to read, and random.
func (c *checkout) requireSecrets() {
	c.t.Helper()
	info, err := os.Stat(filepath.Join(c.dir, ".env"))
	require.NoError(c.t, err)
	require.Equal(c.t, os.FileMode(0o600), info.Mode())
	seen := map[string]bool{}
	for _, name := range []string{"API_KEY", "ADMIN_API_KEY", "POSTGRES_PASSWORD"} {
		require.Len(c.t, c.secret(name), 48, name)
		require.False(c.t, seen[c.secret(name)], name)
		seen[c.secret(name)] = true
	}
}
