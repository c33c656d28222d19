package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These tests start the program as its users do.

// binary builds the program once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binaryDir, "kasparro")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// program is a running kasparro, or a client of it.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	lines  chan string // of its standard output
	stderr *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// launch starts the program in dir with an environment of only what is given.
func launch(t *testing.T, dir string, env []string, args ...string) *program {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return start(t, dir, env, exec.Command(path, args...))
}

// start starts any program like that.
func start(t *testing.T, dir string, env []string, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, cmd: cmd, lines: make(chan string, 1000), stderr: &lockedBuffer{}}
	p.cmd.Dir = dir
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir()}, env...)
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.stop(syscall.SIGTERM)
		}
	})
	return p
}

// waitFor returns what follows a word on the first line that begins with it.
func (p *program) waitFor(word string) string {
	p.t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		select {
		case line, ok := <-p.lines:
			require.True(p.t, ok, "the program ended: %s", p.stderr)
			if rest, found := strings.CutPrefix(strings.TrimSpace(line), word); found {
				return strings.TrimSpace(rest)
			}
		case <-deadline:
			require.Fail(p.t, "no line with "+word, p.stderr.String())
		}
	}
}

// stop signals the program and returns its exit code once it has ended.
func (p *program) stop(sig syscall.Signal) int {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(sig))
	return p.wait()
}

func (p *program) wait() int {
	p.t.Helper()
	for range p.lines { // the pipe must be empty before Wait closes it
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		require.NoError(p.t, err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// finish runs the program to its end.
func finish(t *testing.T, dir string, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := launch(t, dir, env, args...)
	var out strings.Builder
	for line := range p.lines {
		out.WriteString(line + "\n")
	}
	code = p.wait()
	return code, out.String(), p.stderr.String()
}

// get reads a JSON document, or nil where there is no answer yet.
func get(t *testing.T, url, key string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return answer(t, req, key)
}

func query(t *testing.T, base, key, text string) map[string]any {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": text})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/graphql", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	doc := answer(t, req, key)
	require.NotContains(t, doc, "errors")
	return doc["data"].(map[string]any)
}

func answer(t *testing.T, req *http.Request, key string) map[string]any {
	t.Helper()
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	var doc map[string]any
	require.NoError(t, json.Unmarshal(text, &doc), "%s", text)
	return doc
}
