package load

import (
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// poller reads the sockets of one lane on one thread.
type poller struct {
	ep      int
	wake    int // an eventfd, which ends it
	done    chan struct{}
	buf     []byte
	sockets []*socket // by descriptor; guarded by the lane's lock
}

// eventsAtOnce is how many sockets are read under one lock: few, so that those
// who write do not wait for long.
const eventsAtOnce = 64

func startPoller(l *lane) (*poller, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(ep)
		return nil, err
	}
	p := &poller{ep: ep, wake: wake, done: make(chan struct{}), buf: make([]byte, pullSize)}
	if err := p.watch(unix.EPOLL_CTL_ADD, wake, unix.EPOLLIN); err != nil {
		_, _ = unix.Close(ep), unix.Close(wake)
		return nil, err
	}
	go p.run(l)
	return p, nil
}

// stop ends the thread. All sockets have been hung up before.
func (p *poller) stop() {
	_, _ = unix.Write(p.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-p.done
	_, _ = unix.Close(p.ep), unix.Close(p.wake)
}

func (p *poller) watch(op, fd int, what uint32) error {
	return unix.EpollCtl(p.ep, op, fd, &unix.EpollEvent{Events: what, Fd: int32(fd)})
}

func (p *poller) run(l *lane) {
	defer close(p.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ready := make([]unix.EpollEvent, eventsAtOnce)
	for {
		n, err := unix.EpollWait(p.ep, ready, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			panic("load: epoll_wait: " + err.Error()) // of a descriptor that is ours
		}
		l.mu.Lock()
		for _, e := range ready[:n] {
			if int(e.Fd) == p.wake {
				l.mu.Unlock()
				return
			}
			if s := p.sockets[e.Fd]; s != nil { // else it was hung up by an event before this one
				p.ready(s, int(e.Fd), e.Events)
			}
		}
		l.mu.Unlock()
	}
}

// ready takes what a socket has to say.
func (p *poller) ready(s *socket, fd int, what uint32) {
	if s.phase == dialling {
		if what&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) == 0 {
			return
		}
		code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code != 0 {
			err = unix.Errno(code)
		}
		if err == nil {
			err = p.watch(unix.EPOLL_CTL_MOD, fd, unix.EPOLLIN)
		}
		if err != nil {
			s.fail(err)
			return
		}
		s.dialled()
		return
	}
	begun := copy(p.buf, s.rest)
	n, err := unix.Read(fd, p.buf[begun:])
	at := clock()
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		s.fail(err)
		return
	case n == 0:
		s.fail(&Closed{-1})
		return
	}
	s.lane.reads++
	s.lane.bytes += uint64(n)
	rest, need, err := s.arrive(p.buf[:begun+n], at)
	if err != nil {
		s.fail(err)
		return
	}
	if need >= len(p.buf) { // must hold it and a byte more, or nothing could be read
		p.buf = append(make([]byte, 0, need+pullSize), p.buf[:begun+n]...)[:need+pullSize]
	}
	switch {
	case len(rest) > 0:
		s.rest = append(s.rest[:0], rest...)
	case cap(s.rest) > 4<<10:
		s.rest = nil // a welcome's; most sockets never need as much again
	default:
		s.rest = s.rest[:0]
	}
}

// dial begins to connect. It never waits.
func (p *poller) dial(s *socket) error {
	to, family := sockaddr(s.crowd.addr)
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if from := s.crowd.source(); from.IsValid() {
		// The port is chosen at connect, where only the whole pair must be free.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		own, _ := sockaddr(netip.AddrPortFrom(from, 0))
		err = unix.Bind(fd, own)
	}
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		if err = unix.Connect(fd, to); err == unix.EINPROGRESS {
			err = nil
		}
	}
	if err == nil {
		err = p.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLOUT)
	}
	if err != nil {
		_ = unix.Close(fd)
		return err
	}
	for len(p.sockets) <= fd {
		p.sockets = append(p.sockets, make([]*socket, fd+1-len(p.sockets))...)
	}
	p.sockets[fd] = s
	s.line = &descriptor{p, fd}
	return nil
}

func sockaddr(a netip.AddrPort) (unix.Sockaddr, int) {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}, unix.AF_INET
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}, unix.AF_INET6
}

// descriptor writes to a socket of a poller's.
type descriptor struct {
	poll *poller
	fd   int
}

// write expects that the frames of one person fit into the socket's buffer:
// who writes so much that they do not is too quick for the server.
func (d *descriptor) write(b []byte) error {
	var patience time.Time
	for len(b) > 0 {
		n, err := unix.Write(d.fd, b)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if patience.IsZero() {
				patience = time.Now().Add(time.Second)
			} else if time.Now().After(patience) {
				return errBehind
			}
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLOUT}}, 100)
		case err != nil:
			return err
		default:
			b = b[n:]
		}
	}
	return nil
}

func (d *descriptor) close() {
	d.poll.sockets[d.fd] = nil
	_ = unix.Close(d.fd) // leaves the epoll by itself
}
