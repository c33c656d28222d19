package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// Many who wait for news cost the program little: 40 kB each, everything that it takes from the system counted.
func TestFiveThousandSubscribersCostLittle(t *testing.T) {
	const subscribers, most = 5000, 200_000           // of kB
	s := serveAPIOnly(t, "API_CONCURRENT_REQUESTS=0") // a subscription that begins is a request, and these begin at once
	query(t, s.base, testKey, `{ health { status } }`)
	before := s.resident()
	sockets := make([]*websocket.Conn, subscribers)
	var g errgroup.Group
	g.SetLimit(20)
	for i := range sockets {
		g.Go(func() (err error) {
			sockets[i], err = subscribed(t, "ws"+strings.TrimPrefix(s.base, "http")+"/graphql")
			return err
		})
	}
	require.NoError(t, g.Wait())
	after := s.resident()
	t.Logf("%d subscribers: %d kB each", subscribers, (after-before)/subscribers)
	require.Less(t, after-before, most)
	for _, socket := range sockets {
		require.NoError(t, socket.Close())
	}
	require.Equal(t, exitDone, s.stop(syscall.SIGTERM), s.stderr)
}

// subscribed opens a socket and follows records over it.
func subscribed(t *testing.T, url string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, ReadBufferSize: 512, WriteBufferSize: 512}
	conn, res, err := dialer.DialContext(t.Context(), url, nil)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close() // it is part of the socket now
	for _, said := range []string{
		`{"type": "connection_init", "payload": {"x-api-key": "` + testKey + `"}}`,
		`{"type": "subscribe", "id": "a", "payload": {"query": "subscription { recordAdded(filter: {source: [\"csv\"]}) { id priceUsd asset { slug } } }"}}`,
		`{"type": "ping"}`,
	} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(said)); err != nil {
			return nil, err
		}
	}
	for {
		_, text, err := conn.ReadMessage()
		switch {
		case err != nil:
			return nil, err
		case bytes.Contains(text, []byte(`"error"`)):
			return nil, fmt.Errorf("refused: %s", text)
		case bytes.Contains(text, []byte(`"pong"`)):
			return conn, nil
		}
	}
}

// resident is how much memory the program has of the system, in kB.
func (p *program) resident() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	require.NoError(p.t, err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(p.t, err)
	return kB
}
