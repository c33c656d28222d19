package postgres_test

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// line is a connection to the server that can be cut: a port of this machine that leads to the
// server's socket.
type line struct {
	url    string
	server string
	port   net.Listener

	mu      sync.Mutex
	marker  []byte // that cuts the line when a client sends it; it is not passed on
	broken  bool
	open    map[net.Conn]bool
	serving sync.WaitGroup
}

func newLine(t testing.TB, server string) *line {
	t.Helper()
	u, err := url.Parse(server)
	require.NoError(t, err)
	l := &line{server: u.Query().Get("host") + "/.s.PGSQL." + u.Query().Get("port"), open: map[net.Conn]bool{}}
	l.port, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.url = fmt.Sprintf("postgres://%s@%s%s?sslmode=disable", u.User.Username(), l.port.Addr(), u.Path)
	l.serving.Go(l.serve)
	t.Cleanup(func() {
		require.NoError(t, l.port.Close())
		l.cut()
		l.serving.Wait()
	})
	return l
}

func (l *line) serve() {
	for {
		client, err := l.port.Accept()
		if err != nil {
			return
		}
		if !l.add(client) { // the server, which would fork for it, is not troubled
			continue
		}
		server, err := net.Dial("unix", l.server)
		if err != nil || !l.add(server) {
			_ = client.Close()
			continue
		}
		l.serving.Go(func() { l.pass(server, client) })
		l.serving.Go(func() { l.pass(client, server) })
	}
}

// add notes the two ends of a new connection, or closes them on a line that is cut.
func (l *line) add(ends ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range ends {
		if l.broken {
			_ = end.Close()
		} else {
			l.open[end] = true
		}
	}
	return !l.broken
}

func (l *line) pass(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if l.meets(buffer[:n]) {
			l.cut()
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
		if err != nil { // io.EOF, or the line was cut
			return
		}
	}
}

func (l *line) meets(sent []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.marker != nil && bytes.Contains(sent, l.marker)
}

// cut ends all connections and refuses new ones.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken, l.marker = true, nil
	for end := range l.open {
		_ = end.Close()
	}
	clear(l.open)
}

// cutAt cuts the line once a client sends the text.
func (l *line) cutAt(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.marker = []byte(text)
}

func (l *line) mend(t testing.TB) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = false
	require.Nil(t, l.marker, "the line was never cut")
}
