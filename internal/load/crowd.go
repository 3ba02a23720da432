package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

const (
	openers  = 256              // sockets that are opened at a time, where no rate is asked for
	openTime = 2 * time.Minute  // for all of them, beside what their rate takes
	lastWait = 20 * time.Second // for what was sent to arrive
)

var errNothing = errors.New("nothing to measure: raise the rate, the time or the viewers")

// dialect is how a kind of server is spoken to.
type dialect interface {
	// path and subprotocol are of the opening handshake.
	path(room wire.RoomID) string
	subprotocol() string
	// hello is said once the socket is upgraded. nil: it is open at once.
	hello(s *socket) []byte
	// take reads one frame. What it does not know, it leaves alone.
	take(s *socket, frame []byte, at time.Duration) error
	// say is the request number id that says text to all.
	say(id uint64, text string) []byte
}

// crowd is many viewers in one room, and one person who speaks.
type crowd struct {
	target  Target
	speaks  dialect
	lanes   []*lane
	viewers []*socket
	speaker *socket

	host    string // of the server, with its port
	addr    netip.AddrPort
	tls     *tls.Config
	request []byte // of the opening handshake
	accept  string
	opens   atomic.Int64
	live    atomic.Int64
	failed  atomic.Int64 // tries to come in that were to be made again
	plan    atomic.Pointer[plan]
	slips   Histogram     // how late the tool itself has sent; the one who sends owns it
	last    atomic.Uint64 // number of the speaker's last request
	epoch   atomic.Value  // string: names the log
}

// newCrowd makes a crowd of n viewers who have not come in yet.
func newCrowd(ctx context.Context, t Target, room wire.RoomID, n int, load Load) (*crowd, error) {
	c := &crowd{target: t, speaks: t.speaks}
	if c.speaks == nil {
		c.speaks = lyceum{}
	}
	if err := c.find(ctx, room); err != nil {
		return nil, err
	}
	readers := load.Readers
	if readers <= 0 {
		readers = max(1, runtime.NumCPU()/2)
	}
	for range readers + 1 { // the last is the speaker's, who waits for nobody
		l := &lane{}
		if c.tls == nil {
			var err error
			if l.poll, err = startPoller(l); err != nil {
				c.leave()
				return nil, fmt.Errorf("start a reader: %w", err)
			}
		}
		c.lanes = append(c.lanes, l)
	}
	person := func(number int, name string, role wire.Role) (*socket, error) {
		at, token, err := readers, "", error(nil)
		if number >= 0 {
			at = number % readers
		}
		if t.Token != nil {
			token, err = t.Token(room, name, role)
		}
		return &socket{crowd: c, lane: c.lanes[at], number: number, role: role, token: token}, err
	}
	var err error
	if c.speaker, err = person(-1, "Host", wire.Host); err != nil {
		c.leave()
		return nil, fmt.Errorf("the host's token: %w", err)
	}
	c.viewers = make([]*socket, n)
	for i := range c.viewers {
		if c.viewers[i], err = person(i, fmt.Sprintf("Viewer %d", i+1), wire.Viewer); err != nil {
			c.leave()
			return nil, fmt.Errorf("a viewer's token: %w", err)
		}
	}
	return c, nil
}

// find looks the server up once, and prepares the handshake that all make.
func (c *crowd) find(ctx context.Context, room wire.RoomID) error {
	u, err := url.Parse(c.target.URL)
	if err != nil {
		return err
	}
	port := u.Port()
	switch u.Scheme {
	case "http":
		if port == "" {
			port = "80"
		}
	case "https":
		if port == "" {
			port = "443"
		}
		c.tls = &tls.Config{ServerName: u.Hostname(), NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	default:
		return fmt.Errorf("%s: the address of a server begins with http:// or https://", c.target.URL)
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return err
	}
	c.addr, err = netip.ParseAddrPort(net.JoinHostPort(found[0].Unmap().String(), port))
	if err != nil {
		return err
	}
	c.host = c.addr.String()
	nonce := make([]byte, 16)
	rand.Read(nonce)
	key := base64.StdEncoding.EncodeToString(nonce)
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	c.accept = base64.StdEncoding.EncodeToString(sum[:])
	c.request = fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lyceum-bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n", strings.TrimSuffix(u.Path, "/")+c.speaks.path(room), u.Host, key)
	if p := c.speaks.subprotocol(); p != "" {
		c.request = fmt.Appendf(c.request, "Sec-WebSocket-Protocol: %s\r\n", p)
	}
	c.request = append(c.request, '\r', '\n')
	return nil
}

// upgraded checks the head of the answer to the opening handshake.
func (c *crowd) upgraded(head []byte) error {
	if line, _, _ := bytes.Cut(head, []byte("\r\n")); !bytes.HasPrefix(line, []byte("HTTP/1.1 101")) {
		if bytes.HasPrefix(line, []byte("HTTP/1.1 503")) {
			return &notNow{string(line)}
		}
		return fmt.Errorf("open a socket: %s", line)
	}
	if !bytes.Contains(head, []byte(c.accept)) {
		return errors.New("open a socket: the server did not take part in the handshake")
	}
	return nil
}

// portsOfOne is how many sockets are opened from one loopback address before
// the next is taken: the ports of an address are few, and one that was closed
// is not free for a minute.
const portsOfOne = 8000

// source returns the address to open a socket from; invalid: any.
func (c *crowd) source() netip.Addr {
	if !c.addr.Addr().Is4() || !c.addr.Addr().IsLoopback() {
		return netip.Addr{}
	}
	n := c.opens.Add(1) / portsOfOne
	return netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + n%250)})
}

// listen makes the events of all lanes go to on.
func (c *crowd) listen(on events) {
	for _, l := range c.lanes {
		l.mu.Lock()
		l.on = on
		l.mu.Unlock()
	}
}

// tries is how often a viewer tries to come in who is told to come again.
const tries = 8

// come opens the sockets and waits until all are open: so many a second, or
// as quickly as a few at a time go. Who is told to come again does as a page
// does. It takes the lanes' events for itself.
func (c *crowd) come(ctx context.Context, sockets []*socket, rate float64) (took time.Duration, err error) {
	if len(sockets) == 0 {
		return 0, nil
	}
	limit := openTime
	if rate > 0 {
		limit += time.Duration(float64(len(sockets)) / rate * float64(time.Second))
	}
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	results := make(chan error, 2*len(sockets)) // open, and perhaps lost again: never waits
	failures := make([]atomic.Int32, len(c.viewers)+1)
	c.listen(events{
		opened: func(*socket, time.Duration) { results <- nil },
		lost: func(s *socket, err error) {
			n := failures[s.number+1].Add(1)
			if !again(err) || n >= tries {
				results <- fmt.Errorf("viewer %d of %d: %w", s.number+1, len(c.viewers), err)
				return
			}
			c.failed.Add(1)
			time.AfterFunc(backoff(int(n)-1), func() {
				s.do(func() {
					if ctx.Err() == nil && s.phase == closed {
						s.open(s.began)
					}
				})
			})
		},
	})
	defer c.listen(events{})
	begin, open := clock(), 0
	wait := func(least int) error {
		for open < least {
			select {
			case err := <-results:
				if err != nil {
					return err
				}
				open++
			case <-ctx.Done():
				return fmt.Errorf("%d of %d came in: %w", open, len(sockets), ctx.Err())
			}
		}
		return nil
	}
	for i, s := range sockets {
		at := clock()
		if rate > 0 {
			at = begin + time.Duration(float64(i)/rate*float64(time.Second))
			err = until(ctx, at)
		} else {
			err = wait(i - openers + 1)
		}
		if err != nil {
			return 0, err
		}
		s.do(func() { s.open(at) })
	}
	err = wait(len(sockets))
	return clock() - begin, err
}

// gather opens a crowd: the speaker first, then the viewers.
func gather(ctx context.Context, t Target, room wire.RoomID, load Load) (*crowd, error) {
	c, err := newCrowd(ctx, t, room, load.Viewers, load)
	if err != nil {
		return nil, err
	}
	if err = c.begin(ctx); err == nil {
		_, err = c.come(ctx, c.viewers, 0)
	}
	if err != nil {
		c.leave()
		return nil, err
	}
	return c, nil
}

// firstID is below the numbers of the speaker's requests. Those up to it are of
// the opening.
const firstID = 16

// begin lets the speaker in, who opens the class.
func (c *crowd) begin(ctx context.Context) error {
	if _, err := c.come(ctx, []*socket{c.speaker}, 0); err != nil {
		return fmt.Errorf("the host: %w", err)
	}
	c.last.Store(firstID)
	if _, ok := c.speaks.(lyceum); !ok {
		return nil
	}
	_, err := c.command(ctx, "room.open", struct{}{})
	return err
}

// leave hangs up all and ends the readers. It may be called twice.
func (c *crowd) leave() {
	c.listen(events{})
	for _, s := range append([]*socket{c.speaker}, c.viewers...) {
		if s != nil {
			s.lane.mu.Lock()
			s.hangUp()
			s.lane.mu.Unlock()
		}
	}
	for _, l := range c.lanes {
		l.readers.Wait()
		if l.poll != nil {
			l.poll.stop()
		}
	}
	// What was counted stays to be read.
	for _, l := range c.lanes {
		l.poll = nil
	}
}

// delivered is how many marked messages the viewers have got.
func (c *crowd) delivered() (n int64) {
	for _, l := range c.lanes {
		n += l.delivered.Load()
	}
	return n
}

// total adds up what all lanes have counted.
type total struct {
	gaps, doubles int
	bytes, reads  uint64
	late, joins   Histogram
	lastAt        time.Duration
	delivered     int64
}

func (c *crowd) total() *total {
	t := &total{}
	for _, l := range c.lanes {
		l.mu.Lock()
		t.gaps += l.gaps
		t.doubles += l.doubles
		t.bytes += l.bytes
		t.reads += l.reads
		t.late.Merge(&l.late)
		t.joins.Merge(&l.joins)
		t.lastAt = max(t.lastAt, l.lastAt)
		t.delivered += l.delivered.Load()
		l.mu.Unlock()
	}
	return t
}

// do runs f under a socket's lock.
func (s *socket) do(f func()) {
	s.lane.mu.Lock()
	defer s.lane.mu.Unlock()
	f()
}

// await waits until done, ctx or the time for it is over; it looks every few
// milliseconds, which costs nothing beside what is measured.
func await(ctx context.Context, limit time.Duration, done func() bool) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// until waits for a moment of the tool's clock.
func until(ctx context.Context, at time.Duration) error {
	d := at - clock()
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rest waits for a while.
func rest(ctx context.Context, d time.Duration) error { return until(ctx, clock()+d) }
