package server_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
	"github.com/kasparro/kasparro/internal/server/servertest"
)

// encrypted serves by TLS until the test ends, and returns its address and clients of both versions of HTTP.
func encrypted(t *testing.T, o server.Options) (address string, clients map[string]*http.Client) {
	t.Helper()
	files := servertest.New(t, time.Now().Add(time.Hour))
	c, err := server.LoadCertificate(files.Cert, files.Key)
	require.NoError(t, err)
	l, err := server.Listen(t.Context(), "127.0.0.1:0", "PORT")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, c.Listen(l), server.New(o), o.Log) }()
	clients = map[string]*http.Client{}
	for version, two := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		clients[version] = &http.Client{Transport: &http.Transport{TLSClientConfig: files.Trust(t), ForceAttemptHTTP2: two}, Timeout: waitAtMost}
	}
	t.Cleanup(func() {
		for _, client := range clients {
			client.CloseIdleConnections()
		}
		stop()
		require.NoError(t, <-ended)
	})
	return l.Addr().String(), clients
}

// sendTo sends a request with the key. What is left of the answer is closed with the test.
func sendTo(t *testing.T, client *http.Client, method, url string, body io.Reader) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", readKey)
	res, err := client.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = res.Body.Close() })
	}
	return res, err
}

// What cannot be served says which setting to look at.
func TestACertificateThatIsNone(t *testing.T) {
	one, other := servertest.New(t, time.Now().Add(time.Hour)), servertest.New(t, time.Now().Add(time.Hour))
	for name, c := range map[string]struct{ cert, key, says string }{
		"no certificate": {one.Cert + "x", one.Key, "TLS_CERT_FILE cannot be read: open " + one.Cert + "x: no such file"},
		"no key":         {one.Cert, one.Key + "x", "TLS_KEY_FILE cannot be read: open " + one.Key + "x: no such file"},
		"another's key":  {one.Cert, other.Key, "private key does not match public key"},
		"the other way":  {one.Key, one.Cert, "TLS_CERT_FILE (" + one.Key + ") and TLS_KEY_FILE (" + one.Cert + ") are no certificate with its key, as PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := server.LoadCertificate(c.cert, c.key)
			require.ErrorContains(t, err, c.says)
		})
	}
}
