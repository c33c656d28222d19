package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server/servertest"
)

// front is Caddy before a service, as the guide configures it.
type front struct {
	*program

	base  string
	root  string // file of the certificate that it trusts itself by
	roots *x509.CertPool
}

// newFront starts it with a certificate of its own making, as it does for localhost.
func newFront(t *testing.T, upstream string) *front {
	t.Helper()
	caddy, err := exec.LookPath("caddy")
	require.NoError(t, err, "the way to https is tried for real: run `make caddy`")
	settings, err := filepath.Abs(filepath.Join(files, "Caddyfile"))
	require.NoError(t, err)
	dir, port := t.TempDir(), servertest.FreePort(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Caddyfile"), fmt.Appendf(nil,
		"{\n\tadmin off\n\thttp_port %s\n\thttps_port %s\n\tskip_install_trust\n}\nimport %s\n", servertest.FreePort(t), port, settings), 0o600))
	f := &front{base: "https://localhost:" + port, roots: x509.NewCertPool(), root: filepath.Join(dir, "caddy/pki/authorities/local/root.crt")}
	f.program = start(t, dir, []string{"DOMAIN=localhost", "UPSTREAM=" + upstream, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir},
		exec.Command(caddy, "run", "--config", "Caddyfile", "--adapter", "caddyfile"))
	require.Eventually(t, func() bool {
		root, err := os.ReadFile(f.root)
		if err != nil || !f.roots.AppendCertsFromPEM(root) {
			return false
		}
		res, err := f.from("127.0.0.1").Get(f.base + "/livez")
		return err == nil && res.Body.Close() == nil
	}, time.Minute, 50*time.Millisecond, "%s", f.stderr)
	return f
}

// from is a client with an address of its own.
func (f *front) from(address string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: f.roots},
		DialContext:     (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext,
	}}
}

// status asks with a key.
func (f *front) status(t *testing.T, address, path, key string) (int, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.base+path, nil)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", key)
	res, err := f.from(address).Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, res.Header
}

// stream is a subscription as server-sent events, closed with the test.
func (f *front) stream(t *testing.T) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.base+"/graphql?query="+url.QueryEscape("subscription { etlRunChanged { status } }"), nil)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", testKey)
	req.Header.Set("Accept", "text/event-stream")
	res, err := f.from("127.0.0.1").Do(req)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	t.Cleanup(func() { _ = res.Body.Close() })
	return res.Body
}

// socket is a subscription over WebSocket, closed with the test. It returns what tells the type of the next message.
func (f *front) socket(t *testing.T) (told func() string) {
	t.Helper()
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: f.roots}, Subprotocols: []string{"graphql-transport-ws"}}
	conn, res, err := dialer.DialContext(t.Context(), "wss"+strings.TrimPrefix(f.base, "https")+"/graphql", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.WriteJSON(map[string]any{"type": "connection_init", "payload": map[string]string{"x-api-key": testKey}}))
	require.NoError(t, conn.WriteJSON(map[string]any{"type": "subscribe", "id": "1", "payload": map[string]string{"query": "subscription { etlRunChanged { status } }"}}))
	told = func() string {
		var message struct{ Type string }
		require.NoError(t, conn.ReadJSON(&message))
		return message.Type
	}
	require.Equal(t, "connection_ack", told())
	return told
}

// Through Caddy all is as without it: sockets, streams that are told at once, and a limit of wrong keys for each client. And while
// the service is started anew, its clients wait instead of failing.
func TestHTTPSByCaddy(t *testing.T) {
	t.Parallel()
	env, port := append(away(t), "ADMIN_API_KEY="+testAdminKey, "TRUSTED_PROXIES=127.0.0.1,::1"), servertest.FreePort(t)
	env = append(env, "PORT="+port)
	s := serveWith(t, env)
	f := newFront(t, "127.0.0.1:"+port)

	status, header := f.status(t, "127.0.0.1", "/stats", testKey)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, []string{"max-age=31536000"}, header.Values("Strict-Transport-Security"))
	for n := 0; status != http.StatusTooManyRequests; n++ {
		require.Less(t, n, 12)
		status, _ = f.status(t, "127.0.0.2", "/stats", "wrong")
	}
	status, _ = f.status(t, "127.0.0.3", "/stats", "wrong")
	require.Equal(t, http.StatusUnauthorized, status, "another client")

	told := f.socket(t)
	stream := f.stream(t)
	s.ingest("csv")
	require.Equal(t, "next", told())
	line, err := bufio.NewReader(stream).ReadString('{')
	require.NoError(t, err)
	require.Contains(t, line, "data: {")

	answered := make(chan int, 1)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr)
	go func() {
		status, _ := f.status(t, "127.0.0.1", "/stats", testKey)
		answered <- status
	}()
	launch(t, t.TempDir(), env, "serve", "--no-scheduler")
	require.Equal(t, http.StatusOK, <-answered)
	require.Contains(t, f.stderr.String(), `"uri":"/stats"`)
	require.NotContains(t, f.stderr.String(), testKey, "the log of requests shows no key")
}
