package chaos_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The program as it is, and with the bug of the build tag "planted".
var (
	asItIs  = sync.OnceValues(func() (string, error) { return build("kasparro") })
	planted = sync.OnceValues(func() (string, error) { return build("planted", "-tags", "planted") })
)

func build(name string, flags ...string) (string, error) {
	path := filepath.Join(binaryDir, name)
	args := append([]string{"build", "-o", path}, flags...)
	if out, err := exec.Command("go", append(args, "../../cmd/kasparro")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// program is a process of the program.
type program struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, log lockedBuffer  // its standard output and error
	done     chan struct{} // closed when it has ended
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

// launch starts a process with an environment of only what is given. It is killed with the test.
func launch(t *testing.T, path string, env []string, args ...string) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir()}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is read from its state
	}()
	t.Cleanup(p.kill)
	return p
}

// signal sends a signal, unless the process has ended.
func (p *program) signal(sig syscall.Signal) {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		require.NoError(p.t, err)
	}
}

// kill ends the process as kill -9 does and returns when it is gone.
func (p *program) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// wait returns the exit code of a process that ends by itself.
func (p *program) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		require.Fail(p.t, "the process does not end", "%v\n%s\n%s", p.cmd.Args, &p.out, &p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// patience is how long something is waited for that must come, on a machine that has much to do.
const patience = 90 * time.Second

// look is the pause between two looks, for what comes soon and for what does not.
const (
	look     = 5 * time.Millisecond
	lookSlow = 30 * time.Millisecond
)

// await waits until something is seen.
func await(t *testing.T, what string, seen func() bool) {
	t.Helper()
	for begun := time.Now(); !seen(); {
		waited := time.Since(begun)
		require.Less(t, waited, patience, "not seen: %s", what)
		if waited > 2*time.Second {
			time.Sleep(lookSlow)
		}
		time.Sleep(look)
	}
}
