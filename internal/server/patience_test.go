package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
	"github.com/kasparro/kasparro/internal/server/servertest"
)

// pipes is a listener without a network, whose connection tells when it is closed: a bubble knows nothing of the kernel's.
type pipes struct{ conns chan net.Conn }

// Accept is the other end of a pipe.
func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

// Close ends accepting.
func (p pipes) Close() error {
	close(p.conns)
	return nil
}

// Addr is none.
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

type half struct {
	net.Conn
	closed context.CancelFunc
}

// Close tells.
func (h half) Close() error {
	h.closed()
	return h.Conn.Close()
}

// piped serves one connection in the bubble that it is called in, by TLS where there is a certificate. closed ends with it.
func piped(t *testing.T, c *server.Certificate) (conn net.Conn, closed context.Context) {
	t.Helper()
	conn, theirs := net.Pipe()
	closed, tell := context.WithCancel(t.Context())
	p := pipes{make(chan net.Conn, 1)}
	p.conns <- half{theirs, tell}
	var l net.Listener = p
	if c != nil {
		l = c.Listen(p)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	o := options(slog.New(slog.DiscardHandler))
	go func() { ended <- server.Serve(ctx, l, server.New(o), o.Log) }()
	t.Cleanup(func() {
		_ = conn.Close()
		stop()
		require.NoError(t, <-ended)
	})
	return conn, closed
}

// requireClosed holds a connection to be closed by the server after so long from now.
func requireClosed(t *testing.T, closed context.Context, after time.Duration) {
	t.Helper()
	since := time.Now()
	select {
	case <-closed.Done():
	case <-time.After(time.Hour): // never
	}
	require.Equal(t, after, time.Since(since))
}

func TestAHeaderThatTricklesIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, closed := piped(t, nil)
		_, err := io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\n")
		require.NoError(t, err)
		requireClosed(t, closed, 10*time.Second)
	})
}

func TestAConnectionThatIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, closed := piped(t, nil)
		_, err := io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answered(t, conn))
		requireClosed(t, closed, 2*time.Minute)
	})
}

// A client of HTTP/2 that takes nothing at all, not even what the protocol itself has to say: 30 seconds for that, and five
// more in which TLS would say goodbye.
func TestAConnectionThatIsNotRead(t *testing.T) {
	today := time.Now()
	files := servertest.New(t, today.Add(time.Hour))
	c, err := server.LoadCertificate(files.Cert, files.Key)
	require.NoError(t, err)
	trust := files.Trust(t)
	trust.ServerName, trust.NextProtos, trust.Time = "localhost", []string{"h2"}, func() time.Time { return today } // in the bubble it is another
	synctest.Test(t, func(t *testing.T) {
		conn, closed := piped(t, c)
		client := tls.Client(conn, trust)
		require.NoError(t, client.HandshakeContext(t.Context()))
		_, err := io.WriteString(client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00") // and no settings
		require.NoError(t, err)
		requireClosed(t, closed, 35*time.Second)
	})
}

func TestAHeaderThatIsTooLong(t *testing.T) {
	for length, status := range map[int]int{60 << 10: http.StatusOK, 70 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		synctest.Test(t, func(t *testing.T) {
			conn, _ := piped(t, nil)
			go func() {
				_, _ = io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", length)+"\r\n\r\n")
			}()
			require.Equal(t, status, answered(t, conn))
		})
	}
}

// answered reads an answer to its end.
func answered(t *testing.T, conn io.Reader) (status int) {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}
