package fanout

import (
	"errors"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// descriptor returns the way to write to c without waiting, or nil if c has no
// descriptor. kernel bounds what the kernel holds for it.
func descriptor(c net.Conn, kernel int) syscall.RawConn {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	if kernel > 0 {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, kernel)
		})
	}
	return raw
}

// vector is what writev(2) takes.
type vector []syscall.Iovec

// call writes w.pieces. The descriptor never blocks, so the scheduler need not
// be told of the system call.
func (w *writer) call(fd uintptr) bool {
	for {
		var n uintptr
		var errno syscall.Errno
		if len(w.pieces) == 1 {
			b := w.pieces[0]
			n, _, errno = syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		} else {
			w.vector = w.vector[:0]
			for _, b := range w.pieces {
				v := syscall.Iovec{Base: unsafe.SliceData(b)}
				v.SetLen(len(b))
				w.vector = append(w.vector, v)
			}
			n, _, errno = syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.vector))), uintptr(len(w.vector)))
			clear(w.vector)
		}
		switch errno {
		case 0:
			w.n = int(n)
		case syscall.EINTR:
			continue
		default:
			w.err = errno
		}
		return true
	}
}

// unsent is how many bytes the kernel holds that the other end has not
// acknowledged.
func unsent(raw syscall.RawConn) (n int) {
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n
}

// say writes a socket's last words in one call that never blocks. Its buffer
// may be full, so it is given some more room.
func say(raw syscall.RawConn, words []byte) bool {
	n := 0
	err := raw.Write(func(fd uintptr) bool {
		// The kernel reports twice what it was asked for.
		if size, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF); err == nil {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, size/2+64<<10+len(words))
		}
		n, _ = syscall.Write(int(fd), words)
		return true
	})
	return err == nil && n == len(words)
}

// poll is an epoll instance of our own. It stands in the runtime's poller like
// any other descriptor, so that waiting for it costs no thread.
type poll struct {
	file *os.File
	raw  syscall.RawConn
}

func newPoll() (*poll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &poll{file, raw}, nil
}

func (p *poll) close() { _ = p.file.Close() }

// arm asks for one word when the socket takes more. known says that it was
// asked for before. A closed descriptor is forgotten by the kernel.
func (p *poll) arm(raw syscall.RawConn, number uint64, known bool) error {
	op := unix.EPOLL_CTL_ADD
	if known {
		op = unix.EPOLL_CTL_MOD
	}
	event := unix.EpollEvent{Events: unix.EPOLLOUT | unix.EPOLLONESHOT, Fd: int32(number), Pad: int32(number >> 32)}
	var refused error
	err := p.raw.Control(func(epoll uintptr) {
		err := raw.Control(func(fd uintptr) { refused = unix.EpollCtl(int(epoll), op, int(fd), &event) })
		refused = errors.Join(refused, err)
	})
	return errors.Join(refused, err)
}

// wait waits for sockets that take more and calls ready for each. It returns
// false when the poll was closed.
func (p *poll) wait(ready func(number uint64)) bool {
	var events [64]unix.EpollEvent
	n := 0
	err := p.raw.Read(func(fd uintptr) bool {
		n, _ = unix.EpollWait(int(fd), events[:], 0)
		return n > 0
	})
	for _, e := range events[:max(n, 0)] {
		ready(uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32)
	}
	return err == nil
}
