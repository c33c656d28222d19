package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kasparro/kasparro/internal/server"
)

// TestMain sees that no connection leaves anything running behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listening serves on a port until the test ends.
func listening(t *testing.T, o server.Options) (address string) {
	t.Helper()
	l, err := server.Listen(t.Context(), "127.0.0.1:0", "PORT")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l, server.New(o), o.Log) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return l.Addr().String()
}

// wire is a connection on which nothing is sent or read by itself.
type wire struct {
	t testing.TB
	*net.TCPConn
	read *bufio.Reader
}

func dial(t testing.TB, address string) wire {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(waitAtMost)))
	return wire{t, conn.(*net.TCPConn), bufio.NewReader(conn)}
}

// sends sends the first line of a request, headers as "Name: value" and what follows them.
func (c wire) sends(line, rest string, headers ...string) {
	c.t.Helper()
	_, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: x\r\n", line)
	require.NoError(c.t, err)
	for _, header := range headers {
		_, err = fmt.Fprintf(c, "%s\r\n", header)
		require.NoError(c.t, err)
	}
	_, err = fmt.Fprintf(c, "\r\n%s", rest)
	require.NoError(c.t, err)
}

// hears reads an answer to its end, and returns it to be read again.
func (c wire) hears() *http.Response {
	c.t.Helper()
	answer, err := http.ReadResponse(c.read, nil)
	require.NoError(c.t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(c.t, err)
	require.NoError(c.t, answer.Body.Close())
	answer.Body = io.NopCloser(bytes.NewReader(text))
	return answer
}

// ends holds the connection to be closed in order, so that nothing of the answer could get lost.
func (c wire) ends() {
	c.t.Helper()
	rest, err := io.ReadAll(c.read)
	require.NoError(c.t, err)
	require.Empty(c.t, rest)
}
