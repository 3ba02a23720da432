package signaling_test

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/internal/load/link"
	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
)

// long is patience for what takes several seconds by design, on a busy machine.
const long = 4 * patience

// distant is a viewer at the end of a bad network: it asks for what is lost
// and reports what comes, as browsers do.
type distant struct {
	*watcher
	relay *link.Relay
}

func newDistant(t *testing.T, h *house, seed uint64, q media.Quality) *distant {
	t.Helper()
	r, err := link.Open(h.engine.Addr().AddrPort(), seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	m, repairs := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	if err := webrtc.RegisterDefaultInterceptors(m, repairs); err != nil {
		t.Fatal(err)
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	d := &distant{relay: r, watcher: &watcher{
		socket: h.join(t, "go-101", "ben", signaling.Rights{}),
		got:    map[media.Source][]*rtp.Packet{}, ssrc: map[media.Source]webrtc.SSRC{}, more: make(chan struct{}),
		api: webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(repairs), webrtc.WithSettingEngine(settings)),
	}}
	d.open()
	d.must("media.watch", watchData{q})
	d.rewrite = r.Rewrite
	for len(d.accept().Sources) < 2 { // what comes on air later is offered then
	}
	return d
}

type watchData struct {
	Quality media.Quality `json:"quality,omitzero"`
}

// broadcast sends pictures of the sizes that a camera has, about 120 kbit/s,
// 450 kbit/s and 1.4 Mbit/s, and sound, until the test ends. It counts the
// keyframes that it is asked for.
func (h *host) broadcast(t *testing.T) (asked *atomic.Int64) {
	asked = &atomic.Int64{}
	quit := make(chan struct{})
	var running sync.WaitGroup
	t.Cleanup(func() { close(quit); running.Wait() })
	running.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		key := true
		for turn := uint32(0); ; turn++ {
			_ = h.sound.WriteRTP(&rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: uint16(turn), Timestamp: turn * 960},
				Payload: append(make([]byte, 75), 's', byte(turn>>24), byte(turn>>16), byte(turn>>8), byte(turn)),
			})
			if turn%2 == 0 {
				for i, packets := range []int{1, 2, 6} {
					h.layers[i].film(key, packets, []int{600, 1120, 1160}[i])
				}
				key = false
			}
			for len(h.plis) > 0 {
				<-h.plis
				asked.Add(1)
				key = true
			}
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	})
	return asked
}

// film sends one picture of a layer; its packets end as those of send.
func (s *source) film(key bool, packets, size int) {
	for i := range packets {
		pid := uint16(s.frame+1000*s.index) & 0x7fff
		b := make([]byte, size)
		copy(b, []byte{0x80, 0xe0, byte(pid>>8) | 0x80, byte(pid), byte(s.frame), 0})
		if i == 0 {
			b[0] |= 0x10
			b[6] = 0x11
			if key {
				copy(b[6:], []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a})
				binary.LittleEndian.PutUint16(b[12:], uint16(160<<s.index))
				binary.LittleEndian.PutUint16(b[14:], uint16(90<<s.index))
			}
		}
		b[size-5] = s.rid
		binary.BigEndian.PutUint32(b[size-4:], uint32(s.sent))
		p := &rtp.Packet{Header: rtp.Header{
			Version: 2, SequenceNumber: s.seq, Timestamp: uint32(s.frame)*3600 + uint32(s.index)*1e6, Marker: i == packets-1,
		}, Payload: b}
		for id, v := range s.ext {
			_ = p.SetExtension(id, v)
		}
		_ = s.track.WriteRTP(p)
		s.seq++
		s.sent++
	}
	s.frame++
}

// layer waits until a packet of one of the layers comes after the first from.
func (w *watcher) layer(from int, what string, rids ...byte) (at int) {
	w.t.Helper()
	deadline := time.After(long)
	for {
		w.mu.Lock()
		got, more := w.got[media.Camera], w.more
		for i := from; i < len(got); i++ {
			if rid, _ := layerOf(got[i]); slices.Contains(rids, rid) {
				w.mu.Unlock()
				return i
			}
		}
		from = len(got)
		w.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			w.t.Fatalf("%s: not within %v", what, long)
		}
	}
}

// received is how many packets of a source have come.
func (w *watcher) received(s media.Source) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.got[s])
}

// missing counts the packets of a source that never came, from the first
// packet after from on: but for the last, which may still be asked for again.
func (w *watcher) missing(s media.Source, from, last int) (lost, all int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[byte]map[int]bool{}
	first, most := map[byte]int{}, map[byte]int{}
	for i, p := range w.got[s][from:] {
		rid, n := layerOf(p)
		if seen[rid] == nil {
			seen[rid], first[rid] = map[int]bool{}, n
		}
		seen[rid][n] = true
		first[rid] = min(first[rid], n)
		if i < len(w.got[s])-from-last {
			most[rid] = max(most[rid], n)
		}
	}
	for rid, to := range most {
		for n := first[rid]; n <= to; n++ {
			all++
			if !seen[rid][n] {
				lost++
			}
		}
	}
	return lost, all
}

// network is a class with one viewer who has a good network and one who has not.
func network(t *testing.T) (near, far *distant) {
	house := newHouse(t, 5*time.Second)
	h := newHost(t, house.join(t, "go-101", "ana", signaling.Rights{Publish: true}))
	h.publish()
	h.broadcast(t)
	return newDistant(t, house, 1, media.High), newDistant(t, house, 2, media.Auto)
}

// TestNetworkLoses: of a picture of which every twentieth packet is lost, and
// the others are up to 50 ms late, what was lost comes again; to another viewer
// nothing is lost.
func TestNetworkLoses(t *testing.T) {
	near, far := network(t)
	shape := link.Shape{Loss: 0.05, Delay: 10 * time.Millisecond, Jitter: 50 * time.Millisecond}
	far.until(media.Camera, "a picture", func(got []*rtp.Packet) bool { return len(got) > 50 })
	nearFrom, farFrom := near.received(media.Camera), far.received(media.Camera)
	far.relay.Set(shape, shape)
	far.until(media.Camera, "a picture over a lossy network", func(got []*rtp.Packet) bool { return len(got) > farFrom+500 })
	// What is lost is known once something later has come, and a few hundred
	// milliseconds are enough to get it again.
	lost, all := far.missing(media.Camera, farFrom, 200)
	down, up := far.relay.Counts()
	t.Logf("of %d packets of picture %d are missing; the network lost %d of %d, and %d of %d on the way up", all, lost, down.Lost, down.In, up.Lost, up.In)
	if down.Lost < 10 {
		t.Errorf("only %d packets were lost: this shows nothing", down.Lost)
	}
	if lost*50 > all {
		t.Errorf("%d of %d packets never came", lost, all)
	}
	if lost, all := near.missing(media.Camera, nearFrom, 0); lost > 0 || all < 100 {
		t.Errorf("the other viewer: %d of %d packets never came", lost, all)
	}
	if lost, all := near.missing(media.Microphone, 0, 0); lost > 0 || all < 50 {
		t.Errorf("the other viewer: %d of %d packets of sound never came", lost, all)
	}
}

// TestNetworkNarrows: when there is no room any more for the picture, a viewer
// gets the smallest, and soon the sound is whole again; when there is room
// again, a larger one. Others get what they got.
func TestNetworkNarrows(t *testing.T) {
	near, far := network(t)
	thin := func(rate int) link.Shape {
		return link.Shape{Rate: rate, Delay: 20 * time.Millisecond, Queue: 200 * time.Millisecond}
	}
	far.relay.Set(thin(2_500_000), link.Shape{Delay: 20 * time.Millisecond})
	far.layer(0, "a picture over 2.5 Mbit/s", 'm', 'h')
	near.layer(0, "the largest picture for the other viewer", 'h')
	nearFrom := near.received(media.Camera)

	began := time.Now()
	far.relay.Set(thin(400_000), link.Shape{Delay: 20 * time.Millisecond})
	far.layer(far.received(media.Camera), "the smallest picture over 400 kbit/s", 'l')
	t.Logf("the smallest picture after %v", time.Since(began).Round(10*time.Millisecond))
	sound := far.received(media.Microphone) + 100 // the queue is empty by then
	far.until(media.Microphone, "sound", func(got []*rtp.Packet) bool { return len(got) > sound+100 })
	if lost, all := far.missing(media.Microphone, sound, 0); lost*10 > all {
		t.Errorf("with the smallest picture %d of %d packets of sound never came", lost, all)
	}

	began = time.Now()
	far.relay.Set(thin(2_500_000), link.Shape{Delay: 20 * time.Millisecond})
	far.layer(far.received(media.Camera), "a larger picture over 2.5 Mbit/s", 'm', 'h')
	t.Logf("a larger picture after %v", time.Since(began).Round(10*time.Millisecond))
	if lost, all := near.missing(media.Camera, nearFrom, 0); lost > 0 || all < 100 {
		t.Errorf("the other viewer: %d of %d packets never came", lost, all)
	}
	near.mu.Lock()
	defer near.mu.Unlock()
	for _, p := range near.got[media.Camera][nearFrom:] {
		if rid, _ := layerOf(p); rid != 'h' {
			t.Fatalf("the other viewer was given layer %c", rid)
		}
	}
}
