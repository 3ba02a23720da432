package server_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// FuzzInbound sends a client's bytes after the upgrade and hello through all
// that they meet: reading, decoding, the room and its store. Nothing panics or
// hangs; every message has exactly one reply, with its number if it has one,
// or the socket is closed with a documented code.
//
// The bytes are frames as they stand, or, with lines set, each line is framed
// as one text message.
func FuzzInbound(f *testing.F) {
	r := newRig(f, server.Config{Rate: 1e6, Burst: 1e6, Joins: 1e9})
	in := newPipes()
	web := &http.Server{Handler: r.http.Config.Handler}
	go func() { _ = web.Serve(in) }()
	f.Cleanup(func() { _ = web.Close() })
	var who atomic.Uint64
	tokens := make([]string, 2000) // many, for one person may not come in so often
	for i := range tokens {
		tokens[i] = r.token(wire.UserID(fmt.Sprint("u", i)), wire.Host)
	}

	f.Fuzz(func(t *testing.T, data []byte, lines bool) {
		if len(data) > 256<<10 {
			t.Skip("longer than what is worth the time")
		}
		if lines {
			var framed []byte
			for line := range bytes.Lines(data) {
				framed = appendClientFrame(framed, 0x81, bytes.TrimSuffix(line, []byte("\n")))
			}
			data = framed
		}
		c := in.dial(t)
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // a hang
		if !c.enter(tokens[who.Add(1)%uint64(len(tokens))]) {
			t.Skip("banned by an earlier input")
		}
		sent, end := judge(data)
		const last = 1 << 62
		if end == wellFormed {
			data = appendClientFrame(slices.Clone(data), 0x81, fmt.Appendf(nil, `{"id":%d,"type":"ping"}`, uint64(last)))
			sent = append(sent, []uint64{last})
		}
		written := make(chan struct{})
		go func() {
			defer close(written)
			_, _ = c.Write(data)
			if end == incomplete {
				_ = c.Close() // or the server would wait for the rest
			}
		}()
		replies, code := c.hear(last)
		_ = c.Close()
		<-written
		select {
		case <-c.ended:
		case <-time.After(10 * time.Second):
			t.Fatal("the server does not let go of the socket")
		}
		switch {
		case code == silence:
			t.Fatalf("no end after %d replies to %d messages", len(replies), len(sent))
		case !slices.Contains(documented, code):
			t.Fatalf("closed with %d", code)
		case end == wellFormed && code == answered && len(replies) != len(sent):
			t.Fatalf("%d replies to %d messages", len(replies), len(sent))
		case len(replies) > len(sent):
			t.Fatalf("%d replies to %d messages", len(replies), len(sent))
		case end == broken && code == answered:
			t.Fatal("broken frames, and the socket goes on")
		}
		// A reply has its message's number, or none where that was not read.
		left := map[uint64]int{}
		for _, ids := range sent {
			for _, id := range ids {
				left[id]++
			}
		}
		for _, re := range replies {
			if left[re]--; left[re] < 0 && re != 0 {
				t.Fatalf("a reply too many to %d", re)
			}
		}
	})
}

// How a fuzzed socket may end, beside close codes.
const (
	answered = 0    // the last message was
	gone     = 1006 // without a close frame: we left
	silence  = -1
)

var documented = []int{answered, gone, 1000, 1002, 1003, 1007, 1009, 4000, 4001, 4002, 4500, 4505}

// What a run of bytes is as frames of a client.
const (
	wellFormed = iota
	incomplete // something is missing at the end
	broken     // the socket must be closed
)

// judge reads frames as RFC 6455 has them, as plainly as can be, and returns
// the numbers of each whole message and how the bytes end.
func judge(b []byte) (sent [][]uint64, end int) {
	var message []byte
	open := false
	for len(b) > 0 {
		if len(b) < 2 {
			return sent, incomplete
		}
		fin, op, masked, size := b[0]&0x80 != 0, b[0]&0x0f, b[1]&0x80 != 0, uint64(b[1]&0x7f)
		reserved := b[0]&0x70 != 0
		b = b[2:]
		for _, long := range []struct {
			mark uint64
			n    int
		}{{126, 2}, {127, 8}} {
			if size != long.mark {
				continue
			}
			if len(b) < long.n {
				return sent, incomplete
			}
			size = binary.BigEndian.Uint64(append(make([]byte, 8-long.n), b[:long.n]...))
			b = b[long.n:]
			break
		}
		switch {
		case masked && len(b) < 4:
			return sent, incomplete
		case reserved, !masked, size > 1<<63, op >= 8 && (!fin || size > 125), op > 10, op > 2 && op < 8,
			op == 0 && !open, (op == 1 || op == 2) && open:
			return sent, broken
		}
		mask := b[:4]
		b = b[4:]
		if uint64(len(b)) < size || uint64(len(message))+size > wire.MaxFrame {
			return sent, incomplete // what is too long is refused once it has come
		}
		part := slices.Clone(b[:size])
		b = b[size:]
		for i := range part {
			part[i] ^= mask[i%4]
		}
		switch op {
		case 8:
			return sent, broken // the end, anyhow
		case 9, 10:
			continue
		case 2:
			return sent, incomplete // refused once it has come
		}
		message, open = append(message, part...), !fin
		if fin {
			if !utf8.Valid(message) {
				return sent, broken
			}
			sent, message = append(sent, numbers(message)), nil
		}
	}
	if open {
		return sent, incomplete
	}
	return sent, wellFormed
}

// numbers are the ids that a message has: mostly one, but it may be malformed.
func numbers(message []byte) (ids []uint64) {
	d := json.NewDecoder(bytes.NewReader(message))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return ids
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return ids
		}
		if id, err := strconv.ParseUint(string(value), 10, 64); name == "id" && err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func appendClientFrame(b []byte, first byte, payload []byte) []byte {
	b = append(b, first)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{0x13, 0x37, 0xc0, 0xde}
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i%4])
	}
	return b
}

// pipes is a listener of connections in memory.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	shut  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), shut: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.shut:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.shut) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// client is the browser's end of a socket in memory.
type client struct {
	net.Conn
	t     testing.TB
	r     *bufio.Reader
	ended chan struct{} // closed when the server has closed its end
}

// watched tells when the server has closed its end.
type watched struct {
	net.Conn
	once  sync.Once
	ended chan struct{}
}

func (w *watched) Close() error {
	w.once.Do(func() { close(w.ended) })
	return w.Conn.Close()
}

func (p *pipes) dial(t testing.TB) *client {
	near, far := net.Pipe()
	w := &watched{Conn: far, ended: make(chan struct{})}
	p.conns <- w
	return &client{Conn: near, t: t, r: bufio.NewReader(near), ended: w.ended}
}

// enter upgrades and says hello, and reports whether it was welcome.
func (c *client) enter(token string) bool {
	c.t.Helper()
	_, err := io.WriteString(c, "GET /v1/rooms/algebra/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: "+wire.Subprotocol+"\r\n\r\n")
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := http.ReadResponse(c.r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		c.t.Fatal(res, err)
	}
	if _, err := c.Write(appendClientFrame(nil, 0x81, fmt.Appendf(nil, `{"id":1,"type":"hello","data":{"token":%q}}`, token))); err != nil {
		c.t.Fatal(err)
	}
	for {
		op, payload, err := c.frame()
		if err != nil || op == 8 {
			return false
		}
		for _, m := range messages(payload) {
			if m.Re == 1 {
				return m.Type == "welcome"
			}
		}
	}
}

// hear reads until the reply to the last message, or the end.
func (c *client) hear(last uint64) (replies []uint64, code int) {
	for {
		op, payload, err := c.frame()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
			return replies, gone
		case err != nil:
			return replies, silence
		case op == 8 && len(payload) < 2:
			return replies, 1000
		case op == 8:
			return replies, int(binary.BigEndian.Uint16(payload))
		case op != 1:
			continue
		}
		for _, m := range messages(payload) {
			if m.Type != "ok" && m.Type != "error" {
				continue
			}
			if replies = append(replies, m.Re); m.Re == last {
				return replies, answered
			}
		}
	}
}

// frame reads one frame of the server's.
func (c *client) frame() (op byte, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.r, head); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1])
	if n := map[uint64]int{126: 2, 127: 8}[size]; n > 0 {
		long := make([]byte, 8)
		if _, err := io.ReadFull(c.r, long[8-n:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(long)
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(c.r, payload)
	return head[0] & 0x0f, payload, err
}

// messages are what a frame holds: one, or an array.
func messages(payload []byte) (all []message) {
	if json.Unmarshal(payload, &all) != nil {
		var m message
		_ = json.Unmarshal(payload, &m)
		all = []message{m}
	}
	return all
}
