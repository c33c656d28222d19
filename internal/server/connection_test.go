package server_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kasparro/kasparro/internal/server"
)

// wrote is what became of writing an answer.
type wrote struct {
	bytes int
	err   error
}

// large answers with so many bytes, and tells what became of it.
func large(bytes int) (http.Handler, <-chan wrote) {
	ended := make(chan wrote, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n, err := w.Write(make([]byte, bytes))
		ended <- wrote{n, err}
	}), ended
}

// A client that does not read its answer is cut off, on every route, and has its key's place back.
func TestWhoDoesNotReadIsCutOff(t *testing.T) {
	o := options(slog.New(slog.DiscardHandler))
	o.PieceWithin = 100 * time.Millisecond
	o.Door = server.NewDoor(bothKeys, server.Throttle{Concurrent: 1})
	handler, ended := large(32 << 20)
	o.REST, o.GraphQL, o.Playground = handler, handler, handler
	address := listening(t, o)
	for _, line := range []string{"GET /data", "GET /health", "GET /graphql", "POST /graphql", "GET /playground"} {
		conn := dial(t, address)
		conn.sends(line, "", keyLine)
		got := <-ended
		require.ErrorIs(t, got.err, os.ErrDeadlineExceeded, line)
		require.Less(t, got.bytes, 2<<20, "the kernel has not taken more than little")
		_, err := io.Copy(io.Discard, conn)
		if err != nil {
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection is not closed")
		}
	}
	next := dial(t, address)
	next.sends("GET /nowhere", "", keyLine)
	require.Equal(t, http.StatusNotFound, next.hears().StatusCode)
}

// A client that reads slowly gets all of it, in several times what it has for one piece.
func TestWhoReadsSlowlyIsServed(t *testing.T) {
	const bytes, step = 3 << 20, 16 << 10
	o := options(slog.New(slog.DiscardHandler))
	o.PieceWithin = 600 * time.Millisecond
	handler, ended := large(bytes)
	o.REST = handler
	conn := dial(t, listening(t, o))
	conn.sends("GET /data", "", keyLine, "Connection: close")
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn.TCPConn, 512), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	started, pace := time.Now(), time.NewTicker(10*time.Millisecond)
	defer pace.Stop()
	var read int64
	for err == nil {
		<-pace.C
		var n int64
		n, err = io.CopyN(io.Discard, answer.Body, step)
		read += n
	}
	require.ErrorIs(t, err, io.EOF)
	require.EqualValues(t, bytes, read)
	require.Equal(t, wrote{bytes: bytes}, <-ended)
	require.Greater(t, time.Since(started), 3*o.PieceWithin, "it was slow")
}

// deadlined notes which deadlines its connection is given.
type deadlined struct {
	*httptest.ResponseRecorder
	reading, writing []time.Time
}

// SetReadDeadline notes.
func (d *deadlined) SetReadDeadline(at time.Time) error {
	d.reading = append(d.reading, at)
	return nil
}

// SetWriteDeadline notes.
func (d *deadlined) SetWriteDeadline(at time.Time) error {
	d.writing = append(d.writing, at)
	return nil
}

// Hijack gives away nothing.
func (d *deadlined) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

// What is live has deadlines of its own, and what has taken its connection over is not touched at all.
func TestWhatIsLiveIsLeftAlone(t *testing.T) {
	own := time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)
	o := options(slog.New(slog.DiscardHandler))
	asks := func(handler http.HandlerFunc) *deadlined {
		o.GraphQL = handler
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader("{}"))
		r.Header.Set("X-Api-Key", readKey)
		w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
		server.New(o).ServeHTTP(w, r)
		return w
	}
	got := asks(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		require.NoError(t, err)
		control := http.NewResponseController(w)
		w.WriteHeader(http.StatusOK)
		for range 3 {
			require.NoError(t, control.SetWriteDeadline(own))
			_, err := w.Write(make([]byte, 100_000))
			require.NoError(t, err)
			require.NoError(t, control.Flush())
		}
	})
	require.Empty(t, got.Header().Get("Connection"))
	require.Equal(t, []time.Time{own, own, own}, got.writing[:3])
	require.Len(t, got.writing, 4, "and one for what net/http sends at the end")
	require.Len(t, got.reading, 2)
	require.Zero(t, got.reading[1])

	got = asks(func(w http.ResponseWriter, _ *http.Request) {
		_, _, err := http.NewResponseController(w).Hijack()
		require.NoError(t, err)
	})
	require.Empty(t, got.writing)
	require.Len(t, got.reading, 1, "that of the body, which net/http takes back")

	got = asks(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100_000)) })
	require.Len(t, got.writing, 5, "two pieces and the end")
	require.Equal(t, []bool{false, true, false, true, false}, []bool{got.writing[0].IsZero(), got.writing[1].IsZero(), got.writing[2].IsZero(),
		got.writing[3].IsZero(), got.writing[4].IsZero()}, "what was sent in time has no deadline any more")
}
