package media

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"
)

// tapRig is a stage with layers that a test fills.
type tapRig struct {
	stage *Stage
	line  *line
	asked [levels]int
}

func newTapRig(source Source, mime string) *tapRig {
	r := &tapRig{stage: &Stage{}, line: &line{codec: webrtc.RTPCodecCapability{MimeType: mime}}}
	r.stage.feeds[source.index()].line.Store(r.line)
	return r
}

func (r *tapRig) layer(source Source, lv level, mime string) *layer {
	clock := uint32(90000)
	if source.Kind() == soundKind {
		clock = 48000
	}
	l := newLayer(&Engine{}, source, lv, mime, clock, func() { r.asked[lv]++ })
	r.line.layers[lv].Store(l)
	return l
}

// vp8Packet is one packet that is a whole frame, numbered in its payload.
func vp8Packet(seq uint16, n int, key bool) []byte {
	payload := []byte{0x10, 0x11, 0, 0}
	if key {
		payload = []byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0}
	}
	payload = binary.BigEndian.AppendUint32(payload, uint32(n))
	raw, err := (&rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, SequenceNumber: seq, Timestamp: uint32(n) * 3000}, Payload: payload}).Marshal()
	if err != nil {
		panic(err)
	}
	return raw
}

func numberOf(u Unit) int { return int(binary.BigEndian.Uint32(u.Payload[len(u.Payload)-4:])) }

// TestTapInOrder: whatever is lost for good, comes late or out of order, and
// however late the tap reads, what it gives is in order; and whenever packets
// are missing it says so and a picture goes on with a keyframe.
func TestTapInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newTapRig(Camera, webrtc.MimeTypeVP8)
		l := r.layer(Camera, high, webrtc.MimeTypeVP8)
		tap := r.stage.Tap(Camera)
		now := time.Unix(1000, 0)
		first := uint16(rapid.IntRange(0, 65535).Draw(t, "first"))
		type coming struct {
			n  int
			at time.Time
		}
		var waiting []coming
		keys := map[int]bool{}
		gone := map[int]bool{}
		next := -1
		read := func() {
			tap.Read(now, func(u Unit) {
				n := numberOf(u)
				if next >= 0 && n < next {
					t.Fatalf("%d after %d", n, next-1)
				}
				missing := next >= 0 && n > next
				if (next < 0 || missing) && !keys[n] {
					t.Fatalf("goes on with %d, which is no keyframe", n)
				}
				if missing != u.Lost && next >= 0 {
					t.Fatalf("%d comes after %d, and lost is %v", n, next-1, u.Lost)
				}
				if u.Key != keys[n] || gone[n] {
					t.Fatalf("%d: key %v", n, u.Key)
				}
				next = n + 1
			})
		}
		total := rapid.IntRange(1, 3000).Draw(t, "packets")
		lossy := rapid.Bool().Draw(t, "lossy")
		for n := range total {
			now = now.Add(3 * time.Millisecond)
			keys[n] = n == 0 || n%200 == 0
			switch fate := rapid.IntRange(0, 99).Draw(t, "fate"); {
			case lossy && fate < 2 && n > 0:
				gone[n] = true
			case fate < 6 && n > 0: // comes late, but in time
				waiting = append(waiting, coming{n, now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "late")) * time.Millisecond)})
			default:
				l.push(vp8Packet(first+uint16(n), n, keys[n]), now)
			}
			waiting = slices.DeleteFunc(waiting, func(c coming) bool {
				if c.at.After(now) {
					return false
				}
				l.push(vp8Packet(first+uint16(c.n), c.n, keys[c.n]), now)
				return true
			})
			if n%17 == 0 && rapid.IntRange(0, 20).Draw(t, "reads") > 0 {
				read()
			}
		}
		for _, c := range waiting {
			l.push(vp8Packet(first+uint16(c.n), c.n, keys[c.n]), now)
		}
		read()
		now = now.Add(tapPatience)
		read()
		now = now.Add(tapPatience)
		read()
		if !lossy && total < 1000 && next != total {
			t.Fatalf("read up to %d of %d, though nothing was lost", next, total)
		}
	})
}

// TestTapThatComesLate reads on at a keyframe that is still there, and says
// that it has lost something.
func TestTapThatComesLate(t *testing.T) {
	r := newTapRig(Camera, webrtc.MimeTypeVP8)
	l := r.layer(Camera, high, webrtc.MimeTypeVP8)
	tap := r.stage.Tap(Camera)
	now := time.Unix(1000, 0)
	for n := range 10 {
		l.push(vp8Packet(uint16(n), n, n == 0), now)
	}
	tap.Read(now, func(Unit) {})
	for n := 10; n < 5000; n++ {
		l.push(vp8Packet(uint16(n), n, n%100 == 0), now)
	}
	var got []Unit
	tap.Read(now, func(u Unit) { got = append(got, u) })
	if len(got) == 0 || !got[0].Lost || !got[0].Key || numberOf(got[len(got)-1]) != 4999 {
		t.Fatalf("%d packets", len(got))
	}
}

// TestTapAsksForKeyframes: one every two seconds of the layer that is read,
// and of no other, through the throttle that viewers' requests go through.
func TestTapAsksForKeyframes(t *testing.T) {
	r := newTapRig(Camera, webrtc.MimeTypeVP8)
	small, large := r.layer(Camera, low, webrtc.MimeTypeVP8), r.layer(Camera, high, webrtc.MimeTypeVP8)
	tap := r.stage.Tap(Camera)
	now, answered := time.Unix(1000, 0), 0
	var keyed []time.Time
	for n := range 3000 { // 30 s
		now = now.Add(10 * time.Millisecond)
		key := n == 0 || r.asked[high] > answered
		answered = r.asked[high]
		small.push(vp8Packet(uint16(n), n, n == 0), now)
		large.push(vp8Packet(uint16(n), n, key), now)
		if n%5 == 0 {
			tap.Read(now, func(u Unit) {
				if u.Key {
					keyed = append(keyed, now)
				}
			})
		}
	}
	for i := 1; i < len(keyed); i++ {
		if gap := keyed[i].Sub(keyed[i-1]); gap > 2*time.Second {
			t.Errorf("keyframes %v apart", gap)
		}
	}
	if r.asked[high] < 14 || r.asked[high] > 18 || r.asked[low] > 0 {
		t.Errorf("asked %v times", r.asked)
	}
}

// TestTapFollowsLayers: it waits a moment for the largest, goes up soon, falls
// back when a layer is given up, and goes up again only after a while.
func TestTapFollowsLayers(t *testing.T) {
	r := newTapRig(Camera, webrtc.MimeTypeVP8)
	layers := [levels]*layer{}
	layers[low], layers[high] = r.layer(Camera, low, webrtc.MimeTypeVP8), r.layer(Camera, high, webrtc.MimeTypeVP8)
	tap := r.stage.Tap(Camera)
	now := time.Unix(1000, 0)
	streams := map[uint64]level{}
	var turns []time.Duration
	var order []level
	sent := func(lv level, at time.Duration) bool {
		return lv == low || at >= time.Second && at < 10*time.Second || at >= 15*time.Second
	}
	n := 0
	for at := time.Duration(0); at < 40*time.Second; at += 20 * time.Millisecond {
		n++
		for _, lv := range []level{low, high} {
			if sent(lv, at) {
				layers[lv].push(vp8Packet(uint16(n), n, n%25 == 0), now.Add(at))
			}
		}
		tap.Read(now.Add(at), func(u Unit) {
			if _, known := streams[u.Stream]; !known {
				lv := tap.taps[0].layer.level
				streams[u.Stream] = lv
				order, turns = append(order, lv), append(turns, at)
			}
		})
	}
	if !slices.Equal(order, []level{high, low, high}) {
		t.Fatalf("layers %v at %v", order, turns)
	}
	if turns[0] > 1500*time.Millisecond || turns[1] > 13*time.Second || turns[2] < 25*time.Second {
		t.Fatalf("turned at %v", turns)
	}
}

// TestTapOfSmallLayers: where only a small picture is sent it is read, and a
// larger one that comes later is gone over to.
func TestTapOfSmallLayers(t *testing.T) {
	r := newTapRig(Camera, webrtc.MimeTypeVP8)
	small, large := r.layer(Camera, low, webrtc.MimeTypeVP8), r.layer(Camera, medium, webrtc.MimeTypeVP8)
	tap := r.stage.Tap(Camera)
	now := time.Unix(1000, 0)
	var order []level
	var turns []time.Duration
	stream := uint64(0)
	for n := range 500 {
		at := time.Duration(n) * 20 * time.Millisecond
		small.push(vp8Packet(uint16(n), n, n%25 == 0), now.Add(at))
		if at > 5*time.Second {
			large.push(vp8Packet(uint16(n), n, n%25 == 0), now.Add(at))
		}
		tap.Read(now.Add(at), func(u Unit) {
			if u.Stream != stream {
				stream = u.Stream
				order, turns = append(order, tap.taps[0].layer.level), append(turns, at)
			}
		})
	}
	if !slices.Equal(order, []level{low, medium}) || turns[0] > tapBegin || turns[1] > 7*time.Second {
		t.Fatalf("layers %v at %v", order, turns)
	}
}
