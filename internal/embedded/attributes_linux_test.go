package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// capabilities of the process, in the kernel's hexadecimal.
func capabilities(t *testing.T, pid int) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(status), "CapEff:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimLeft(strings.TrimSpace(line), "0")
}

// A person's own closed directory is open to that person, so only root's server ever needs help.
func TestParentDirectories(t *testing.T) {
	help := ""
	if os.Geteuid() == 0 {
		help = fmt.Sprintf("%x", 1<<unix.CAP_DAC_OVERRIDE)
	}
	for name, test := range map[string]struct {
		mode os.FileMode
		want string
	}{
		"closed": {0o700, help},
		"open":   {0o755, ""},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			require.NoError(t, os.Chmod(filepath.Dir(parent), 0o755))
			require.NoError(t, os.Chmod(parent, test.mode))
			s := start(t, filepath.Join(parent, "pg"))
			execute(t, s, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
			execute(t, s, "CHECKPOINT")
			require.Equal(t, "1000", ask(t, s, "SELECT count(*) FROM kept"))
			require.Equal(t, test.want, capabilities(t, s.process.cmd.Process.Pid))
		})
	}
}

func TestSaysWhenRootMayNotHelp(t *testing.T) {
	if os.Geteuid() != 0 {
		return // nobody's help is needed then
	}
	parent := filepath.Join(t.TempDir(), "closed")
	require.NoError(t, os.Mkdir(parent, 0o700))
	found := make(chan string)
	go func() {
		// Never unlocked: the thread that can do less ends with the goroutine.
		runtime.LockOSThread()
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_DAC_OVERRIDE, 0, 0, 0); err != nil {
			found <- err.Error()
			return
		}
		path, err := os.Executable()
		if err != nil {
			found <- err.Error()
			return
		}
		cmd := exec.Command(path)
		cmd.Env = append(os.Environ(), childDir+"="+filepath.Join(parent, "pg"))
		out, err := cmd.Output()
		found <- fmt.Sprint(string(out), err)
	}()
	says := <-found
	require.Contains(t, says, "cannot get at "+parent)
	require.Contains(t, says, "DATA_DIR")
	require.Contains(t, says, "exit status 1")
	require.NoDirExists(t, filepath.Join(parent, "pg"))
}
