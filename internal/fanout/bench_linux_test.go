package fanout_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/lyceum-live/lyceum/internal/fanout"
)

// audience is n sockets whose other ends are in another process, which never
// reads the first of them.
type audience struct {
	tb    testing.TB
	conns []net.Conn
	ask   io.WriteCloser
	told  *bufio.Reader
	sent  uint64
}

func newAudience(tb testing.TB, n, deaf int) *audience {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < uint64(n+100) {
		tb.Skipf("%d sockets need more open files than %d", n, limit.Cur)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	reader := exec.Command(os.Args[0])
	reader.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", readerEnv, l.Addr(), n, deaf))
	reader.Stderr = os.Stderr
	a := &audience{tb: tb}
	if a.ask, err = reader.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := reader.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	a.told = bufio.NewReader(out)
	if err := reader.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		a.ask.Close()
		if err := reader.Wait(); err != nil {
			tb.Error(err)
		}
	})
	for range n {
		c, err := l.Accept()
		if err != nil {
			tb.Fatal(err)
		}
		a.conns = append(a.conns, c)
	}
	return a
}

// arrived waits until the readers have had n bytes more.
func (a *audience) arrived(n int) {
	a.sent += uint64(n)
	for {
		line := a.tell('t')
		total, err := strconv.ParseUint(line[:len(line)-1], 10, 64)
		switch {
		case err != nil || total > a.sent:
			a.tb.Fatalf("readers had %q of %d bytes: %v", line, a.sent, err)
		case total == a.sent:
			return
		}
		time.Sleep(10 * time.Millisecond) // lets the readers read: this is a benchmark's pause
	}
}

// tell asks the readers something.
func (a *audience) tell(what byte) string {
	if _, err := a.ask.Write([]byte{what}); err != nil {
		a.tb.Fatal(err)
	}
	line, err := a.told.ReadString('\n')
	if err != nil {
		a.tb.Fatal(err)
	}
	return line
}

// heard is the gaps that the sampled readers saw since they were last asked,
// and how late frames came.
func (a *audience) heard() (gaps int, p50, p99, most time.Duration) {
	if _, err := fmt.Sscan(a.tell('l'), &gaps, &p50, &p99, &most); err != nil {
		a.tb.Fatal(err)
	}
	return gaps, p50, p99, most
}

// bareLoop is the limit: a thread a core, one write(2) a socket and message,
// no queue and no regard for slow readers.
type bareLoop struct {
	frames []chan []byte
	done   sync.WaitGroup
}

func newBareLoop(tb testing.TB, conns []net.Conn) *bareLoop {
	l := &bareLoop{}
	threads := runtime.GOMAXPROCS(0)
	for i := range threads {
		var fds []uintptr
		for n := i; n < len(conns); n += threads {
			raw, err := conns[n].(*net.TCPConn).SyscallConn()
			if err == nil {
				err = raw.Control(func(fd uintptr) { fds = append(fds, fd) })
			}
			if err != nil {
				tb.Fatal(err)
			}
		}
		frames := make(chan []byte, 16)
		l.frames = append(l.frames, frames)
		go func() {
			runtime.LockOSThread()
			for b := range frames {
				for _, fd := range fds {
					n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
					if int(n) != len(b) {
						tb.Errorf("wrote %d of %d: %v", int(n), len(b), errno)
					}
				}
				l.done.Done()
			}
		}()
	}
	tb.Cleanup(func() {
		for _, frames := range l.frames {
			close(frames)
		}
	})
	return l
}

func (l *bareLoop) send(b []byte) {
	for _, frames := range l.frames {
		l.done.Add(1)
		frames <- b
	}
}

// cpu is what this process has used.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// subscribed makes every socket of an audience a listener of a new feed. Only
// those that are never read may be too slow for it.
func subscribed(b *testing.B, a *audience, config fanout.Config) *fanout.Feed {
	config.Ping, config.Silent = 1000*time.Hour, 1000*time.Hour
	pool := fanout.NewPool(config)
	b.Cleanup(pool.Close)
	feed := pool.NewFeed(0)
	for _, c := range a.conns {
		k := pool.NewConn(c, func(fanout.Reason) {})
		b.Cleanup(func() { k.Close() })
		feed.Subscribe(k)
	}
	return feed
}

// stamped gives a payload its number and the time at which it is due.
func stamped(payload []byte, number uint64, due time.Time) []byte {
	binary.BigEndian.PutUint64(payload, number)
	binary.BigEndian.PutUint64(payload[8:], uint64(due.UnixNano()))
	return payload
}

// BenchmarkDelivery compares a feed, one message a flush, with the bare loop
// over the same sockets, in turns. One operation is a round of 20 messages by
// each, at 50,000 deliveries a second. What counts is the ratio: CPU seconds
// for a million deliveries rise with whatever else the machine does.
func BenchmarkDelivery(b *testing.B) {
	for _, sockets := range []int{1000, 5000, 10_000} {
		b.Run(fmt.Sprintf("sockets=%d", sockets), func(b *testing.B) {
			const messages = 20
			a := newAudience(b, sockets, 0)
			bare := newBareLoop(b, a.conns)
			feed := subscribed(b, a, fanout.Config{})
			payload := make([]byte, 250)
			pace := time.Duration(sockets) * time.Second / 50_000
			number := uint64(0)
			size := len(fanout.AppendFrame(nil, payload))
			round := func(send func()) float64 {
				tick := time.NewTicker(pace)
				defer tick.Stop()
				before := cpu(b)
				for range messages {
					number++
					stamped(payload, number, <-tick.C)
					send()
				}
				a.arrived(messages * sockets * size)
				return (cpu(b) - before).Seconds() * 1e6 / float64(messages*sockets)
			}
			byBare := func() float64 { return round(func() { bare.send(fanout.AppendFrame(nil, payload)) }) }
			byFeed := func() float64 {
				return round(func() {
					feed.Publish(number, payload)
					feed.Flush()
				})
			}
			byBare()
			byFeed()
			var bares, feeds, ratios []float64
			for i := 0; b.Loop(); i++ {
				var x, y float64
				if i%2 == 0 {
					x, y = byBare(), byFeed()
				} else {
					y, x = byFeed(), byBare()
				}
				bares, feeds, ratios = append(bares, x), append(feeds, y), append(ratios, y/x)
			}
			if gaps, _, _, _ := a.heard(); gaps > 0 {
				b.Errorf("%d gaps", gaps)
			}
			b.ReportMetric(median(bares), "bare-cpu-s/M")
			b.ReportMetric(median(feeds), "cpu-s/M")
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(slices.Min(ratios), "ratio-min")
			b.ReportMetric(slices.Max(ratios), "ratio-max")
		})
	}
}

// BenchmarkBusyFeed has 1,000 sockets and a feed at several rates, with the
// window of the defaults and without one, and with a tenth of the sockets
// reading nothing. One operation is a second of it. Latencies count from when
// a frame was due; publish-p99-ms is how late it was published, which is not
// the feed's doing.
func BenchmarkBusyFeed(b *testing.B) {
	const window = 16 * time.Millisecond
	for _, load := range []struct {
		rate, deaf int
		window     time.Duration
	}{{50, 0, 0}, {50, 0, window}, {50, 100, window}, {700, 0, 0}, {700, 0, window}, {700, 100, window}} {
		b.Run(fmt.Sprintf("rate=%d/deaf=%d/window=%v", load.rate, load.deaf, load.window), func(b *testing.B) {
			const sockets = 1000
			a := newAudience(b, sockets+load.deaf, load.deaf)
			feed := subscribed(b, a, fanout.Config{Window: load.window, Kernel: 32 << 10})
			payload := make([]byte, 250)
			number := uint64(0)
			var lags []time.Duration
			second := func() {
				start := time.Now()
				for i := range load.rate {
					due := start.Add(time.Duration(i) * time.Second / time.Duration(load.rate))
					time.Sleep(time.Until(due)) // the load's own pace
					lags = append(lags, time.Since(due))
					number++
					feed.Publish(number, stamped(payload, number, due))
					feed.Flush()
				}
			}
			second()
			a.arrived(load.rate * sockets * 254)
			a.heard()
			lags = lags[:0]
			before, n := cpu(b), 0
			for b.Loop() {
				second()
				n++
			}
			a.arrived(n * load.rate * sockets * 254)
			used := cpu(b) - before
			gaps, p50, p99, most := a.heard()
			if gaps > 0 {
				b.Errorf("%d gaps", gaps)
			}
			slices.Sort(lags)
			ms := func(d time.Duration, name string) { b.ReportMetric(float64(d.Microseconds())/1000, name) }
			b.ReportMetric(used.Seconds()*1e6/float64(n*load.rate*sockets), "cpu-s/M")
			ms(p50, "p50-ms")
			ms(p99, "p99-ms")
			ms(most, "max-ms")
			ms(lags[len(lags)*99/100], "publish-p99-ms")
		})
	}
}

// BenchmarkConnMemory reports what one socket costs in the heap beside the
// net.Conn, idle and after traffic of both kinds.
func BenchmarkConnMemory(b *testing.B) {
	const sockets = 5000
	a := newAudience(b, sockets, 0)
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for b.Loop() {
		pool := fanout.NewPool(fanout.Config{Ping: 1000 * time.Hour, Silent: 1000 * time.Hour})
		feed := pool.NewFeed(0)
		conns := make([]*fanout.Conn, sockets)
		welcome := fanout.Message{[]byte("you"), make([]byte, 1000)}
		onCut := func(why fanout.Reason) { b.Errorf("cut off: %v", why) }
		before := heap()
		for i, c := range a.conns {
			conns[i] = pool.NewConn(c, onCut)
			feed.Subscribe(conns[i], welcome)
		}
		a.arrived(sockets * (4 + 1003))
		b.ReportMetric((heap()-before)/sockets, "B/conn")
		for range 10 {
			for _, c := range conns {
				c.Send(make([]byte, 200))
			}
			feed.Publish(0, make([]byte, 246))
			feed.FlushNow()
			a.arrived(sockets * (4 + 200 + 4 + 246))
		}
		b.ReportMetric((heap()-before)/sockets, "B/conn-after")
		for _, c := range conns {
			c.Leave()
		}
		pool.Close()
		runtime.KeepAlive(conns)
	}
}

// BenchmarkJoinAndLeave is one socket's way into a feed of 5,000 and out.
func BenchmarkJoinAndLeave(b *testing.B) {
	for _, members := range []int{10, 5000} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			pool := fanout.NewPool(fanout.Config{})
			defer pool.Close()
			feed := pool.NewFeed(0)
			server, client := net.Pipe()
			defer client.Close()
			conns := make([]*fanout.Conn, members)
			for i := range conns {
				conns[i] = pool.NewConn(server, func(fanout.Reason) {})
				feed.Subscribe(conns[i])
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c := conns[(i*7919)%members]
				c.Leave()
				feed.Subscribe(c)
			}
			for _, c := range conns {
				c.Close()
			}
		})
	}
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}
