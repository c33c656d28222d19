package server_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

// readsBodies answers with the body, or says what is wrong with it, as the handlers of the service do.
func readsBodies(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		http.Error(w, "the body took too long to arrive", http.StatusRequestTimeout)
	case errors.As(err, &tooLarge):
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		_, _ = w.Write(text)
	}
}

const keyLine = "X-Api-Key: " + readKey

// Whatever is answered without the body is answered at once, though the body never comes.
func TestAnAnswerThatNeedsNoBodyDoesNotWaitForIt(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.BodyWithin = time.Hour
	o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Content-Type") {
		case "panic":
			panic("no more")
		case "nothing":
		case "much":
			_, _ = w.Write(make([]byte, 100_000))
		default:
			http.Error(w, "no JSON", http.StatusUnsupportedMediaType)
		}
	})
	o.REST = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	address := listening(t, o)
	o.Door = server.NewDoor(bothKeys, server.Throttle{PerMinute: 1})
	busy := listening(t, o)
	first := dial(t, busy)
	first.sends("GET /data", "", keyLine)
	first.hears()

	for name, check := range asked(t, address, busy) {
		t.Run(name, check)
	}
}

// asked sends requests of which the body is begun, all before the first answer is looked at, and returns what to check
// then: the connections linger together.
func asked(t *testing.T, address, busy string) map[string]func(*testing.T) {
	checks := map[string]func(*testing.T){}
	for _, c := range []struct {
		at, line string
		status   int
		headers  []string
	}{
		{address, "POST /graphql", http.StatusUnauthorized, nil},
		{address, "POST /graphql", http.StatusUnauthorized, []string{"X-Api-Key: wrong"}},
		{address, "POST /nowhere", http.StatusUnauthorized, nil},
		{address, "POST /graphql", http.StatusUnauthorized, []string{"Expect: 100-continue"}},
		{address, "POST /nowhere", http.StatusNotFound, []string{keyLine}},
		{address, "POST /data", http.StatusMethodNotAllowed, []string{keyLine}},
		{address, "POST /graphql", http.StatusUnsupportedMediaType, []string{keyLine}},
		{address, "GET /data", http.StatusForbidden, []string{keyLine}},
		{address, "GET /health", http.StatusForbidden, nil},
		{address, "POST /graphql", http.StatusInternalServerError, []string{keyLine, "Content-Type: panic"}},
		{address, "POST /graphql", http.StatusOK, []string{keyLine, "Content-Type: nothing"}},
		{address, "POST /graphql", http.StatusOK, []string{keyLine, "Content-Type: much"}},
		{busy, "POST /graphql", http.StatusTooManyRequests, []string{keyLine}},
	} {
		for coding, begun := range map[string]string{"Content-Length: 1000": "{", "Transfer-Encoding: chunked": "1\r\n{\r\n"} {
			conn := dial(t, c.at)
			conn.sends(c.line, begun, append(c.headers, coding)...)
			checks[fmt.Sprint(c.status, " ", c.line, c.headers, coding)] = func(t *testing.T) {
				answer := conn.hears()
				require.Equal(t, c.status, answer.StatusCode)
				require.True(t, answer.Close)
				if c.status >= http.StatusBadRequest && c.status != http.StatusForbidden {
					requireProblem(t, answer, c.status)
				}
				conn.ends()
			}
		}
	}
	return checks
}

// A body that is too large is not waited for either, be that announced or found out.
func TestABodyThatIsTooLargeIsNotWaitedFor(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.BodyWithin, o.MaxBody, o.GraphQL = time.Hour, 1000, http.HandlerFunc(readsBodies)
	address := listening(t, o)
	for coding, begun := range map[string]string{
		"Content-Length: 1001": "{", "Content-Length: 1000000": "{",
		"Transfer-Encoding: chunked": "800\r\n" + strings.Repeat("a", 0x800) + "\r\n",
	} {
		conn := dial(t, address)
		conn.sends("POST /graphql", begun, keyLine, coding)
		answer := conn.hears()
		require.True(t, answer.Close)
		requireProblem(t, answer, http.StatusRequestEntityTooLarge)
		conn.ends()
	}
}

// A body that does not come ends its request, and the client is told; what it held of the key's is given back.
func TestABodyThatTricklesInIsNotWaitedFor(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.BodyWithin, o.GraphQL = 100*time.Millisecond, http.HandlerFunc(readsBodies)
	o.Door = server.NewDoor(bothKeys, server.Throttle{Concurrent: 1})
	address := listening(t, o)
	for coding, begun := range map[string]string{"Content-Length: 3": "{}", "Transfer-Encoding: chunked": "2\r\n{}\r\n"} {
		slow := dial(t, address)
		slow.sends("POST /graphql", begun, keyLine, coding)
		answer := slow.hears()
		require.True(t, answer.Close)
		require.Equal(t, "the body took too long to arrive", requireProblem(t, answer, http.StatusRequestTimeout)["detail"])

		next := dial(t, address)
		next.sends("POST /graphql", "{}", keyLine, "Content-Length: 2")
		require.Equal(t, http.StatusOK, next.hears().StatusCode, "the one before it has left, though its connection may linger")
		slow.ends()
	}
}

// A body that has come does not hurry the answer, and the connection goes on to other requests.
func TestABodyThatHasComeHasNoTimeAnyMore(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.BodyWithin = 100 * time.Millisecond
	o.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		over := make(chan struct{})
		time.AfterFunc(3*o.BodyWithin, func() { close(over) })
		<-over
		_, _ = fmt.Fprintf(w, "%s %v %v", text, err, r.Context().Err())
	})
	conn := dial(t, listening(t, o))
	for range 2 {
		for coding, whole := range map[string]string{"Content-Length: 2": "{}", "Transfer-Encoding: chunked": "2\r\n{}\r\n0\r\n\r\n"} {
			conn.sends("POST /graphql", whole, keyLine, coding)
			answer := conn.hears()
			require.False(t, answer.Close)
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Equal(t, "{} <nil> <nil>", string(text), "the request goes on for longer than its body was given")
		}
		conn.sends("GET /health", "")
		require.False(t, conn.hears().Close)
	}
}
