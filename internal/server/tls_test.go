package server_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

func TestBothVersionsOfHTTPOverTLS(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.GraphQL = http.HandlerFunc(readsBodies)
	address, clients := encrypted(t, o)
	for version, client := range clients {
		answer, err := sendTo(t, client, http.MethodPost, "https://"+address+"/graphql", strings.NewReader("{}"))
		require.NoError(t, err)
		require.Equal(t, version, answer.Proto)
		require.Equal(t, "max-age=31536000", answer.Header.Get("Strict-Transport-Security"))
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Equal(t, "{}", string(text))
	}
	require.Empty(t, ask(t, handler(), "GET", "/health").Header.Get("Strict-Transport-Security"), "browsers would not heed it")
}

// A request whose body nobody wants does not take the connection from others, which share it in HTTP/2.
func TestABodyThatIsNotReadLeavesOthersTheConnection(t *testing.T) {
	address, clients := encrypted(t, options(slog.New(slog.DiscardHandler)))
	send := func(path string, body io.Reader, key string) (status int, reused bool) {
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, "https://"+address+path, body)
		require.NoError(t, err)
		req.Header.Set("X-Api-Key", key)
		answer, err := clients["HTTP/2.0"].Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, reused
	}
	send("/nowhere", nil, readKey)
	for range 2 {
		never, writer := io.Pipe()
		status, reused := send("/graphql", never, "wrong")
		require.NoError(t, writer.Close())
		require.Equal(t, http.StatusUnauthorized, status)
		require.True(t, reused)
	}
	_, reused := send("/nowhere", nil, readKey)
	require.True(t, reused)
}

func TestABodyThatTricklesInOverTLS(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.BodyWithin, o.GraphQL = 100*time.Millisecond, http.HandlerFunc(readsBodies)
	address, clients := encrypted(t, o)
	for version, client := range clients {
		body, writer := io.Pipe()
		go func() { _, _ = writer.Write([]byte("{")) }()
		answer, err := sendTo(t, client, http.MethodPost, "https://"+address+"/graphql", body)
		require.NoError(t, err)
		require.Equal(t, "the body took too long to arrive", requireProblem(t, answer, http.StatusRequestTimeout)["detail"], version)
		require.NoError(t, writer.Close())
	}
}

func TestWhoDoesNotReadOverTLSIsCutOff(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.PieceWithin = 100 * time.Millisecond
	o.Door = server.NewDoor(bothKeys, server.Throttle{Concurrent: 1})
	handler, ended := large(32 << 20)
	o.REST = handler
	address, clients := encrypted(t, o)
	for version, client := range clients {
		answer, err := sendTo(t, client, http.MethodGet, "https://"+address+"/data", nil)
		require.NoError(t, err)
		got := <-ended
		require.Error(t, got.err, version)
		require.Less(t, got.bytes, map[string]int{"HTTP/1.1": 2 << 20, "HTTP/2.0": 6 << 20}[version], "%s: a client of HTTP/2 takes 4 MB by itself", version)
		_, err = io.Copy(io.Discard, answer.Body)
		require.Error(t, err)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	}
	answer, err := sendTo(t, clients["HTTP/2.0"], http.MethodGet, "https://"+address+"/nowhere", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
}

// Between two pieces there may be more time than a client has for one: in HTTP/2 a deadline that passes ends the answer
// though nothing is being sent.
func TestAnAnswerThatPausesIsNotCutOff(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.PieceWithin = 100 * time.Millisecond
	o.REST = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := range 2 {
			_, _ = fmt.Fprintf(w, "part %d %s", i, make([]byte, 100_000))
			if r.URL.Path == "/stats" {
				w.(http.Flusher).Flush()
			}
			over := make(chan struct{})
			time.AfterFunc(3*o.PieceWithin, func() { close(over) })
			<-over
		}
		_, _ = io.WriteString(w, "the end")
	})
	address, clients := encrypted(t, o)
	for version, client := range clients {
		for _, path := range []string{"/data", "/stats"} {
			answer, err := sendTo(t, client, http.MethodGet, "https://"+address+path, nil)
			require.NoError(t, err)
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err, version)
			require.True(t, strings.HasSuffix(string(text), "the end"), version)
		}
	}
}

// A socket is taken over from a connection of TLS as from any other: without deadlines, and without a bound on what is unsent.
func TestASocketOverTLS(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, w.Header())
		if err == nil {
			_ = conn.WriteMessage(websocket.TextMessage, []byte("over TLS"))
			_ = conn.Close()
		}
	})
	address, clients := encrypted(t, o)
	dialer := websocket.Dialer{TLSClientConfig: clients["HTTP/1.1"].Transport.(*http.Transport).TLSClientConfig}
	conn, answer, err := dialer.DialContext(t.Context(), "wss://"+address+"/graphql", nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	_, text, err := conn.ReadMessage()
	require.NoError(t, err)
	require.Equal(t, "over TLS", string(text))
	require.NoError(t, conn.Close())
}

// Who speaks something else is told so where that can be, and fills no log.
func TestWhatIsNoTLS(t *testing.T) {
	var book logbook
	address, clients := encrypted(t, options(book.logger(slog.LevelInfo)))
	// net/http leaves most of the request unread, so that the connection may be reset before its answer is heard.
	plain, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/health", nil)
	require.NoError(t, err)
	answer, err := http.DefaultTransport.RoundTrip(plain)
	for tries := 1; err != nil && tries < 20; tries++ {
		answer, err = http.DefaultTransport.RoundTrip(plain)
	}
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), "Client sent an HTTP request to an HTTPS server")

	old := clients["HTTP/1.1"].Transport.(*http.Transport).TLSClientConfig.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	_, err = (&tls.Dialer{Config: old}).DialContext(t.Context(), "tcp", address)
	require.ErrorContains(t, err, "protocol version")
	silent, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, silent.Close())
	require.Empty(t, book.String())
}
