package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestServerEndsWithItsParent(t *testing.T) {
	dir := cluster(t)
	parent := startChild(t, self(t), dir)
	executeURL(t, parent.says, "CREATE TABLE kept AS SELECT 42 AS n")
	require.NoError(t, parent.cmd.Process.Kill())

	require.Eventually(t, func() bool {
		_, err := os.Stat(postmasterPath(dir))
		return os.IsNotExist(err)
	}, patience, 20*time.Millisecond, "the server outlives its parent")
	require.Equal(t, "42", ask(t, start(t, dir), "SELECT n FROM kept"))
}

func TestStartWaitsForTheServerOfAKilledParent(t *testing.T) {
	dir := cluster(t)
	parent := startChild(t, self(t), dir)
	left, err := readPostmaster(dir)
	require.NoError(t, err)
	// Frozen, it cannot end before the next one looks.
	require.NoError(t, syscall.Kill(left.pid, syscall.SIGSTOP))
	defer syscall.Kill(left.pid, syscall.SIGCONT)
	require.NoError(t, parent.cmd.Process.Kill())
	_ = parent.cmd.Wait()

	log, waiting := heard("waiting for an earlier PostgreSQL")
	go func() {
		select {
		case <-waiting:
			// That it has gone already shows below.
			_ = syscall.Kill(left.pid, syscall.SIGCONT)
		case <-t.Context().Done():
		}
	}()
	s, err := startLogged(t, dir, log)
	require.NoError(t, err)
	require.NotEqual(t, left.pid, s.process.cmd.Process.Pid)
	require.Equal(t, "1", ask(t, s, "SELECT 1"))
}

func TestStartsOverAStalePostmasterFile(t *testing.T) {
	dir := cluster(t)
	s := start(t, dir)
	file, err := os.ReadFile(postmasterPath(dir))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(file), "\n")
	require.NoError(t, s.Stop(t.Context()))

	// Somebody else now has the number, somebody that PostgreSQL can see.
	acct, err := chooseAccount(dir)
	require.NoError(t, err)
	bystander := acct.command(t.Context(), syscall.SIGKILL, "/bin/cat")
	stdin, err := bystander.StdinPipe()
	require.NoError(t, err)
	reused, err := launch(bystander)
	require.NoError(t, err)
	defer func() {
		require.NoError(t, stdin.Close())
		<-reused.done
		require.NoError(t, reused.err, "the bystander must not have been hurt")
	}()

	for name, text := range map[string]string{
		"number reused": fmt.Sprintf("%d\n%s", bystander.Process.Pid, rest),
		"number free":   "4194304\n" + rest, // beyond the largest there is
		"empty":         "",
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(postmasterPath(dir), []byte(text), 0o600))
			require.NoError(t, acct.own(postmasterPath(dir)))
			require.NoError(t, os.Mkdir(s.socketDir, 0o700))
			require.NoError(t, acct.own(s.socketDir))
			socketLock := filepath.Join(s.socketDir, socketName+".lock")
			require.NoError(t, os.WriteFile(socketLock, []byte(text), 0o600))
			require.NoError(t, acct.own(socketLock))
			next := start(t, dir)
			require.Equal(t, "1", ask(t, next, "SELECT 1"))
			require.NoError(t, next.Stop(t.Context()))
		})
	}
}

func TestSecondStartAttaches(t *testing.T) {
	dir := cluster(t)
	first := startChild(t, self(t), dir)
	second := start(t, dir)
	require.Nil(t, second.process)
	require.Equal(t, first.says, second.URL(role))
	require.Equal(t, "1", ask(t, second, "SELECT 1"))
	require.NoError(t, second.Stop(t.Context()))
	require.Equal(t, "1", askURL(t, first.says, "SELECT 1"), "Stop of the second must leave the first alone")

	// By another name of the directory too.
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	require.Equal(t, first.says, start(t, link).URL(role))

	require.NoError(t, first.stdin.Close())
	require.NoError(t, first.cmd.Wait())
	third := start(t, dir)
	require.NotNil(t, third.process, "the first has gone, so the third is an owner")
}

func TestManyStartsAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pg")
	const many = 4
	servers, errs := make([]*Server, many), make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() { servers[i], errs[i] = startLogged(t, dir, nil) })
	}
	all.Wait()
	owners := 0
	for i, s := range servers {
		require.NoError(t, errs[i])
		require.Equal(t, "1", ask(t, s, "SELECT 1"))
		if s.process != nil {
			owners++
		}
	}
	require.Equal(t, 1, owners)
}

func TestWaitsForTheOwnerWithinTheContext(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pg")
	lock, err := tryLock(lockPath(dir))
	require.NoError(t, err)
	require.NotNil(t, lock)
	defer lock.Close()

	log, waiting := heard("waiting for the PostgreSQL of another process")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-waiting
		cancel()
	}()
	_, err = Start(ctx, Options{Dir: dir, Log: log, Fast: true})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, lockPath(dir))
	require.NoDirExists(t, dir)
}
