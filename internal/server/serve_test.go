package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

func TestListenOnATakenPort(t *testing.T) {
	first, err := server.Listen(t.Context(), "127.0.0.1:0", "PORT")
	require.NoError(t, err)
	defer first.Close()
	_, err = server.Listen(t.Context(), first.Addr().String(), "PORT")
	require.ErrorContains(t, err, first.Addr().String())
	require.ErrorContains(t, err, "PORT=")
	_, err = server.Listen(t.Context(), "127.0.0.1:99999", "PORT")
	require.ErrorContains(t, err, "PORT")
}

func TestServeFinishesWhatIsInFlight(t *testing.T) {
	l, err := server.Listen(t.Context(), "127.0.0.1:0", "PORT")
	require.NoError(t, err)
	begun, release := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-release
		_, _ = io.WriteString(w, "whole")
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l, slow, slog.New(slog.DiscardHandler)) }()

	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + l.Addr().String() + "/")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		answer <- string(text)
	}()
	<-begun
	stop()
	require.Eventually(t, func() bool { // it takes no new ones
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, waitAtMost, pollEvery)
	require.Empty(t, ended, "it waits for the request in flight")
	close(release)
	require.Equal(t, "whole", <-answer)
	require.NoError(t, <-ended)
}

func TestServeReportsABrokenListener(t *testing.T) {
	l, err := server.Listen(t.Context(), "127.0.0.1:0", "PORT")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.ErrorContains(t, server.Serve(t.Context(), l, handler(), slog.New(slog.DiscardHandler)), l.Addr().String())
}
