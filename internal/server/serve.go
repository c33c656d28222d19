package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	readHeaderWithin = 10 * time.Second
	idleWithin       = 2 * time.Minute
	shutdownWithin   = 10 * time.Second
	maxHeaderBytes   = 64 << 10
)

// Listen opens the address, "127.0.0.1:8000" say. Its error says how to choose another by the setting of its port, PORT say.
func Listen(ctx context.Context, address, setting string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program: choose another port with %s=%d or --%s %[3]d, "+
			"or end that program: %[5]w", address, setting, another, flagOf(setting), err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s may not be opened by this user: choose a port above 1023 with %s or --%s: %w",
			address, setting, flagOf(setting), err)
	}
	return nil, fmt.Errorf("%s cannot be opened: check HOST and %s: %w", address, setting, err)
}

// another is a port that is probably free.
const another = 8001

func flagOf(setting string) string { return strings.ReplaceAll(strings.ToLower(setting), "_", "-") }

// complaints logs what net/http has to say. That somebody could not agree with us on TLS is said of each who tries the port.
type complaints struct{ log *slog.Logger }

// Write logs a line.
func (c complaints) Write(line []byte) (int, error) {
	level := slog.LevelWarn
	if bytes.HasPrefix(line, []byte("http: TLS handshake error")) {
		level = slog.LevelDebug
	}
	c.log.Log(context.Background(), level, strings.TrimSpace(string(line)))
	return len(line), nil
}

// Serve answers on the listener until ctx ends; then it takes no new requests, finishes those in
// flight for up to ten seconds, and returns nil. It closes the listener. Any other end is an error. What goes on
// beyond single answers is ended by hangUps, each called once and waited for.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, log *slog.Logger, hangUps ...func()) error {
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderWithin, IdleTimeout: idleWithin, MaxHeaderBytes: maxHeaderBytes,
		HTTP2:    &http.HTTP2Config{WriteByteTimeout: pieceWithin}, // as for a piece, for all streams of a connection together
		ErrorLog: stdlog.New(complaints{log}, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			boundUnsent(conn, pieceSize)
			return ctx
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
	defer cancel()
	var live sync.WaitGroup
	for _, hangUp := range hangUps {
		live.Go(hangUp)
	}
	defer live.Wait()
	if err := srv.Shutdown(grace); err != nil {
		log.Warn("requests were cut off at shutdown", "after", shutdownWithin, "error", err)
		_ = srv.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", l.Addr(), err)
	}
	return nil
}
