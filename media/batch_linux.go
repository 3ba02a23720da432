package media

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchLength = 128  // packets in one call to the kernel
	batchPacket = 1500 // bytes of the largest packet that is gathered
	segmentRun  = 32   // packets in one message to one viewer
)

// batch gathers one writer's packets and gives them to the kernel with few
// calls of sendmmsg(2); packets of one size that follow each other to one
// viewer are one message, which the kernel takes apart late (UDP_SEGMENT). They
// leave in the order in which they came.
//
// A packet waits until the batch is full or its writer flushes, which it does
// at the end of each run: there is no timer, and a packet waits for no longer
// than it takes to encrypt [batchLength] others. Only the writer adds and
// flushes; the lock is for whoever should do so beside it.
type batch struct {
	conn *net.UDPConn // the engine's socket by a descriptor of its own: writers do not wait for each other
	raw  syscall.RawConn
	call func(fd uintptr) bool // b.send, made once
	six  bool                  // the socket is IPv6's: IPv4 addresses are mapped

	mu       sync.Mutex
	segments bool // the kernel takes several packets as one message
	packets  int
	groups   int
	to       [batchLength]netip.AddrPort // of each group
	size     [batchLength]int            // of a group's packets but the last
	full     [batchLength]bool           // takes no more
	messages [batchLength]mmsghdr
	vectors  [batchLength]unix.Iovec
	names    [batchLength]unix.RawSockaddrInet6
	controls [batchLength]control
	bytes    []byte

	// While packets are sent.
	sent   int // groups
	apart  int // of the group that is sent packet by packet: how many
	calls  int // to the kernel, since the beginning
	single mmsghdr
}

// mmsghdr is struct mmsghdr of sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// control is the control message that says how long each packet is (udp(7)).
type control struct {
	hdr  unix.Cmsghdr
	size uint16
}

// newBatch makes a batch that sends through conn.
func newBatch(conn *net.UDPConn) (*batch, error) {
	file, err := conn.File()
	if err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	defer func() { _ = file.Close() }()
	own, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("batch: %w", err)
	}
	b := &batch{conn: own.(*net.UDPConn), bytes: make([]byte, batchLength*batchPacket)}
	b.call = b.send
	if b.raw, err = b.conn.SyscallConn(); err != nil {
		_ = own.Close()
		return nil, fmt.Errorf("batch: %w", err)
	}
	_ = b.raw.Control(func(fd uintptr) {
		family, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
		b.six = err == nil && family == unix.AF_INET6
		_, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		b.segments = err == nil
	})
	return b, nil
}

// add takes a copy of a packet. It returns false for one that it cannot take;
// those that came before have then left.
func (b *batch) add(p []byte, to netip.AddrPort) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(p) == 0 || len(p) > batchPacket {
		b.flushLocked()
		return false
	}
	if b.packets == batchLength {
		b.flushLocked()
	}
	at := b.bytes[b.packets*batchPacket:][:len(p)]
	copy(at, p)
	v := &b.vectors[b.packets]
	v.Base = unsafe.SliceData(at)
	v.SetLen(len(p))
	b.packets++
	if g := b.groups - 1; b.segments && g >= 0 && !b.full[g] && b.to[g] == to && len(p) <= b.size[g] {
		h := &b.messages[g].hdr
		h.SetIovlen(int(h.Iovlen) + 1)
		b.full[g] = len(p) < b.size[g] || h.Iovlen == segmentRun
		return true
	}
	g := b.groups
	b.groups++
	b.to[g], b.size[g], b.full[g] = to, len(p), false
	h := &b.messages[g].hdr
	*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&b.names[g])), Namelen: b.address(g, to), Iov: v}
	h.SetIovlen(1)
	return true
}

// address writes where group g goes, and returns how long that is.
func (b *batch) address(g int, to netip.AddrPort) uint32 {
	if b.six {
		n := &b.names[g]
		*n = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: to.Addr().As16(), Port: network(to.Port())}
		if zone := to.Addr().Zone(); zone != "" {
			if i, err := net.InterfaceByName(zone); err == nil {
				n.Scope_id = uint32(i.Index)
			}
		}
		return unix.SizeofSockaddrInet6
	}
	n := (*unix.RawSockaddrInet4)(unsafe.Pointer(&b.names[g]))
	*n = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().Unmap().As4(), Port: network(to.Port())}
	return unix.SizeofSockaddrInet4
}

// network is a port in the order of the network, as the kernel reads it.
func network(port uint16) uint16 {
	b := [2]byte{byte(port >> 8), byte(port)}
	return *(*uint16)(unsafe.Pointer(&b))
}

// flush sends all that waits.
func (b *batch) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flushLocked()
}

func (b *batch) flushLocked() {
	if b.packets == 0 {
		return
	}
	for g := range b.groups {
		h, c := &b.messages[g].hdr, &b.controls[g]
		if h.Iovlen > 1 {
			c.hdr.Level, c.hdr.Type, c.size = unix.IPPROTO_UDP, unix.UDP_SEGMENT, uint16(b.size[g])
			c.hdr.SetLen(unix.CmsgLen(2))
			h.Control = (*byte)(unsafe.Pointer(c))
			h.SetControllen(unix.CmsgSpace(2))
		}
	}
	b.sent, b.apart = 0, 0
	_ = b.raw.Write(b.call) // fails when the socket is closed: nobody is to be reached then
	b.packets, b.groups = 0, 0
}

// send goes on sending. It returns false when the kernel takes no more now,
// and is called again when it does.
func (b *batch) send(fd uintptr) bool {
	for b.sent < b.groups {
		m := &b.messages[b.sent]
		if b.apart > 0 {
			if !b.sendApart(fd, m) {
				return false
			}
			continue
		}
		b.calls++
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(m)), uintptr(b.groups-b.sent), 0, 0, 0)
		switch {
		case errno == 0:
			b.sent += int(n)
		case errno == unix.EAGAIN:
			return false
		case errno == unix.EINTR:
		case m.hdr.Iovlen > 1: // as one message it cannot go: to here, or at all
			b.segments = b.segments && errno != unix.EIO && errno != unix.EOPNOTSUPP
			b.apart = 1
		default: // nobody can be reached there
			b.sent++
		}
	}
	return true
}

// sendApart sends the packets of one group one by one, from the b.apart-th on.
func (b *batch) sendApart(fd uintptr, m *mmsghdr) bool {
	vectors := unsafe.Slice(m.hdr.Iov, m.hdr.Iovlen)
	for b.apart <= len(vectors) {
		b.single.hdr = unix.Msghdr{Name: m.hdr.Name, Namelen: m.hdr.Namelen, Iov: &vectors[b.apart-1]}
		b.single.hdr.SetIovlen(1)
		b.calls++
		_, _, errno := unix.Syscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&b.single.hdr)), 0)
		switch errno {
		case unix.EAGAIN:
			return false
		case unix.EINTR:
			continue
		}
		b.apart++
	}
	b.sent++
	b.apart = 0
	return true
}

// close gives the descriptor back. What still waits is not sent.
func (b *batch) close() { _ = b.conn.Close() }
