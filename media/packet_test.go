package media

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtp"
	rtpcodecs "github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"
)

func newClock() time.Time { return time.Unix(1_800_000_000, 0) }

func drawPause(t *rapid.T) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(700*time.Millisecond)).Draw(t, "pause"))
}

// vp8Payload makes a payload with a full descriptor and, for a keyframe, a
// frame header of the given size.
func vp8Payload(picture uint16, tl0 uint8, start, key bool, width, height int) []byte {
	b := []byte{0x80, 0xe0, byte(picture>>8) | 0x80, byte(picture), tl0, 0}
	if start {
		b[0] |= 0x10
	}
	if !key {
		return append(b, 0x11, 1, 2, 3)
	}
	b = append(b, 0x10, 0, 0, 0x9d, 0x01, 0x2a)
	b = binary.LittleEndian.AppendUint16(b, uint16(width))
	return binary.LittleEndian.AppendUint16(b, uint16(height))
}

func FuzzVP8(f *testing.F) {
	f.Add(vp8Payload(0x1234, 9, true, true, 640, 360))
	f.Add([]byte{0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 1, 2, 3, 4})
	f.Add([]byte{0x90, 0x80, 0x7f, 0})
	f.Add([]byte{0x80, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := parseVP8(b)
		if !ok {
			return
		}
		if d.size > len(b) || d.pictureAt >= d.size || d.tl0At >= d.size {
			t.Fatalf("%x: the descriptor %+v is larger than the payload", b, d)
		}
		var theirs rtpcodecs.VP8Packet // the library's own reading
		if rest, err := theirs.Unmarshal(b); err == nil {
			if len(b)-len(rest) != d.size || theirs.PictureID != d.picture || theirs.TL0PICIDX != d.tl0 {
				t.Fatalf("%x: read %+v, the library reads %+v", b, d, theirs)
			}
		}
		vp8Keyframe(d, b)
		changed := append([]byte(nil), b...)
		d.put(changed, d.picture+1, d.tl0+1)
		again, ok := parseVP8(changed)
		if !ok || again.size != d.size || again.start != d.start || again.wide != d.wide {
			t.Fatalf("%x: rewriting changed the descriptor's shape to %+v", b, again)
		}
		if mask := uint16(0x7f) | map[bool]uint16{true: 0x7f80}[d.wide]; d.pictureAt > 0 && again.picture != (d.picture+1)&mask {
			t.Fatalf("%x: picture %d after %d", b, again.picture, d.picture)
		}
		d.put(changed, d.picture, d.tl0)
		if string(changed) != string(b) {
			t.Fatalf("%x: became %x when it was put back", b, changed)
		}
	})
}

// A sequence parameter set of a Baseline 1280x720 stream and one of a High
// 1920x1080 stream, which is cropped from 1088 lines.
var (
	sps720  = []byte{0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x24, 0x80}
	sps1080 = []byte{0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58}
)

func stapA(nals ...[]byte) []byte {
	b := []byte{0x78}
	for _, nal := range nals {
		b = binary.BigEndian.AppendUint16(b, uint16(len(nal)))
		b = append(b, nal...)
	}
	return b
}

func TestH264KeyframeTellsItsSize(t *testing.T) {
	pps := []byte{0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0}
	for _, tt := range []struct {
		name          string
		payload       []byte
		width, height int
		key           bool
	}{
		{"alone", sps720, 1280, 720, true},
		{"aggregated", stapA(sps1080, pps), 1920, 1080, true},
		{"second in the aggregate", stapA(pps, sps720), 1280, 720, true},
		{"only a picture", []byte{0x65, 0x88, 0x84}, 0, 0, false},
		{"cut short", sps720[:4], 0, 0, true},
		{"an aggregate that lies about its length", []byte{0x78, 0xff, 0xff, 0x67}, 0, 0, false},
		{"nothing", nil, 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if w, h, key := h264Keyframe(tt.payload); w != tt.width || h != tt.height || key != tt.key {
				t.Errorf("got %dx%d %v, want %dx%d %v", w, h, key, tt.width, tt.height, tt.key)
			}
		})
	}
}

func FuzzH264(f *testing.F) {
	f.Add(sps720)
	f.Add(sps1080)
	f.Add(stapA(sps1080, sps720))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, h, _ := h264Keyframe(b)
		if w < 0 || h < 0 || w > 1<<15 || h > 1<<16 {
			t.Fatalf("%x: %dx%d", b, w, h)
		}
	})
}

func FuzzParser(f *testing.F) {
	h := rtp.Header{Version: 2, SequenceNumber: 7, Timestamp: 9, PayloadType: 96}
	head, _ := h.Marshal()
	f.Add(append(head, vp8Payload(1, 2, true, true, 320, 180)...))
	f.Add(append([]byte{head[0] | 0x20}, append(head[1:], 1, 2, 3, 200)...)) // padding longer than the packet
	f.Add([]byte{0x90, 0x60, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, mime := range []string{webrtc.MimeTypeVP8, webrtc.MimeTypeH264, webrtc.MimeTypeOpus} {
			r := parser{mime: mime}
			p, ok := r.parse(raw, newClock())
			if ok && (len(p.payload) > len(raw) || p.seq>>32 == 0) {
				t.Fatalf("%x: %+v", raw, p)
			}
		}
	})
}

func TestNumbersAreUnwrapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r parser
		want := uint64(1<<32) | rapid.Uint64Range(0, 0xffff).Draw(t, "first")
		r.extend(uint16(want))
		high := want
		for range rapid.IntRange(1, 100).Draw(t, "packets") {
			seq := high + uint64(rapid.Int64Range(-3000, 20000).Draw(t, "step"))
			if got := r.extend(uint16(seq)); got != seq {
				t.Fatalf("%d became %d", seq, got)
			}
			high = max(high, seq)
		}
	})
}

// TestCacheAgainstAMap holds the cache to the plainest model: a map of all
// that came, of which the newest numbers are still there.
func TestCacheAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const size = 16
		c := newCache(size)
		model := map[uint64]*packet{}
		now := newClock()
		var high, key uint64
		var keyAt time.Time
		next := uint64(1 << 32)
		for range rapid.IntRange(1, 120).Draw(t, "packets") {
			now = now.Add(drawPause(t))
			seq := next + uint64(rapid.Int64Range(-20, 4).Draw(t, "step"))
			p := &packet{seq: seq, key: rapid.IntRange(0, 9).Draw(t, "key") == 0, at: now}
			_, known := model[seq]
			fits := high == 0 || seq+size >= high+1
			taken := c.put(p)
			if taken && (known && model[seq] != nil && seq+size > high || !fits) {
				t.Fatalf("took %d again, or too late", seq)
			}
			if !taken && !known && seq+size > high {
				t.Fatalf("refused %d, which is new", seq)
			}
			if taken {
				model[seq] = p
				high = max(high, seq)
				if p.key && seq > key {
					key, keyAt = seq, now
				}
			}
			next = max(next, seq+1)
			for s, p := range model {
				got := c.get(s)
				if s+size > high && got != p {
					t.Fatalf("%d is not there, newest %d", s, high)
				}
				if got != nil && got != p {
					t.Fatalf("%d is another packet", s)
				}
			}
			if got := c.get(high + 1); got != nil {
				t.Fatal("what has not come is there")
			}
			joint := c.joint(now, joinAge)
			want := key > 0 && now.Sub(keyAt) <= joinAge && high-key < size
			if (joint != nil) != want || joint != nil && joint.seq != key {
				t.Fatalf("joint %v, want %v (key %d, newest %d)", joint, want, key, high)
			}
		}
	})
}
