package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// childDir set in its environment makes the test binary a process that runs a server on that
// directory, says so, and stops when its standard input ends.
const childDir = "EMBEDDED_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(childMain(dir))
	}
	code := m.Run()
	if template != "" {
		if err := os.RemoveAll(template); err != nil {
			fmt.Println(err)
			code = 1
		}
	}
	os.Exit(code)
}

func childMain(dir string) int {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := Start(ctx, Options{Dir: dir, Fast: true})
	if err != nil {
		fmt.Println("error:", strings.ReplaceAll(err.Error(), "\n", " "))
		return 1
	}
	fmt.Println(s.URL(role))
	// Nothing comes: reading ends when the parent closes its end.
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(ctx); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

// child is a process that runs a server.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	says  string // the URL of its server, or "error: ..."
}

func startChild(t *testing.T, cmd *exec.Cmd, dir string) *child {
	t.Helper()
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		// Both fail on a child that has ended, as it should have.
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return &child{cmd: cmd, stdin: stdin, says: strings.TrimSpace(line)}
}

// self is the test binary once more.
func self(t *testing.T) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return exec.Command(path)
}

// ordinary is the test binary once more, run by somebody who is not root, and a directory of that
// person.
func ordinary(t *testing.T) (cmd *exec.Cmd, home string) {
	t.Helper()
	home = t.TempDir()
	cmd = self(t)
	if os.Geteuid() != 0 {
		return cmd, home
	}
	nobody := newAccount(65534, 65534)
	require.NoError(t, os.Chmod(filepath.Dir(home), 0o755))
	require.NoError(t, nobody.own(home))
	// The go command keeps the test binary where nobody else gets at it.
	binary, err := os.ReadFile(cmd.Path)
	require.NoError(t, err)
	copied := filepath.Join(home, "embedded.test")
	require.NoError(t, os.WriteFile(copied, binary, 0o755))
	cmd = exec.Command(copied)
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody.credential}
	return cmd, home
}
