package server_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

// A body that does not come ends its request, and one that has come does not hurry the answer.
func TestABodyThatTricklesInIsNotWaitedFor(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.BodyWithin = 100 * time.Millisecond
	read := make(chan error, 2)
	answered := make(chan struct{})
	o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
		if err == nil {
			<-answered
			_, _ = fmt.Fprint(w, r.Context().Err())
		}
	})
	srv := httptest.NewServer(server.New(o))
	t.Cleanup(srv.Close)
	ask := func(length int) net.Conn {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nX-Api-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{}", readKey, length)
		require.NoError(t, err)
		return conn
	}
	ask(3) // and the third byte never comes
	require.ErrorContains(t, <-read, "timeout")

	whole := ask(2)
	require.NoError(t, <-read)
	time.AfterFunc(3*o.BodyWithin, func() { close(answered) })
	resp, err := http.ReadResponse(bufio.NewReader(whole), nil)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "<nil>", string(text), "the request goes on for longer than its body was given")
}
