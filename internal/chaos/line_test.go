package chaos_test

import (
	"encoding/json"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/postgres/postgrestest"
)

// line is the network between the program and the database: toxiproxy, and behind it what makes TCP
// of the server's socket and counts what passes.
type line struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
	url   string       // of the database, through the line
	ended atomic.Int64 // connections

	mu      sync.Mutex
	largest map[string]int64 // bytes that one connection carried at most, by the direction in toxiproxy's words
}

// newLine makes a line to the server of a URL, over whose socket it is reached.
func newLine(t *testing.T, to string) *line {
	t.Helper()
	u, err := url.Parse(to)
	require.NoError(t, err)
	socket := filepath.Join(u.Query().Get("host"), ".s.PGSQL."+u.Query().Get("port"))
	l := &line{t: t, largest: map[string]int64{}}
	bridge, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bridge.Close()) })
	go l.accept(bridge, socket)
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l.proxy = toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", bridge.Addr().String())
	require.NoError(t, l.proxy.Start())
	t.Cleanup(l.proxy.Stop)
	l.url = (&url.URL{Scheme: "postgres", User: u.User, Host: l.proxy.Listen, Path: u.Path, RawQuery: "sslmode=disable"}).String()
	return l
}

func (l *line) accept(bridge net.Listener, socket string) {
	for {
		client, err := bridge.Accept()
		if err != nil {
			return // closed with the test
		}
		server, err := net.Dial("unix", socket)
		if err != nil {
			_ = client.Close() // as if nobody listened there
			continue
		}
		go l.carry(client, server)
	}
}

// carry passes bytes on until either side ends.
func (l *line) carry(client, server net.Conn) {
	var both sync.WaitGroup
	pass := func(to, from net.Conn, direction string) {
		n, _ := io.Copy(to, from)
		_, _ = to.Close(), from.Close()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.largest[direction] = max(l.largest[direction], n)
	}
	both.Go(func() { pass(server, client, "upstream") })
	both.Go(func() { pass(client, server, "downstream") })
	both.Wait()
	l.ended.Add(1)
}

// most is the largest number of bytes that one connection has carried since it was asked last.
func (l *line) most(direction string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.largest[direction]
	l.largest[direction] = 0
	return n
}

// poison puts a toxic on the line, towards the server (upstream) or back (downstream).
func (l *line) poison(kind, stream string, attributes map[string]int64) {
	l.t.Helper()
	text, err := json.Marshal(map[string]any{"name": kind + stream, "type": kind, "stream": stream, "attributes": attributes})
	require.NoError(l.t, err)
	_, err = l.proxy.Toxics.AddToxicJson(strings.NewReader(string(text)))
	require.NoError(l.t, err)
}

// heal takes all toxics away.
func (l *line) heal() { l.proxy.Toxics.ResetToxics(l.t.Context()) }

// newLinedRig makes a rig whose processes reach the database through a line.
func newLinedRig(t *testing.T) (*rig, *line) {
	t.Helper()
	to := postgrestest.URL(t)
	l := newLine(t, to)
	return newRigOn(t, to).with("DATABASE_URL=" + l.url), l
}
