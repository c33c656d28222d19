package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server/servertest"
)

// exposed is a service with all that can be shown to others: TLS, pages of another origin, and ports for those who watch.
type exposed struct {
	*program

	t     *testing.T
	files servertest.Files
	env   []string
	base  string
}

const friend = "https://app.example.com"

func expose(t *testing.T) *exposed {
	t.Helper()
	files := servertest.New(t, time.Now().Add(48*time.Hour))
	s := &exposed{t: t, files: files}
	s.env = append(away(t), "ADMIN_API_KEY="+testAdminKey, "ETL_SCHEDULE=off", "METRICS_PORT=0", "PPROF_PORT=0",
		"TLS_CERT_FILE="+files.Cert, "TLS_KEY_FILE="+files.Key, "CORS_ALLOWED_ORIGINS=http://localhost:5173,"+friend)
	s.program = launch(t, t.TempDir(), s.env, "serve")
	address := s.served("address")
	s.base = "https://" + address
	s.env = append(s.env, "PORT="+address[strings.LastIndex(address, ":")+1:])
	return s
}

// ask sends a request over a connection of its own, as a client does that trusts the certificate as it is now.
func (s *exposed) ask(method, url string, body io.Reader, headers ...string) (*http.Response, string) {
	s.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: s.files.Trust(s.t), ForceAttemptHTTP2: true, DisableKeepAlives: true}, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, body)
	require.NoError(s.t, err)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res, string(text)
}

// shownBy is the certificate that a service shows now.
func shownBy(t *testing.T, s *exposed) (*x509.Certificate, error) {
	t.Helper()
	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.base, "https://"))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}
