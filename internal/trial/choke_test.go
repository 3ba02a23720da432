package trial

import (
	"net"
	"sync"
	"time"
)

// choke holds somebody's reading up.
type choke struct {
	mu   sync.Mutex
	rate int           // bytes a second; 0: as fast as it can
	open chan struct{} // closed while there is reading
}

func newChoke() *choke {
	c := &choke{open: make(chan struct{})}
	close(c.open)
	return c
}

func (c *choke) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = make(chan struct{})
}

func (c *choke) slow(rate int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rate = rate
}

func (c *choke) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rate = 0
	select {
	case <-c.open:
	default:
		close(c.open)
	}
}

func (c *choke) now() (chan struct{}, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open, c.rate
}

// chokedConn reads only as its choke allows.
type chokedConn struct {
	net.Conn
	choke  *choke
	once   sync.Once
	closed chan struct{}
}

func (c *chokedConn) Read(b []byte) (int, error) {
	open, rate := c.choke.now()
	select {
	case <-open:
	case <-c.closed:
		return 0, net.ErrClosed
	}
	if rate > 0 {
		const times = 4 // a second
		pause := time.NewTimer(time.Second / times)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-c.closed:
			return 0, net.ErrClosed
		}
		b = b[:min(len(b), rate/times)]
	}
	return c.Conn.Read(b)
}

func (c *chokedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}
