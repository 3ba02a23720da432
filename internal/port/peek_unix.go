//go:build unix

package port

import (
	"errors"
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// peek looks at the first byte and leaves it where it is. The connection stays
// what it was, so that those who ask it for its descriptor get it.
func peek(conn net.Conn) (byte, net.Conn, error) {
	with, ok := conn.(syscall.Conn)
	if !ok {
		return taste(conn)
	}
	raw, err := with.SyscallConn()
	if err != nil {
		return 0, conn, err
	}
	var b [1]byte
	n := 0
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		for {
			n, _, failed = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK)
			if !errors.Is(failed, unix.EINTR) {
				return !errors.Is(failed, unix.EAGAIN)
			}
		}
	})
	switch {
	case err != nil:
		return 0, conn, err
	case failed != nil:
		return 0, conn, failed
	case n == 0:
		return 0, conn, io.EOF
	}
	return b[0], conn, nil
}

// isExhausted reports whether no connection can be accepted for now.
func isExhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOBUFS) ||
		errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.ECONNABORTED)
}
