package signaling_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"go.uber.org/goleak"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/signaling"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var may = signaling.Rights{Publish: true}

// whole reports what is wrong with a stream as a viewer gets it: numbers must
// run on, times must not go back, picture ids must count on.
func whole(t *testing.T, packets []*rtp.Packet) {
	t.Helper()
	packets = slices.Clone(packets)
	slices.SortStableFunc(packets, func(a, b *rtp.Packet) int { return int(int16(a.SequenceNumber - b.SequenceNumber)) })
	for i := 1; i < len(packets); i++ {
		a, b := packets[i-1], packets[i]
		if b.SequenceNumber != a.SequenceNumber+1 {
			t.Fatalf("packet %d: number %d after %d", i, b.SequenceNumber, a.SequenceNumber)
		}
		picture := func(p *rtp.Packet) int { return int(p.Payload[2]&0x7f)<<8 | int(p.Payload[3]) }
		ridA, _ := layerOf(a)
		ridB, _ := layerOf(b)
		if a.Marker || ridA != ridB { // a switch may cut the old layer's frame short
			if int32(b.Timestamp-a.Timestamp) <= 0 {
				t.Fatalf("packet %d: a new frame at %d after %d", i, b.Timestamp, a.Timestamp)
			}
			if picture(b) != (picture(a)+1)&0x7fff {
				t.Fatalf("packet %d: picture %d after %d", i, picture(b), picture(a))
			}
		} else if b.Timestamp != a.Timestamp || picture(a) != picture(b) {
			t.Fatalf("packet %d: a frame changed within itself", i)
		}
	}
}

func has(rid byte, atLeast int) func([]*rtp.Packet) bool {
	return func(packets []*rtp.Packet) bool {
		n := 0
		for _, p := range packets {
			if r, _ := layerOf(p); r == rid {
				n++
			}
		}
		return n >= atLeast
	}
}

func TestLayersAreSwitchedWithoutASeam(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	stop, _ := h.film(t)

	var viewers []*watcher
	for range 3 {
		w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
		w.must("media.watch", map[string]string{"quality": "low"})
		viewers = append(viewers, w)
	}
	for _, w := range viewers {
		for {
			if offer := w.accept(); len(offer.Sources) == 2 {
				break
			}
		}
		w.until(media.Camera, "the low layer", has('l', 20))
		w.until(media.Microphone, "sound", func(p []*rtp.Packet) bool { return len(p) > 5 })
	}
	for _, step := range []struct{ quality, rid string }{{"high", "h"}, {"medium", "m"}, {"high", "h"}, {"low", "l"}} {
		var want []int
		for _, w := range viewers {
			w.mu.Lock()
			n := 20
			for _, p := range w.got[media.Camera] {
				if r, _ := layerOf(p); r == step.rid[0] {
					n++
				}
			}
			w.mu.Unlock()
			want = append(want, n)
			w.must("media.watch", map[string]string{"quality": step.quality})
		}
		for i, w := range viewers {
			w.until(media.Camera, "layer "+step.rid, has(step.rid[0], want[i]))
		}
	}
	stop()
	for _, w := range viewers {
		last, _ := layerOf(&rtp.Packet{Payload: []byte{h.layers[0].rid, 0, 0, 0, 0}})
		end := h.layers[0].sent - 1
		packets := w.until(media.Camera, "the last packet", func(packets []*rtp.Packet) bool {
			return slices.ContainsFunc(packets, func(p *rtp.Packet) bool {
				rid, n := layerOf(p)
				return rid == last && n == end
			})
		})
		whole(t, packets)
		m, _ := w.next(0, "media.layer", func(m message) bool {
			l, ok := m.data.(signaling.Layer)
			return ok && l.Layer == "h"
		})
		if l := m.data.(signaling.Layer); l.Width != 640 || l.Height != 360 || l.Source != media.Camera {
			t.Errorf("media.layer says %+v", l)
		}
	}
}

func TestLostPacketsAreSentAgainFromTheCache(t *testing.T) {
	house := newHouse(t, time.Second)
	h := newHost(t, house.join(t, "go-101", "ana", may))
	h.publish()
	h.film(t) // goes on: the library hands out retransmissions only beside other packets
	w := newWatcher(t, house.join(t, "go-101", "ben", signaling.Rights{}))
	w.must("media.watch", map[string]string{"quality": "high"})
	for len(w.accept().Sources) < 2 {
	}
	before := len(w.until(media.Camera, "a stream", has('h', 30)))
	w.must("media.watch", map[string]string{"quality": "low"}) // what is lost spans a switch
	packets := w.until(media.Camera, "another layer", has('l', 30))
	lost := packets[before:]
	w.mu.Lock()
	w.got[media.Camera] = nil
	ssrc := uint32(w.ssrc[media.Camera])
	w.mu.Unlock()
	var numbers []uint16
	for _, p := range lost {
		numbers = append(numbers, p.SequenceNumber)
	}
	nack := &rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)}
	if err := w.pc.WriteRTCP([]rtcp.Packet{nack}); err != nil {
		t.Fatal(err)
	}
	seen := func(packets []*rtp.Packet, want *rtp.Packet) bool {
		return slices.ContainsFunc(packets, func(p *rtp.Packet) bool {
			return p.SequenceNumber == want.SequenceNumber && p.Timestamp == want.Timestamp && slices.Equal(p.Payload, want.Payload)
		})
	}
	w.until(media.Camera, "what was lost", func(packets []*rtp.Packet) bool {
		return !slices.ContainsFunc(lost, func(p *rtp.Packet) bool { return !seen(packets, p) })
	})
}
