//go:build !linux

package fanout

import (
	"errors"
	"net"
	"syscall"
)

// Elsewhere than on Linux each socket is written to by a goroutine, as a pipe
// or TLS is.

func descriptor(net.Conn, int) syscall.RawConn { return nil }

type vector struct{}

func (w *writer) call(uintptr) bool {
	w.err = errors.ErrUnsupported
	return true
}

func unsent(syscall.RawConn) int { return 0 }

func say(syscall.RawConn, []byte) bool { return false }

type poll struct{}

func newPoll() (*poll, error) { return nil, errors.ErrUnsupported }

func (*poll) close() {}

func (*poll) arm(syscall.RawConn, uint64, bool) error { return errors.ErrUnsupported }

func (*poll) wait(func(uint64)) bool { return false }
