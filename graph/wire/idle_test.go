package wire_test

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkIdleSubscriber tells the memory of the process that a subscriber takes who hears nothing: all of the
// server's, and of the client no more than its end of the connection.
func BenchmarkIdleSubscriber(b *testing.B) {
	for _, c := range []struct {
		name string
		ask  func(testing.TB, net.Conn)
	}{{"WebSocket", askBySocket}, {"SSE", askByEvents}} {
		b.Run(c.name, func(b *testing.B) {
			const subscribers = 5000
			for b.Loop() {
				w := newLiveWorld(b, nil)
				before := memory()
				for range subscribers {
					conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", w.Listener.Addr().String())
					require.NoError(b, err)
					b.Cleanup(func() { conn.Close() })
					c.ask(b, conn)
				}
				each := float64(memory()-before) / subscribers / 1000
				b.ReportMetric(each, "kB/subscriber")
				b.ReportMetric(each*subscribers/1000, "MB/5000")
				b.ReportMetric(float64(runtime.NumGoroutine())/subscribers, "goroutines/subscriber")
				w.Live.Close()
				w.Close()
			}
		})
	}
}

// memory is what the process has in use, in bytes.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// until reads up to a text.
func until(b testing.TB, conn net.Conn, text string) {
	buffer, heard := make([]byte, 1000), ""
	for !strings.Contains(heard, text) {
		n, err := conn.Read(buffer)
		require.NoError(b, err, heard)
		heard += string(buffer[:n])
	}
}

// frame is a text frame, masked with zeros.
func frame(text string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

func askBySocket(b testing.TB, conn net.Conn) {
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n")
	until(b, conn, "\r\n\r\n")
	_, err := conn.Write(frame(`{"type":"connection_init","payload":{"x-api-key":"` + goodKey + `"}}`))
	require.NoError(b, err)
	until(b, conn, "connection_ack")
	_, err = conn.Write(frame(`{"type":"subscribe","id":"1","payload":{"query":"subscription { ticks }"}}`))
	require.NoError(b, err)
	_, err = conn.Write(frame(`{"type":"ping"}`))
	require.NoError(b, err)
	until(b, conn, "pong")
}

func askByEvents(b testing.TB, conn net.Conn) {
	fmt.Fprintf(conn, "GET /?query=subscription%%7Bticks%%7D HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nX-Key: %s\r\n\r\n", goodKey)
	until(b, conn, ":\n\n")
}
