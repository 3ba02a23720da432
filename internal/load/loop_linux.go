package load

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

// ServeLoop is the least that a process can do to fan frames out to TCP
// sockets: one thread, and one write(2) a socket for all that waits. It has no
// HTTP server, no goroutine, buffer or queue for a socket, no policy for slow
// ones, and it serves until it is killed: a yardstick, not a server. Whoever
// sends a text frame says it to all others.
func ServeLoop(greeting io.Writer) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l := &loop{from: map[int]bool{}}
	if err := l.listen(); err != nil {
		return err
	}
	fmt.Fprintf(greeting, "  Pages  http://%s\n", l.addr)
	return l.run()
}

type loop struct {
	addr     netip.AddrPort
	listener int
	ep       int
	open     []int        // descriptors, in the order of their coming
	from     map[int]bool // those that came and are not upgraded yet
	frames   []byte       // what is to be written to all
	buf      [64 << 10]byte
	rest     []byte // the beginning of the speaker's next frame
}

func (l *loop) listen() (err error) {
	if l.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if err = unix.Bind(l.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	if err = unix.Listen(l.listener, 4096); err != nil {
		return err
	}
	at, err := unix.Getsockname(l.listener)
	if err != nil {
		return err
	}
	own := at.(*unix.SockaddrInet4) // as it was bound
	l.addr = netip.AddrPortFrom(netip.AddrFrom4(own.Addr), uint16(own.Port))
	if l.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return err
	}
	return l.watch(l.listener)
}

func (l *loop) watch(fd int) error {
	return unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (l *loop) run() error {
	ready := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(l.ep, ready, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for _, e := range ready[:n] {
			if int(e.Fd) == l.listener {
				l.accept()
			} else {
				l.read(int(e.Fd))
			}
		}
		if len(l.frames) == 0 {
			continue
		}
		for _, fd := range l.open {
			_, _ = unix.Write(fd, l.frames) // what does not fit is lost, and shows as missing
		}
		l.frames = l.frames[:0]
	}
}

func (l *loop) accept() {
	for {
		fd, _, err := unix.Accept4(l.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		if l.watch(fd) != nil {
			_ = unix.Close(fd)
			continue
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		l.from[fd] = true
	}
}

// read takes a handshake, which the tool sends in one piece, or what the
// speaker says.
func (l *loop) read(fd int) {
	begun := 0
	if !l.from[fd] {
		begun = copy(l.buf[:], l.rest)
	}
	n, err := unix.Read(fd, l.buf[begun:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if err != nil || n == 0 {
		l.drop(fd)
		return
	}
	if l.from[fd] {
		l.upgrade(fd, l.buf[:n])
		return
	}
	b := l.buf[:begun+n]
	for {
		op, payload, n, ok := unmask(b)
		if !ok {
			break
		}
		if op == opText {
			l.frames = appendFrame(l.frames, payload)
		}
		b = b[n:]
	}
	l.rest = append(l.rest[:0], b...)
}

func (l *loop) upgrade(fd int, head []byte) {
	delete(l.from, fd)
	_, key, _ := bytes.Cut(head, []byte("Sec-WebSocket-Key: "))
	key, _, ok := bytes.Cut(key, []byte("\r\n"))
	if !ok {
		l.drop(fd)
		return
	}
	sum := sha1.Sum(append(bytes.Clone(key), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	if _, err := unix.Write(fd, []byte(answer)); err != nil {
		l.drop(fd)
		return
	}
	l.open = append(l.open, fd)
}

func (l *loop) drop(fd int) {
	delete(l.from, fd)
	for i, other := range l.open {
		if other == fd {
			l.open = append(l.open[:i], l.open[i+1:]...)
			break
		}
	}
	_ = unix.Close(fd)
}
