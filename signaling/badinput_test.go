package signaling_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/wire"
)

// goesOn waits until a viewer has got so many more packets of a source, each
// the next of its layer: whoever misbehaves elsewhere has not reached them.
func (w *watcher) goesOn(s media.Source, more int) {
	w.t.Helper()
	from := w.received(s)
	got := w.until(s, "more of the "+string(s), func(got []*rtp.Packet) bool { return len(got) >= from+more })
	for i := from + 1; i < len(got); i++ {
		if got[i].SequenceNumber != got[i-1].SequenceNumber+1 {
			w.t.Errorf("of the %s packet %d follows %d", s, got[i].SequenceNumber, got[i-1].SequenceNumber)
		}
	}
}

// TestAThousandCandidatesInADescription: addresses in an offer are not looked
// at, however many they are; a description that is too long because of them is
// refused, and the publication that stands goes on.
func TestAThousandCandidatesInADescription(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "r", "host", may))
	text, sources := h.offerSDP()
	list := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "a=candidate:%d 1 udp 1 10.0.%d.%d 9 typ host\r\n", i, i/256, i%256)
		}
		return strings.Replace(text, "a=mid:0\r\n", "a=mid:0\r\n"+b.String(), 1)
	}
	began := time.Now()
	reply := h.must("media.publish", publishData{list(1000), sources}).(signaling.Answer)
	t.Logf("answered after %v", time.Since(began).Round(time.Millisecond))
	h.connect(reply.SDP)
	h.film(t)
	w := newWatcher(t, house.join(t, "r", "viewer", signaling.Rights{}))
	w.must("media.watch", struct{}{})
	for len(w.accept().Sources) < 2 {
	}
	w.until(media.Camera, "frames", has('m', 1))
	if _, err := h.request("media.publish", publishData{list(3000), sources}); err == nil {
		t.Error("three thousand were not too many")
	}
	w.goesOn(media.Camera, 60)
}

// TestNonsenseFromAPublisher: packets that are no pictures, of every size and
// with every extension, in between those of a camera do the camera's pictures
// no harm, nor another room.
func TestNonsenseFromAPublisher(t *testing.T) {
	house := newHouse(t, time.Second)
	view := func(room string) (*host, *watcher) {
		h := newHost(t, house.join(t, wire.RoomID(room), "host", may))
		h.publish()
		h.film(t)
		w := newWatcher(t, house.join(t, wire.RoomID(room), "viewer", signaling.Rights{}))
		w.must("media.watch", watchData{Quality: media.Low})
		for len(w.accept().Sources) < 2 {
		}
		w.until(media.Camera, "frames", has('l', 1))
		return h, w
	}
	h, own := view("bad")
	_, other := view("good")

	chance := rand.New(rand.NewPCG(1, 1))
	l := h.layers[2] // a layer that nobody watches, of the same connection
	for i := range 2000 {
		p := &rtp.Packet{Header: rtp.Header{
			Version: 2, Marker: chance.IntN(2) == 0,
			SequenceNumber: uint16(chance.Uint32()), Timestamp: chance.Uint32(),
		}}
		p.Payload = make([]byte, []int{0, 1, 2, 3, 5, 100, 1200, 1400}[i%8])
		for j := range p.Payload {
			p.Payload[j] = byte(chance.Uint32())
		}
		for id, v := range l.ext {
			if err := p.SetExtension(id, v); err != nil {
				t.Fatal(err)
			}
		}
		for id := uint8(9); id < 15 && i%3 == 0; id++ { // of what was never agreed on
			_ = p.SetExtension(id, make([]byte, 1+chance.IntN(16)))
		}
		if i%5 == 0 {
			p.Padding, p.PaddingSize = true, byte(1+chance.IntN(255))
		}
		_ = l.track.WriteRTP(p)
	}
	_ = h.sound.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 60_000, Timestamp: 1 << 31}})
	_ = h.pc.WriteRTCP([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 1, NTPTime: 1<<64 - 1, RTPTime: 1<<32 - 1},
		&rtcp.Goodbye{Sources: []uint32{1, 2, 3}},
	})
	own.goesOn(media.Camera, 100)
	other.goesOn(media.Camera, 100)
	other.goesOn(media.Microphone, 30)
}

// TestFloodsFromAViewer: a viewer who asks for keyframes without a pause, for
// every packet there ever was, and says every other thing that one can say,
// makes the publisher send no more keyframes than one a second a layer, gets no
// more repeated than a bounded share, and costs nobody else a packet.
func TestFloodsFromAViewer(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "r", "host", may))
	h.publish()
	asked := h.broadcast(t)
	join := func(name string, q media.Quality, rid byte) *watcher {
		w := newWatcher(t, house.join(t, "r", wire.UserID(name), signaling.Rights{}))
		w.must("media.watch", watchData{Quality: q})
		for len(w.accept().Sources) < 2 {
		}
		w.until(media.Camera, "frames", has(rid, 1))
		return w
	}
	good, bad := join("good", media.Low, 'l'), join("bad", media.High, 'h')
	bad.mu.Lock()
	ssrc := uint32(bad.ssrc[media.Camera])
	bad.mu.Unlock()

	from := good.received(media.Camera)
	before, began := asked.Load(), time.Now()
	everything := func() *rtcp.TransportLayerNack {
		bad.mu.Lock()
		defer bad.mu.Unlock()
		got := bad.got[media.Camera]
		last := got[len(got)-1].SequenceNumber
		n := &rtcp.TransportLayerNack{SenderSSRC: 1, MediaSSRC: ssrc}
		for back := range uint16(60) { // a thousand numbers, in groups of 17
			n.Nacks = append(n.Nacks, rtcp.NackPair{PacketID: last - 17*back - 16, LostPackets: 0xffff})
		}
		return n
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 750 {
		err := bad.pc.WriteRTCP([]rtcp.Packet{
			&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: ssrc},
			&rtcp.FullIntraRequest{SenderSSRC: 1, MediaSSRC: ssrc, FIR: []rtcp.FIREntry{{SSRC: ssrc}}},
			everything(),
		})
		if err != nil {
			t.Fatal(err)
		}
		_ = bad.pc.WriteRTCP([]rtcp.Packet{
			&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: ssrc, FractionLost: 255, TotalLost: 1<<24 - 1, Jitter: 1<<32 - 1}}},
			&rtcp.ReceiverEstimatedMaximumBitrate{SenderSSRC: 1, Bitrate: 1e18, SSRCs: []uint32{ssrc}},
		})
		<-tick.C
	}
	seconds := time.Since(began).Seconds()
	// All of the keyframes that were asked for can have been of one layer, and
	// one may have been under way before.
	if n := asked.Load() - before; float64(n) > 3*(seconds+1)+3 {
		t.Errorf("%d keyframes were asked for in %.1f s", n, seconds)
	}
	bad.mu.Lock()
	again := bad.rtx
	bad.mu.Unlock()
	t.Logf("%d keyframes and %d repetitions in %.1f s", asked.Load()-before, again, seconds)
	if float64(again) > 1000*(seconds+0.2) {
		t.Errorf("%d packets were sent again in %.1f s", again, seconds)
	}
	if lost, all := good.missing(media.Camera, from, 0); lost > 0 || all < 30 {
		t.Errorf("the other viewer: %d of %d packets never came", lost, all)
	}
	bad.goesOn(media.Microphone, 20)
}
