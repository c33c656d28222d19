package main

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// What the health check of a container says while nothing runs, while the database is away, and when all is well.
func TestDoctorAsksWhetherTheServiceIsReady(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	env := []string{"HOST=0.0.0.0", "PORT=" + port, "API_KEY=" + testKey, "ETL_SCHEDULE=off", "HTTP_PROXY=http://127.0.0.1:1"}
	requireReadiness(t, env, exitFailed, "connection refused")

	p := launch(t, t.TempDir(), append(env, "DATABASE_URL=postgres://nobody@127.0.0.1:1/none"), "serve")
	requireReadiness(t, env, exitFailed, "answers 503 Service Unavailable")
	require.Equal(t, exitDone, p.stop(syscall.SIGTERM), p.stderr)

	p = launch(t, t.TempDir(), append(env, "DATABASE_URL="+postgrestest.EmptyURL(t)), "serve")
	requireReadiness(t, env, exitDone, "ok    service        it is ready")
	require.Equal(t, exitDone, p.stop(syscall.SIGTERM), p.stderr)
}

// requireReadiness asks until that is said, and holds the exit code against it.
func requireReadiness(t *testing.T, env []string, want int, says string) {
	t.Helper()
	var code int
	var stdout, stderr string
	require.Eventually(t, func() bool {
		code, stdout, stderr = finish(t, t.TempDir(), env, "doctor", "--ready")
		return strings.Contains(stdout, says)
	}, time.Minute, 50*time.Millisecond, "%s", says)
	require.Equal(t, want, code, stdout+stderr)
}
