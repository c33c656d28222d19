//go:build !linux

package server

import "net"

// boundUnsent is left to the system.
func boundUnsent(net.Conn, int) {}
