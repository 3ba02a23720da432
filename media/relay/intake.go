package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	toAllocate = 10 * time.Second // that a connection has to open an allocation
	toWrite    = 10 * time.Second // that one write may take
	lastWord   = time.Second      // for the answer to who ends an allocation
)

// intake is the listener of all clients over TCP and TLS, whichever port they
// came by. It bounds their connections, for the TURN library does not: one that
// opens no allocation, or whose allocation has ended, is closed.
type intake struct {
	each, most int
	patience   time.Duration
	conns      chan net.Conn
	done       chan struct{} // closed when it closes

	mu      sync.Mutex
	clients map[string]*client // by address and port
	from    map[netip.Addr]int
	closed  bool
}

func newIntake(c Config) *intake {
	return &intake{
		each: c.Neighbours, most: 2 * c.Total, patience: toAllocate, conns: make(chan net.Conn), done: make(chan struct{}),
		clients: map[string]*client{}, from: map[netip.Addr]int{},
	}
}

// take lets a connection in, or closes it.
func (i *intake) take(conn net.Conn) {
	at, key := addressOf(conn.RemoteAddr()), conn.RemoteAddr().String()
	c := &client{Conn: conn, intake: i, key: key, at: at}
	i.mu.Lock()
	if i.closed || len(i.clients) >= i.most || i.from[at] >= i.each || i.clients[key] != nil {
		i.mu.Unlock()
		_ = conn.Close()
		return
	}
	i.clients[key] = c
	i.from[at]++
	c.end = time.AfterFunc(i.patience, func() { _ = c.Close() })
	i.mu.Unlock()
	select {
	case i.conns <- c:
	case <-i.done:
		_ = c.Close()
	}
}

// settled lets the connection from an address stay: it has an allocation.
func (i *intake) settled(from net.Addr) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if c := i.client(from); c != nil {
		c.end.Stop()
	}
}

// client is the connection from an address, or nil: an allocation over UDP from
// the same address and port says nothing of it. It is called with the mutex held.
func (i *intake) client(from net.Addr) *client {
	if _, udp := from.(*net.UDPAddr); udp {
		return nil
	}
	return i.clients[from.String()]
}

// over closes the connection from an address soon: its allocation has ended.
func (i *intake) over(from net.Addr) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if c := i.client(from); c != nil {
		c.end.Reset(lastWord)
	}
}

// Accept implements [net.Listener].
func (i *intake) Accept() (net.Conn, error) {
	select {
	case c := <-i.conns:
		return c, nil
	case <-i.done:
		return nil, net.ErrClosed
	}
}

// Addr implements [net.Listener].
func (i *intake) Addr() net.Addr { return &net.TCPAddr{} }

// Close implements [net.Listener]: it closes all connections too.
func (i *intake) Close() error {
	i.mu.Lock()
	if i.closed {
		i.mu.Unlock()
		return nil
	}
	i.closed = true
	close(i.done)
	clients := make([]*client, 0, len(i.clients))
	for _, c := range i.clients {
		clients = append(clients, c)
	}
	i.mu.Unlock()
	for _, c := range clients {
		_ = c.Close()
	}
	return nil
}

// client is a connection that is bounded.
type client struct {
	net.Conn
	intake *intake
	key    string
	at     netip.Addr
	end    *time.Timer // closes it
	once   sync.Once   // closes it
}

// Write gives up a connection that takes nothing.
func (c *client) Write(b []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(toWrite))
	n, err := c.Conn.Write(b)
	if err != nil {
		_ = c.Close() // half a message was perhaps written
	}
	return n, err
}

// Close implements [net.Conn].
func (c *client) Close() (err error) {
	err = net.ErrClosed
	c.once.Do(func() {
		i := c.intake
		i.mu.Lock()
		c.end.Stop()
		delete(i.clients, c.key)
		if i.from[c.at]--; i.from[c.at] == 0 {
			delete(i.from, c.at)
		}
		i.mu.Unlock()
		err = c.Conn.Close()
	})
	return err
}
