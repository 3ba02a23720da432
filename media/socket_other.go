//go:build !linux

package media

import "net"

// readBuffer cannot be told here.
func readBuffer(*net.UDPConn) int { return 0 }

// holdLittle bounds what the kernel takes of a connection beyond what it can
// send at once.
func holdLittle(conn net.Conn) {
	if c, ok := writerOf(conn).(*net.TCPConn); ok {
		_ = c.SetWriteBuffer(4 * tcpUnsent)
	}
}
