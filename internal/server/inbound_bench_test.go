package server_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/wire"
)

// lean is a client that costs next to nothing, over a real socket: what is
// measured is the server.
type lean struct {
	net.Conn
	r   *bufio.Reader
	out []byte
}

// dialLean upgrades and, with a token, says hello and waits for its welcome.
func dialLean(b *testing.B, addr, token string) *lean {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	k := &lean{Conn: c, r: bufio.NewReaderSize(c, 256)}
	_, _ = fmt.Fprintf(c, "GET /v1/rooms/algebra/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: %s\r\n\r\n", wire.Subprotocol)
	res, err := http.ReadResponse(k.r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		b.Fatal(res, err)
	}
	if token != "" {
		k.send(fmt.Appendf(nil, `{"id":1,"type":"hello","data":{"token":%q}}`, token))
		k.await(b, []byte(`{"re":1,"type":"welcome"`))
	}
	return k
}

func (k *lean) send(payload []byte) {
	k.out = appendClientFrame(k.out[:0], 0x81, payload)
	_, _ = k.Write(k.out)
}

// await reads on to the frame that begins so.
func (k *lean) await(b *testing.B, begin []byte) {
	for {
		head, err := k.r.Peek(2)
		if err != nil {
			b.Fatal(err)
		}
		size, skip := int(head[1]), 2
		switch size {
		case 126:
			head, _ = k.r.Peek(4)
			size, skip = int(binary.BigEndian.Uint16(head[2:])), 4
		case 127:
			head, _ = k.r.Peek(10)
			size, skip = int(binary.BigEndian.Uint64(head[2:])), 10
		}
		_, _ = k.r.Discard(skip)
		start, err := k.r.Peek(min(size, len(begin)))
		if err != nil {
			b.Fatal(err)
		}
		found := bytes.Equal(start, begin)
		if _, err := k.r.Discard(size); err != nil {
			b.Fatal(err)
		}
		if found {
			return
		}
	}
}

// BenchmarkJoin brings people in from many sockets at once. ns/op and the
// allocations are of the server and of the lean client together.
func BenchmarkJoin(b *testing.B) {
	r := newRig(b, server.Config{Joins: 1e9})
	tokens := make([]string, b.N)
	for i := range tokens {
		tokens[i] = r.token(wire.UserID(fmt.Sprint("u", i)), wire.Viewer)
	}
	addr := r.http.Listener.Addr().String()
	next := make(chan string)
	var clients sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range 64 {
		clients.Go(func() {
			for token := range next {
				_ = dialLean(b, addr, token).Close()
			}
		})
	}
	for _, token := range tokens {
		next <- token
	}
	close(next)
	clients.Wait()
}

// BenchmarkCommand sends commands on one socket, some at a time, and waits for
// the last reply: what is allocated for each is the server's.
func BenchmarkCommand(b *testing.B) {
	for _, c := range []struct{ name, frame string }{
		{"ping", `{"id":%d,"type":"ping"}`},
		{"react", `{"id":%d,"type":"chat.react","data":{"emoji":"👍"}}`},
		{"refused", `{"id":%d,"type":"poll.vote","key":"9b2f6c1e-0000-4000-8000-3d5e7a9c1b2d","data":{"poll":999,"choices":[1]}}`},
		{"malformed JSON within data", `{"id":%d,"type":"chat.say","key":"k","data":{"text":7}}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := newRig(b, server.Config{Rate: 1e9, Burst: 1e9})
			k := dialLean(b, r.http.Listener.Addr().String(), r.token("ana", wire.Viewer))
			defer k.Close()
			const many = 16
			var out []byte
			for id := range many {
				out = appendClientFrame(out, 0x81, fmt.Appendf(nil, c.frame, id+2))
			}
			last := fmt.Appendf(nil, `{"re":%d,`, many+1)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%many == 0 {
					_, _ = k.Write(out)
					k.await(b, last)
				}
			}
		})
	}
}

// BenchmarkIdle opens sockets in one room and reports what each takes of the
// server's memory when nothing happens, after each has sent a ping and a pong. The clients read nothing and have no
// goroutine; their ends are in the heap with about half a KiB each.
func BenchmarkIdle(b *testing.B) {
	const sockets = 3000
	for b.Loop() {
		r := newRig(b, server.Config{Joins: 1e9})
		addr := r.http.Listener.Addr().String()
		memory := func() (heap, stacks uint64) {
			var m runtime.MemStats
			for range 3 {
				runtime.GC()
				time.Sleep(20 * time.Millisecond) // for what was freed to be swept and stacks to shrink
			}
			runtime.ReadMemStats(&m)
			return m.HeapAlloc, m.StackInuse
		}
		heap, stacks := memory()
		clients := make([]*lean, sockets)
		var all sync.WaitGroup
		for part := range 50 {
			all.Go(func() {
				for i := part; i < sockets; i += 50 {
					clients[i] = dialLean(b, addr, r.token(wire.UserID(fmt.Sprint("u", i)), wire.Viewer))
					clients[i].send([]byte(`{"id":2,"type":"ping"}`))
					clients[i].await(b, []byte(`{"re":2,`))
					_, _ = clients[i].Write(appendClientFrame(nil, 0x8a, nil)) // as if the server had asked
					clients[i].r, clients[i].out = nil, nil
				}
			})
		}
		all.Wait()
		heapFull, stacksFull := memory()
		b.ReportMetric(float64(heapFull-heap)/sockets, "heap-B/socket")
		b.ReportMetric(float64(stacksFull-stacks)/sockets, "stack-B/socket")
		for _, c := range clients {
			_ = c.Close()
		}
	}
}
