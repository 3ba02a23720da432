package media

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
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

// holdLittle has the kernel take little more of a connection than it can send
// at once: what it holds nothing can overtake, sound neither.
func holdLittle(conn net.Conn) {
	c, ok := writerOf(conn).(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, tcpUnsent)
	})
}
