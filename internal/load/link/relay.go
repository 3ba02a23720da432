package link

import (
	"container/heap"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	mtu    = 2048
	buffer = 4 << 20 // bytes asked of the kernel, so that it loses nothing by itself
	crowd  = 64      // peers that one relay serves
)

// Relay passes datagrams on between whoever sends to it and one server. Each
// peer has a socket of its own towards the server. Close ends it.
type Relay struct {
	front    *net.UDPConn
	target   netip.AddrPort
	up, down *line
	running  sync.WaitGroup

	mu     sync.Mutex
	flows  map[netip.AddrPort]*net.UDPConn
	closed bool
}

// Open starts a relay before the server's UDP address. The same seed has the
// same chance.
func Open(target netip.AddrPort, seed uint64) (*Relay, error) {
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = front.SetReadBuffer(buffer)
	_ = front.SetWriteBuffer(buffer)
	r := &Relay{
		front: front, target: target, flows: map[netip.AddrPort]*net.UDPConn{},
		up: newLine(seed, 1), down: newLine(seed, 2),
	}
	r.running.Go(r.up.run)
	r.running.Go(r.down.run)
	r.running.Go(r.listen)
	return r, nil
}

// Addr is where peers send to.
func (r *Relay) Addr() netip.AddrPort {
	return r.front.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Set changes both ways: down is from the server.
func (r *Relay) Set(down, up Shape) {
	r.down.set(down)
	r.up.set(up)
}

// Counts are of all peers so far.
func (r *Relay) Counts() (down, up Counts) { return r.down.count(), r.up.count() }

// Close ends the relay; what is under way is lost.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.closed = true
	for _, c := range r.flows {
		_ = c.Close()
	}
	r.mu.Unlock()
	err := r.front.Close()
	r.up.close()
	r.down.close()
	r.running.Wait()
	return err
}

// listen takes what peers send, until the relay is closed.
func (r *Relay) listen() {
	b := make([]byte, mtu)
	for {
		n, from, err := r.front.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a peer that is gone is told of here
		}
		if c := r.flow(netip.AddrPortFrom(from.Addr().Unmap(), from.Port())); c != nil {
			r.up.take(b[:n], func(b []byte) { _, _ = c.Write(b) })
		}
	}
}

// flow is the socket of a peer towards the server; nil: there is none for it.
func (r *Relay) flow(from netip.AddrPort) *net.UDPConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.flows[from]; c != nil || r.closed || len(r.flows) >= crowd {
		return c
	}
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(r.target))
	if err != nil {
		return nil
	}
	_ = c.SetReadBuffer(buffer)
	_ = c.SetWriteBuffer(buffer)
	r.flows[from] = c
	r.running.Go(func() { r.answer(c, from) })
	return c
}

// answer takes what the server sends to one peer.
func (r *Relay) answer(c *net.UDPConn, to netip.AddrPort) {
	b := make([]byte, mtu)
	for {
		n, err := c.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the server does not listen now
		}
		r.down.take(b[:n], func(b []byte) { _, _ = r.front.WriteToUDPAddrPort(b, to) })
	}
}

// line carries the datagrams of one way to their time.
type line struct {
	wake chan struct{}
	stop chan struct{}

	mu      sync.Mutex
	way     *way
	counts  Counts
	waiting schedule
	turn    uint64
}

func newLine(seed, stream uint64) *line {
	return &line{way: newWay(seed, stream), wake: make(chan struct{}, 1), stop: make(chan struct{})}
}

func (l *line) set(s Shape) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.way.reshape(s, time.Now())
}

func (l *line) count() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts
	c.Held = int64(len(l.waiting))
	return c
}

func (l *line) close() { close(l.stop) }

// take decides on a datagram and keeps it until its time.
func (l *line) take(b []byte, send func([]byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.In++
	at, f := l.way.take(time.Now(), len(b))
	switch f {
	case lost:
		l.counts.Lost++
		return
	case dropped:
		l.counts.Dropped++
		return
	}
	l.turn++
	heap.Push(&l.waiting, datagram{at: at, turn: l.turn, b: append([]byte(nil), b...), send: send})
	if l.waiting[0].turn == l.turn { // it is the next now
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// run sends each datagram at its time until the line is closed.
func (l *line) run() {
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for {
		alarm.Reset(l.due())
		select {
		case <-alarm.C:
		case <-l.wake:
		case <-l.stop:
			return
		}
	}
}

// due sends what is due and says how long it is until the next.
func (l *line) due() time.Duration {
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 {
			l.mu.Unlock()
			return time.Hour
		}
		if wait := time.Until(l.waiting[0].at); wait > 0 {
			l.mu.Unlock()
			return wait
		}
		d := heap.Pop(&l.waiting).(datagram)
		l.counts.Out++
		l.counts.Bytes += int64(len(d.b))
		l.mu.Unlock()
		d.send(d.b)
	}
}

// datagram is one that is under way.
type datagram struct {
	at   time.Time
	turn uint64 // of those of one time, the first goes first
	b    []byte
	send func([]byte)
}

// schedule is a heap of datagrams, the next first.
type schedule []datagram

func (s schedule) Len() int { return len(s) }
func (s schedule) Less(i, j int) bool {
	return s[i].at.Before(s[j].at) || s[i].at.Equal(s[j].at) && s[i].turn < s[j].turn
}
func (s schedule) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *schedule) Push(x any)   { *s = append(*s, x.(datagram)) }
func (s *schedule) Pop() any {
	old := *s
	last := old[len(old)-1]
	old[len(old)-1] = datagram{} // let its bytes go
	*s = old[:len(old)-1]
	return last
}
