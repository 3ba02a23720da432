package link

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const patience = 10 * time.Second

// echo is a server that sends everything back to where it came from.
func echo(t *testing.T) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadBuffer(buffer)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, mtu)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDPAddrPort(b[:n], from)
		}
	}()
	t.Cleanup(func() { _ = c.Close(); <-done })
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func open(t *testing.T) *Relay {
	t.Helper()
	r, err := Open(echo(t), 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func dial(t *testing.T, r *Relay) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(r.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// say sends n numbered datagrams.
func say(t *testing.T, c *net.UDPConn, n int) {
	t.Helper()
	for i := range n {
		if _, err := c.Write(binary.BigEndian.AppendUint32(nil, uint32(i))); err != nil {
			t.Fatal(err)
		}
	}
}

// settled waits until nothing is under way and everything that the server got
// has come back, by the relay's own counts.
func settled(t *testing.T, r *Relay, sent int64) (down, up Counts) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		down, up = r.Counts()
		if up.In == sent && up.Held == 0 && down.In == up.Out && down.Held == 0 {
			return down, up
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("down %+v, up %+v", down, up)
		}
	}
}

// TestRelay: several peers at once get their own answers, all of them, in
// order and after the delay.
func TestRelay(t *testing.T) {
	r := open(t)
	const delay, n = 30 * time.Millisecond, 50
	r.Set(Shape{Delay: delay}, Shape{Delay: delay})
	peers := []*net.UDPConn{dial(t, r), dial(t, r), dial(t, r)}
	began := time.Now()
	for _, c := range peers {
		say(t, c, n)
	}
	b := make([]byte, 16)
	for _, c := range peers {
		for i := range n {
			size, err := c.Read(b)
			if err != nil || size != 4 || binary.BigEndian.Uint32(b) != uint32(i) {
				t.Fatalf("answer %d is %x, %v", i, b[:size], err)
			}
		}
	}
	if since := time.Since(began); since < 2*delay {
		t.Errorf("there and back in %v", since)
	}
	if down, up := settled(t, r, 3*n); down.Out != 3*n || up.Out != 3*n || up.Bytes != 3*n*4 {
		t.Errorf("down %+v, up %+v", down, up)
	}
}

// TestRelayCounts: what came in is what went out, was lost and was dropped, and
// a change of shape holds from then on.
func TestRelayCounts(t *testing.T) {
	r := open(t)
	c := dial(t, r)
	r.Set(Shape{Loss: 0.5, Burst: 3}, Shape{})
	say(t, c, 1000)
	down, up := settled(t, r, 1000)
	if up.Lost != 0 || down.In != down.Out+down.Lost || down.Lost < 200 || down.Lost > 800 {
		t.Errorf("down %+v, up %+v", down, up)
	}
	r.Set(Shape{}, Shape{Rate: 100_000, Queue: 20 * time.Millisecond})
	say(t, c, 1000) // 32 bytes each: a queue of ten, then what 100 kbit/s takes meanwhile
	_, now := settled(t, r, 2000)
	if now.Dropped == 0 || now.In != now.Out+now.Lost+now.Dropped {
		t.Errorf("up %+v", now)
	}
	r.Set(Shape{Loss: 1}, Shape{})
	say(t, c, 100)
	if after, _ := settled(t, r, 2100); after.Out != now.Out-up.Out+down.Out {
		t.Errorf("down %+v: something has come through", after)
	}
}

// TestRewrite: of a description's candidates one is left in each section that
// had any.
func TestRewrite(t *testing.T) {
	r := open(t)
	got := r.Rewrite("v=0\r\nm=audio 9 RTP 0\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=candidate:2 1 tcp 1 10.0.0.1 9 typ host tcptype passive\r\na=mid:0\r\n" +
		"m=video 9 RTP 0\r\na=mid:1\r\nm=video 9 RTP 0\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n")
	own := r.Addr()
	one := "a=candidate:1 1 udp 2130706431 127.0.0.1 " + own.String()[len("127.0.0.1:"):] + " typ host\r\n"
	if want := "v=0\r\nm=audio 9 RTP 0\r\n" + one + "a=mid:0\r\nm=video 9 RTP 0\r\na=mid:1\r\nm=video 9 RTP 0\r\n" + one; got != want {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	if script := r.Script(); !strings.Contains(script, strings.TrimSpace(one)) || strings.Contains(script, "RELAY_") {
		t.Error("the script does not name the relay")
	}
}
