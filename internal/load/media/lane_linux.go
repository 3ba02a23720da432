package media

import (
	"net/netip"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	readEvery  = 3 * time.Millisecond // between two rounds over the sockets that have something
	readAtOnce = 64                   // datagrams of one socket in one call
	readSize   = 2048
	sockBuffer = 1 << 20
)

// lane reads many sockets on one thread. It lets a few milliseconds of packets
// gather, so that it is woken once for all of them and neither it nor the
// sender pays for a wake-up a packet.
type lane struct {
	ep, wake int
	done     chan struct{}

	mu    sync.Mutex
	socks []*sock // by descriptor

	// Owned by run.
	messages [readAtOnce]mmsghdr
	vectors  [readAtOnce]unix.Iovec
	names    [readAtOnce]unix.RawSockaddrInet4
	buf      []byte
}

// mmsghdr is struct mmsghdr of sendmmsg(2) and recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

func newLane() (*lane, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err == nil {
		if err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(wake)}); err != nil {
			_ = unix.Close(wake)
		}
	}
	if err != nil {
		_ = unix.Close(ep)
		return nil, err
	}
	l := &lane{ep: ep, wake: wake, done: make(chan struct{}), buf: make([]byte, readAtOnce*readSize)}
	for i := range l.messages {
		l.vectors[i].Base = &l.buf[i*readSize]
		l.vectors[i].SetLen(readSize)
		h := &l.messages[i].hdr
		h.Iov = &l.vectors[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&l.names[i]))
	}
	go l.run()
	return l, nil
}

// close ends the thread. All sockets have been closed before.
func (l *lane) close() {
	_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-l.done
	_, _ = unix.Close(l.ep), unix.Close(l.wake)
}

func (l *lane) run() {
	defer close(l.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ready := make([]unix.EpollEvent, 4096)
	for {
		n, err := unix.EpollWait(l.ep, ready, -1)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			panic("media: epoll_wait: " + err.Error()) // of a descriptor that is ours
		}
		l.mu.Lock()
		at := time.Now()
		for _, e := range ready[:n] {
			if int(e.Fd) == l.wake {
				l.mu.Unlock()
				return
			}
			if s := l.socks[e.Fd]; s != nil {
				l.read(s, at)
			}
		}
		l.mu.Unlock()
		time.Sleep(readEvery)
	}
}

func (l *lane) read(s *sock, at time.Time) {
	for {
		for i := range l.messages {
			l.messages[i].hdr.Namelen = unix.SizeofSockaddrInet4
		}
		n, _, e := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&l.messages[0])), readAtOnce, unix.MSG_DONTWAIT, 0, 0)
		if e != 0 {
			return
		}
		for i := range int(n) {
			s.take(l.buf[i*readSize:i*readSize+int(l.messages[i].n)], &l.names[i], at)
		}
		if n < readAtOnce {
			return
		}
	}
}

// sock is one viewer's UDP socket. All but the constants belong to the lane's
// lock.
type sock struct {
	lane *lane
	fd   int
	port uint16
	in   chan datagram // what is for Pion; nil: nothing is
	all  bool          // media too

	streams []*stream
	first   time.Time // of the first picture
	big     int       // a datagram this large is one of a picture
	closed  bool
	missed  int       // for Pion, which did not take it
	wide    uint8     // the extension that numbers packets through; 0: none
	came    []arrival // since the last report
}

// datagram is one that is passed on.
type datagram struct {
	b    []byte
	from netip.AddrPort
}

// open opens a socket that the lane reads.
func (l *lane) open(big int, in chan datagram, all bool) (*sock, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, sockBuffer)
	err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	var own unix.Sockaddr
	if err == nil {
		own, err = unix.Getsockname(fd)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	s := &sock{lane: l, fd: fd, port: uint16(own.(*unix.SockaddrInet4).Port), in: in, all: all, big: big}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.socks) <= fd {
		l.socks = append(l.socks, nil)
	}
	l.socks[fd] = s
	if err := unix.EpollCtl(l.ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}); err != nil {
		l.socks[fd] = nil
		_ = unix.Close(fd)
		return nil, err
	}
	return s, nil
}

func (s *sock) close() {
	s.lane.mu.Lock()
	defer s.lane.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.lane.socks[s.fd] = nil
		_ = unix.Close(s.fd) // leaves the epoll by itself
	}
}

// take reads one datagram.
func (s *sock) take(b []byte, from *unix.RawSockaddrInet4, at time.Time) {
	ssrc, seq, media := header(b)
	if media {
		if s.first.IsZero() && len(b) >= s.big {
			s.first = at
		}
		s.stream(ssrc).take(seq, len(b))
		if n, ok := wide(b, s.wide); ok && len(s.came) < wideMost {
			s.came = append(s.came, arrival{n, at})
		}
	}
	if s.in == nil || media && !s.all {
		return
	}
	port := (*[2]byte)(unsafe.Pointer(&from.Port)) // in the network's order
	select {
	case s.in <- datagram{append([]byte(nil), b...), netip.AddrPortFrom(netip.AddrFrom4(from.Addr), uint16(port[0])<<8|uint16(port[1]))}:
	default:
		s.missed++
	}
}

func (s *sock) stream(ssrc uint32) *stream {
	for _, st := range s.streams {
		if st.ssrc == ssrc {
			return st
		}
	}
	st := &stream{ssrc: ssrc}
	s.streams = append(s.streams, st)
	return st
}

// count is what the socket got so far.
func (s *sock) count() (t tally) {
	s.lane.mu.Lock()
	defer s.lane.mu.Unlock()
	for _, st := range s.streams {
		t = t.add(tally{st.packets, st.missing, st.late})
	}
	return t
}

// drops is how many packets the kernel dropped because the socket was full.
func (s *sock) drops() uint32 {
	const dropped = 8 // SK_MEMINFO_DROPS
	var info [9]uint32
	size := uint32(unsafe.Sizeof(info))
	s.lane.mu.Lock()
	defer s.lane.mu.Unlock()
	if s.closed {
		return 0
	}
	_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(s.fd), unix.SOL_SOCKET, unix.SO_MEMINFO, uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if e != 0 {
		return 0
	}
	return info[dropped]
}

// since reports when the first picture came; zero: not yet.
func (s *sock) since() time.Time {
	s.lane.mu.Lock()
	defer s.lane.mu.Unlock()
	return s.first
}
