package server

import (
	"net"

	"golang.org/x/sys/unix"
)

// boundUnsent has the kernel take so many bytes at most ahead of what it can send to a client; 0 is as many as it likes.
// That is up to 4 MB, a third of which must be gone before it takes more: a client that reads slowly would look like one
// that does not read at all. What is on its way is not bounded. It is set connection by connection, since a listener for
// Multipath TCP, which is what net.Listen opens, hands it on to none.
func boundUnsent(conn net.Conn, bytes int) {
	if outer, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = outer.NetConn()
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return // it is closed already
	}
	_ = raw.Control(func(socket uintptr) {
		_ = unix.SetsockoptInt(int(socket), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, bytes) // without it, slow is faster
	})
}
