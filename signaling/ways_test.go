package signaling_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/load/link"
	"github.com/lyceum-live/lyceum/internal/port"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// newHouseWith is a house whose engine is configured so, with a TCP port for
// media and the relay.
func newHouseWith(t *testing.T, c media.Config, tcp string) *house {
	t.Helper()
	engine, err := media.NewEngine(c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", tcp)
	if err != nil {
		t.Fatal(err)
	}
	p := port.Open(l, port.Config{}, port.Media, port.Relay)
	engine.ServeTCP(p.Listener(port.Media))
	engine.ServeRelay(p.Listener(port.Relay))
	h := &house{engine: engine, service: signaling.New(engine, zap.NewNop()), tcp: l.Addr().String()}
	t.Cleanup(func() {
		h.service.Close()
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
		_ = p.Close()
	})
	return h
}

// only makes the watcher's connections of those networks alone.
func (w *watcher) only(networks ...webrtc.NetworkType) {
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		w.t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes(networks)
	w.api = webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings))
	_ = w.pc.Close()
	w.open()
}

// over is the protocol and the server's address of the pair that carries.
func (w *watcher) over() (protocol, address string) {
	w.t.Helper()
	pair, err := w.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		w.t.Fatalf("no pair of candidates: %v", err)
	}
	return pair.Remote.Protocol.String(), pair.Remote.Address
}

// hasIPv6 reports whether the machine has an IPv6 address beside the loopback's,
// which ICE does not count.
func hasIPv6() bool {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() == nil && n.IP.IsGlobalUnicast() {
			return true
		}
	}
	return false
}

// TestOneWayAlone: one who can use nothing but TCP, or nothing but IPv6, sees
// and hears, with a stream as whole as everybody's, and moves to another layer.
func TestOneWayAlone(t *testing.T) {
	for _, way := range []struct {
		name, listen, protocol string
		network                webrtc.NetworkType
	}{
		{"TCP", "127.0.0.1:0", "tcp", webrtc.NetworkTypeTCP4},
		{"TCP, all addresses", ":0", "tcp", webrtc.NetworkTypeTCP4},
		{"TCP, IPv6", ":0", "tcp", webrtc.NetworkTypeTCP6},
		{"UDP, IPv6", ":0", "udp", webrtc.NetworkTypeUDP6},
		{"UDP, IPv6 loopback", "[::1]:0", "udp", webrtc.NetworkTypeUDP6},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			if (way.network == webrtc.NetworkTypeTCP6 || way.network == webrtc.NetworkTypeUDP6) && !hasIPv6() {
				t.Skip("the machine has no IPv6 address")
			}
			house := newHouseWith(t, media.Config{Listen: way.listen, Grace: time.Second}, way.listen)
			h := newHost(t, house.join(t, "go-101", "ana", may))
			h.publish()
			h.film(t)
			w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
			w.only(way.network)
			w.must("media.watch", map[string]string{"quality": "low"})
			for len(w.accept().Sources) < 2 {
			}
			w.until(media.Camera, "the low layer", has('l', 20))
			w.until(media.Microphone, "sound", func(p []*rtp.Packet) bool { return len(p) > 5 })
			w.must("media.watch", map[string]string{"quality": "high"})
			packets := w.until(media.Camera, "the high layer", has('h', 100))
			whole(t, packets)
			if protocol, address := w.over(); protocol != way.protocol || way.listen == "[::1]:0" && address != "::1" {
				t.Errorf("media comes over %s from %s", protocol, address)
			}
		})
	}
}

// TestUDPGoesBeforeTCP: who can use both is served over UDP, though TCP should
// answer a little sooner.
func TestUDPGoesBeforeTCP(t *testing.T) {
	t.Parallel()
	house := newHouseWith(t, media.Config{Listen: "127.0.0.1:0", Grace: time.Second}, "127.0.0.1:0")
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	far, err := link.Open(house.engine.Addr().AddrPort(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	far.Set(link.Shape{Delay: 20 * time.Millisecond}, link.Shape{Delay: 20 * time.Millisecond})
	for range 5 {
		w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
		w.only(webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4)
		w.rewrite = func(sdp string) string {
			return strings.ReplaceAll(sdp, " "+strconv.Itoa(house.engine.Addr().Port)+" typ host", " "+strconv.Itoa(int(far.Addr().Port()))+" typ host")
		}
		w.must("media.watch", map[string]string{"quality": "low"})
		offer := w.accept()
		if !strings.Contains(offer.SDP, " tcp ") || !strings.Contains(offer.SDP, "tcptype passive") {
			t.Fatalf("no candidate over TCP is offered:\n%s", offer.SDP)
		}
		w.until(media.Camera, "the low layer", has('l', 20))
		if protocol, _ := w.over(); protocol != "udp" {
			t.Errorf("media comes over %s", protocol)
		}
	}
}

// TestSeveralPorts: connections are dealt out among the ports, publishers too,
// and each is told of its own alone.
func TestSeveralPorts(t *testing.T) {
	t.Parallel()
	house := newHouseWith(t, media.Config{Listen: "127.0.0.1:0", Ports: 3, Grace: time.Second}, "127.0.0.1:0")
	ports := map[uint16]bool{}
	for _, p := range house.engine.Peers() {
		ports[p.Port()] = true
	}
	if len(ports) != 3 {
		t.Fatalf("%d ports: %v", len(ports), ports)
	}
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	seen := map[uint16]int{}
	for range 6 {
		w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
		w.must("media.watch", map[string]string{"quality": "low"})
		for len(w.accept().Sources) < 2 {
		}
		w.until(media.Camera, "the low layer", has('l', 20))
		pair, err := w.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		if err != nil || !ports[pair.Remote.Port] {
			t.Fatalf("media comes from %v (%v)", pair, err)
		}
		seen[pair.Remote.Port]++
	}
	if len(seen) != 3 {
		t.Errorf("the viewers were dealt out as %v", seen)
	}
}

// relayAlone has them use nothing but the relay.
const relayAlone = `(() => {
	const Plain = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends Plain {
		constructor(options) { super({...options, iceTransportPolicy: "relay"}); }
	};
})()`

// how says in the page by what its last connection goes.
const how = `(async () => {
	const stats = await pcs.at(-1).getStats();
	for (const s of stats.values()) {
		if (s.type !== "candidate-pair" || s.state !== "succeeded" || !s.nominated) continue;
		const ours = stats.get(s.localCandidateId);
		return [ours.protocol, ours.candidateType, ours.relayProtocol ?? ""].join(" ");
	}
	return "";
})()`

// TestChromiumWithoutUDP: with a real browser that sends no UDP, a host is seen
// and a viewer sees, over TCP; and, where nothing but the relay may be used,
// over that; while others in the same class come as they like.
func TestChromiumWithoutUDP(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	c := media.Config{Listen: ":0", Grace: 5 * time.Second}
	c.Relay.On = true
	house := newHouseWith(t, c, ":0")
	server := house.door(t)
	free := browser(t)
	shut := browser(t, chromedp.Flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"))

	const overTCP = `way === "tcp prflx " || way === "tcp host "`
	host := shut(server.URL + "/?host")
	host.eval(`window.go()`, nil)
	host.until("connected", `media.state === "connected"`)
	host.until("over TCP", how+`.then((way) => (window.lastError = way, `+overTCP+`))`)
	for _, way := range []struct {
		name, page, rule, want string
		open                   func(url string) *tab
	}{
		{"anything", "/?idle", `0`, `way.startsWith("udp ") && way.endsWith(" ")`, free},
		{"no UDP", "/?idle", `0`, overTCP, shut},
		{"the relay alone", "/?idle&relay", relayAlone, `way.endsWith(" tcp")`, shut}, // by what it goes to the relay
	} {
		viewer := way.open(server.URL + way.page)
		viewer.eval(way.rule, nil)
		viewer.eval(`media.watch("auto")`, nil)
		viewer.until(way.name+": decoded frames", `(async () => (await media.stats()).find(s => s.source === "camera")?.framesDecoded > 10)()`)
		viewer.until(way.name+": sound", `(async () => (await media.stats()).find(s => s.source === "microphone")?.bytesReceived > 1000)()`)
		viewer.until(way.name, how+`.then((way) => (window.lastError = way, `+way.want+`))`)
	}

	// The host's network changes: the same connection goes on over another path.
	host.eval(`(window.before = [pcs.length, /ice-ufrag:(.*)/.exec(pcs.at(-1).localDescription.sdp)[1]], pcs.at(-1).fail())`, nil)
	host.until("an ICE restart over TCP", `pcs.length === before[0] && media.state === "connected" && !pcs.at(-1).localDescription.sdp.includes(before[1]) && `+how+`.then((way) => `+overTCP+`)`)

	// Another of the host's pages takes over, by the relay alone.
	relayed := shut(server.URL + "/?host&relay")
	relayed.eval(relayAlone, nil)
	relayed.eval(`window.go()`, nil)
	relayed.until("connected over the relay", `media.state === "connected" && `+how+`.then((way) => (window.lastError = way, way.endsWith(" tcp")))`)
	host.until("taken over", `media.state === "failed"`)
}

// gate is a way over TCP to an address that can be shut: what comes waits then,
// and little of it.
type gate struct {
	l    net.Listener
	hold chan struct{} // full while it is shut
	all  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func newGate(t *testing.T) (g *gate, port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g = &gate{l: l, hold: make(chan struct{}, 1)}
	t.Cleanup(func() {
		_ = l.Close()
		g.mu.Lock()
		for _, c := range g.conns {
			_ = c.Close()
		}
		g.mu.Unlock()
		g.all.Wait()
	})
	return g, l.Addr().(*net.TCPAddr).Port
}

// lead lets connections through to an address.
func (g *gate) lead(to string) {
	g.all.Go(func() {
		for {
			in, err := g.l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			_ = out.(*net.TCPConn).SetReadBuffer(4 << 10)
			_ = in.(*net.TCPConn).SetWriteBuffer(4 << 10)
			g.mu.Lock()
			g.conns = append(g.conns, in, out)
			g.mu.Unlock()
			g.all.Go(func() { g.copy(out, in, func() {}) })
			g.all.Go(func() { g.copy(in, out, func() { g.hold <- struct{}{}; <-g.hold }) })
		}
	})
}

func (g *gate) copy(to, from net.Conn, wait func()) {
	b := make([]byte, 1<<10)
	for {
		n, err := from.Read(b)
		wait()
		if err == nil {
			_, err = to.Write(b[:n])
		}
		if err != nil {
			_, _ = to.Close(), from.Close()
			return
		}
	}
}

func (g *gate) shut() { g.hold <- struct{}{} }
func (g *gate) open() { <-g.hold }

// TestStalledOverTCP: a viewer whose TCP connection takes nothing for a second
// holds up nobody; when it takes again, its picture goes on, and its sound has
// no gap.
func TestStalledOverTCP(t *testing.T) {
	t.Parallel()
	g, told := newGate(t)
	house := newHouseWith(t, media.Config{Listen: "127.0.0.1:0", Grace: time.Second, TCPPort: told}, "127.0.0.1:0")
	g.lead(house.tcp)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	slow, quick := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{})), newWatcher(t, house.join(t, "go-101", "cay", signaling.Rights{}))
	slow.only(webrtc.NetworkTypeTCP4)
	for _, w := range []*watcher{slow, quick} {
		w.must("media.watch", map[string]string{"quality": "low"})
		for len(w.accept().Sources) < 2 {
		}
		w.until(media.Camera, "the low layer", has('l', 20))
		w.until(media.Microphone, "sound", func(p []*rtp.Packet) bool { return len(p) > 5 })
	}
	newest := func(packets []*rtp.Packet) (n int) {
		for _, p := range packets {
			if _, k := layerOf(p); k > n {
				n = k
			}
		}
		return n
	}
	g.shut()
	stalled := newest(quick.until(media.Camera, "a stream", has('l', 20)))
	quick.until(media.Camera, "its stream beside the one that is stalled", func(p []*rtp.Packet) bool { return newest(p) > stalled+270 })
	g.open()
	slow.until(media.Camera, "the picture that goes on", func(p []*rtp.Packet) bool { return newest(p) > stalled+500 })
	whole := quick.until(media.Camera, "all", func(p []*rtp.Packet) bool { return newest(p) > stalled+500 })
	if missing := newest(whole) - newest(whole[:1]) + 1 - len(whole); missing > 0 {
		t.Errorf("another viewer misses %d packets", missing)
	}
	heard := slow.until(media.Microphone, "sound", func(p []*rtp.Packet) bool { return len(p) > 100 })
	for i := 1; i < len(heard); i++ {
		if heard[i].SequenceNumber != heard[i-1].SequenceNumber+1 {
			t.Fatalf("sound %d comes after %d", heard[i].SequenceNumber, heard[i-1].SequenceNumber)
		}
	}
}

// TestTCPNoise: connections that name nobody, say nothing sensible, or are too
// many end, and a viewer over TCP goes on.
func TestTCPNoise(t *testing.T) {
	t.Parallel()
	house := newHouseWith(t, media.Config{Listen: "127.0.0.1:0", Grace: time.Second}, "127.0.0.1:0")
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.only(webrtc.NetworkTypeTCP4)
	w.must("media.watch", map[string]string{"quality": "low"})
	offer := w.accept()
	w.until(media.Camera, "the low layer", has('l', 20))
	_, user, _ := strings.Cut(offer.SDP, "a=ice-ufrag:")
	user, _, _ = strings.Cut(user, "\r\n")

	check := func(user string) []byte {
		m := stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername(user+":x"), stun.NewShortTermIntegrity("wrong"))
		return append(binary.BigEndian.AppendUint16(nil, uint16(len(m.Raw))), m.Raw...)
	}
	var conns []net.Conn
	knock := func(bytes []byte) net.Conn {
		c, err := net.Dial("tcp", house.tcp)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := c.Write(bytes); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		return c
	}
	ends := func(c net.Conn) bool {
		_, err := io.Copy(io.Discard, c)
		var late net.Error
		return err == nil || !errors.As(err, &late) || !late.Timeout()
	}
	if !ends(knock(check("nobody"))) {
		t.Error("a connection for nobody stays")
	}
	if !ends(knock(append(check(user), 0xff, 0xff, 1, 2, 3))) {
		t.Error("one with a huge packet stays")
	}
	for range 20 { // with the right name and no password
		conns = append(conns, knock(check(user)))
	}
	var ended atomic.Int32
	var all sync.WaitGroup
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		all.Go(func() {
			if ends(c) {
				ended.Add(1)
			}
		})
	}
	all.Wait()
	if ended := ended.Load(); ended < 12 {
		t.Errorf("%d of 20 connections of one session end", ended)
	}
	n := len(w.until(media.Camera, "the low layer", has('l', 20)))
	w.until(media.Camera, "the stream that goes on", has('l', n+50))
}

// TestRestartToAnotherWay: a host whose network changes goes on over another
// path with the same connection: nobody is told of anything, and to a recording
// it is the same stream.
func TestRestartToAnotherWay(t *testing.T) {
	t.Parallel()
	house := newHouseWith(t, media.Config{Listen: "127.0.0.1:0", Grace: time.Second}, "127.0.0.1:0")
	changes := make(chan []media.Source, 10)
	house.service.OnStage(func(_ wire.RoomID, on []media.Source) { changes <- on })
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t)
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "low"})
	for len(w.accept().Sources) < 2 {
	}
	w.until(media.Camera, "the low layer", has('l', 20))
	for len(<-changes) < 2 { // until both are on air
	}
	tap := house.service.Stage("go-101").Tap(media.Microphone)
	streams := map[uint64]int{}
	read := func() { // some more
		again := time.NewTicker(10 * time.Millisecond)
		defer again.Stop()
		for n, late := 0, time.After(patience); n < 20; {
			select {
			case now := <-again.C:
				tap.Read(now, func(u media.Unit) { streams[u.Stream]++; n++ })
			case <-late:
				t.Fatalf("a recording reads nothing more than %v", streams)
			}
		}
	}
	read()
	for range 3 {
		offer, err := h.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.pc.SetLocalDescription(offer); err != nil {
			t.Fatal(err)
		}
		text, sources := h.offerSDP()
		answer := h.must("media.publish", publishData{text, sources}).(signaling.Answer)
		if err := h.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
			t.Fatal(err)
		}
		n := len(w.until(media.Camera, "a stream", has('l', 20)))
		w.until(media.Camera, "the stream after a restart", has('l', n+50))
		read()
	}
	select {
	case on := <-changes:
		t.Errorf("the class was told of %v", on)
	default:
	}
	if len(streams) != 1 {
		t.Errorf("a recording has read %v: packets of each stream", streams)
	}
}
