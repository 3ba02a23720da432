package media

import (
	"net"
	"syscall"
)

// readBuffer is the size of the socket's receive buffer as the kernel granted
// it, or 0 where that cannot be told. Linux counts its own overhead in.
func readBuffer(conn *net.UDPConn) (size int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		size, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	})
	return size / 2
}
