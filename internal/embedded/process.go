package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a postmaster started by us.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended; to be read after done
}

// launch starts cmd. The kernel sends the parent-death signal when the thread that started the
// child ends, not the process, so one thread is kept for it for as long as the child lives.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// killAfter is how long a postmaster that was told to end at once may take for it.
const killAfter = time.Second

// end shuts the postmaster down, quickly by SIGINT, at once by SIGQUIT when ctx ends before it has
// gone, and by SIGKILL where it does not even heed that. It returns when it is gone.
func (p *process) end(ctx context.Context) error {
	if err := p.signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		if err := p.signal(syscall.SIGQUIT); err != nil {
			return err
		}
		select {
		case <-p.done:
		case <-time.After(killAfter):
			if err := p.signal(syscall.SIGKILL); err != nil {
				return err
			}
			<-p.done
		}
		return fmt.Errorf("PostgreSQL was ended at once, its next start will recover: %w", context.Cause(ctx))
	}
	if p.err != nil {
		return fmt.Errorf("PostgreSQL ended badly: %w", p.err)
	}
	return nil
}

func (p *process) signal(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s to PostgreSQL, process %d: %w", sig, p.cmd.Process.Pid, err)
	}
	return nil
}

// run runs cmd to its end, on one thread for the same reason as launch, and gives what it printed.
func run(cmd *exec.Cmd) (string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// watch tells of an end that nobody has asked for.
func (s *Server) watch() {
	<-s.process.done
	if s.process.err != nil {
		s.log.Error("PostgreSQL ended", "error", s.process.err, "log", logTail(s.dir))
		return
	}
	s.log.Info("PostgreSQL has stopped", "dir", s.dir)
}
