package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server/servertest"
)

func TestWhatAStrangerSees(t *testing.T) {
	t.Parallel()
	s := expose(t)
	t.Run("answers", s.answers)
	t.Run("watching", s.watching)
	t.Run("pages of others", s.pagesOfOthers)
	t.Run("live", s.live)
	t.Run("doctor", s.doctor)
	t.Run("renewal", s.renewal)
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr)
}

// answers holds whatever can be asked without a key: none but /health says which version this is, and all are careful.
func (s *exposed) answers(t *testing.T) {
	for path, status := range map[string]int{
		"/": 401, "/graphql": 401, "/data": 401, "/stats": 401, "/runs": 401, "/compare-runs": 401, "/metrics": 401, "/debug/pprof/": 401, "/nowhere": 401,
		"/health": 200, "/livez": 200, "/readyz": 200, "/docs": 200, "/docs/start.js": 200, "/docs/none.js": 404, "/openapi.json": 200, "/playground": 200, "/playground/": 301,
		"/playground/assets/none.js": 404,
	} {
		res, text := s.ask(http.MethodGet, s.base+path, nil)
		require.Equal(t, status, res.StatusCode, path)
		require.Equal(t, "HTTP/2.0", res.Proto)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000", "Server": "", "X-Powered-By": "", "Set-Cookie": "",
		} {
			require.Equal(t, want, res.Header.Get(name), "%s of %s", name, path)
		}
		policy := res.Header.Get("Content-Security-Policy")
		require.Regexp(t, `^default-src '(none|self)'`, policy, path)
		require.Contains(t, policy, "frame-ancestors 'none'", path)
		require.NotContains(t, policy, "unsafe-eval", path)
		require.NotRegexp(t, `script-src[^;]*unsafe`, policy, path)
		if path != "/health" && !strings.HasPrefix(path, "/docs/") {
			require.NotRegexp(t, `go1\.\d+|"version":"(dev|v?\d+\.)`, text, path)
		}
	}
	res, text := s.ask(http.MethodGet, "http"+strings.TrimPrefix(s.base, "https")+"/health", nil)
	require.Equal(t, http.StatusBadRequest, res.StatusCode)
	require.Contains(t, text, "HTTPS")
}

// watching holds the ports of those who watch to be as careful, and the main one to show them nothing.
func (s *exposed) watching(t *testing.T) {
	res, text := s.ask(http.MethodGet, "http://"+s.served("metrics")+"/metrics", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	leaf, err := shownBy(t, s)
	require.NoError(t, err)
	require.Regexp(t, `\nkasparro_tls_certificate_not_after_timestamp_seconds `+strconv.FormatFloat(float64(leaf.NotAfter.Unix()), 'e', -1, 64)[:4], text)
	require.Contains(t, text, "\nkasparro_tls_certificate_not_before_timestamp_seconds ")
	profiles := s.served("pprof")
	require.True(t, strings.HasPrefix(profiles, "127.0.0.1:"), profiles)
	for _, path := range []string{"/debug/pprof/", "/metrics"} {
		res, _ := s.ask(http.MethodGet, s.base+path, nil, "X-Api-Key: "+testAdminKey)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
	}
}

// pagesOfOthers asks as a page of another origin can: with a preflight before whatever is more than a form could send.
func (s *exposed) pagesOfOthers(t *testing.T) {
	graphql, question := s.base+"/graphql", `{"query": "{ __typename }"}`
	for origin, allowed := range map[string]string{friend: friend, "https://elsewhere.example": ""} {
		res, _ := s.ask(http.MethodOptions, graphql, nil, "Origin: "+origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type,x-api-key")
		require.Equal(t, http.StatusNoContent, res.StatusCode)
		require.Equal(t, allowed, res.Header.Get("Access-Control-Allow-Origin"))
		res, text := s.ask(http.MethodPost, graphql, strings.NewReader(question), "Origin: "+origin, "Content-Type: application/json", "X-Api-Key: "+testKey)
		require.Equal(t, http.StatusOK, res.StatusCode, text)
		require.Equal(t, allowed, res.Header.Get("Access-Control-Allow-Origin"))
		require.Empty(t, res.Header.Get("Access-Control-Allow-Credentials"))
		require.Contains(t, res.Header.Values("Vary"), "Origin")
	}
	for _, simple := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		res, _ := s.ask(http.MethodPost, graphql, strings.NewReader(question), "Origin: "+friend, "Content-Type: "+simple)
		require.Equal(t, http.StatusUnauthorized, res.StatusCode, "what needs no preflight has no key")
		res, _ = s.ask(http.MethodPost, graphql, strings.NewReader(question), "Content-Type: "+simple, "X-Api-Key: "+testKey)
		require.Equal(t, http.StatusUnsupportedMediaType, res.StatusCode, "and no body that is taken")
	}
	res, _ := s.ask(http.MethodGet, graphql+"?query=mutation{__typename}", nil, "X-Api-Key: "+testAdminKey)
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode, "a link changes nothing")
}

// live opens sockets and a stream: by whom they may be, over TLS and over HTTP/2.
func (s *exposed) live(t *testing.T) {
	for origin, status := range map[string]int{
		s.base: http.StatusSwitchingProtocols, friend: http.StatusSwitchingProtocols, "": http.StatusSwitchingProtocols, "https://elsewhere.example": http.StatusForbidden,
	} {
		dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, TLSClientConfig: s.files.Trust(t)}
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, res, err := dialer.DialContext(t.Context(), "wss"+strings.TrimPrefix(s.base, "https")+"/graphql", header)
		require.Equal(t, status, res.StatusCode, origin)
		require.NoError(t, res.Body.Close())
		if err == nil {
			require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte(`{"type": "connection_init", "payload": {"x-api-key": "`+testKey+`"}}`)))
			_, text, err := conn.ReadMessage()
			require.NoError(t, err)
			require.Contains(t, string(text), "connection_ack")
			require.NoError(t, conn.Close())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, two := range []bool{true, false} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: s.files.Trust(t), ForceAttemptHTTP2: two}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/graphql", strings.NewReader(`{"query": "subscription { etlRunChanged { source } }"}`))
		require.NoError(t, err)
		for name, value := range map[string]string{"Accept": "text/event-stream", "Content-Type": "application/json", "X-Api-Key": testKey} {
			req.Header.Set(name, value)
		}
		res, err := client.Do(req)
		require.NoError(t, err)
		require.Equal(t, map[bool]int{true: 2, false: 1}[two], res.ProtoMajor)
		begun := make([]byte, 3)
		_, err = io.ReadFull(res.Body, begun)
		require.NoError(t, err)
		require.Equal(t, ":\n\n", string(begun))
		require.NoError(t, res.Body.Close())
		client.CloseIdleConnections()
	}
}

// doctor asks the service, whose certificate is of another name than 0.0.0.0.
func (s *exposed) doctor(t *testing.T) {
	requireReadiness(t, append(s.env, "HOST=0.0.0.0"), exitDone, "ok    service        it is ready")
	require.Empty(t, openKey(s.files.Key), "only its owner may read it")
	require.NoError(t, os.Chmod(s.files.Key, 0o644))
	d := launch(t, t.TempDir(), append(s.env, "CORS_ALLOWED_ORIGINS=*"), "doctor")
	for _, line := range []string{
		"warn  cors           CORS_ALLOWED_ORIGINS is *: pages of every site may ask",
		"ok    certificate    it matches its key, is for localhost, api.example.com, 127.0.0.1, ::1 and good until ",
		"warn  certificate    it expires in 1 days",
		"warn  certificate    nobody whom this machine trusts vouches for it",
		"warn  certificate    every user of this machine may use its key: " + s.files.Key + " has mode 0644",
	} {
		d.waitFor(line)
	}
	d.stop(syscall.SIGKILL)
	other := servertest.New(t, time.Now().Add(-time.Hour))
	for wrong, env := range map[string][]string{
		"it has expired on":                        {"TLS_CERT_FILE=" + other.Cert, "TLS_KEY_FILE=" + other.Key},
		"TLS_CERT_FILE (" + s.files.Cert + ") and": {"TLS_KEY_FILE=" + other.Key},
	} {
		d = launch(t, t.TempDir(), append(slices.Clone(s.env), env...), "doctor")
		d.waitFor("FAIL  certificate    " + wrong)
		d.stop(syscall.SIGKILL)
	}
	code, _, stderr := finish(t, t.TempDir(), append(s.env, "PORT=0", "TLS_CERT_FILE=/nowhere/fullchain.pem"), "serve")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "TLS_CERT_FILE cannot be read: open /nowhere/fullchain.pem")
}

// renewal puts another certificate in place, as certbot does, and then something that is none.
func (s *exposed) renewal(t *testing.T) {
	before, err := shownBy(t, s)
	require.NoError(t, err)
	s.files.Renew(t, time.Now().Add(80*24*time.Hour))
	require.Eventually(t, func() bool {
		now, err := shownBy(t, s)
		return err == nil && now.NotAfter.After(before.NotAfter)
	}, time.Minute, 50*time.Millisecond)
	res, _ := s.ask(http.MethodGet, s.base+"/livez", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, s.stderr.String(), "the certificate was renewed")
	require.NoError(t, os.WriteFile(s.files.Cert, []byte("none"), 0o600))
	require.Eventually(t, func() bool { return strings.Contains(s.stderr.String(), "the one before it goes on") }, time.Minute, 50*time.Millisecond)
	now, err := shownBy(t, s)
	require.NoError(t, err)
	require.True(t, now.NotAfter.After(before.NotAfter))
}
