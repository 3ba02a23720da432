package media

import (
	"testing"

	"pgregory.net/rapid"
)

// filmed makes one layer's packets, frame by frame, as a browser would.
type filmed struct {
	layer   *layer
	seq     uint64
	ts      uint32
	picture uint16
	tl0     uint8
}

func drawFilmed(t *rapid.T) *filmed {
	return &filmed{
		layer:   &layer{},
		seq:     1<<32 | rapid.Uint64Range(0, 0xffff).Draw(t, "seq"),
		ts:      rapid.Uint32().Draw(t, "ts"),
		picture: rapid.Uint16Range(0, 0x7fff).Draw(t, "picture"),
		tl0:     rapid.Uint8().Draw(t, "tl0"),
	}
}

func (f *filmed) frame(t *rapid.T) []*packet {
	f.ts += rapid.Uint32Range(1500, 9000).Draw(t, "pause")
	f.picture++
	f.tl0++
	var frame []*packet
	n := rapid.IntRange(1, 4).Draw(t, "packets")
	for i := range n {
		frame = append(frame, &packet{
			seq: f.seq, ts: f.ts, marker: i == n-1, payload: []byte{0},
			vp8: vp8Descriptor{start: i == 0, wide: true, pictureAt: 2, picture: f.picture & 0x7fff, tl0At: 4, tl0: f.tl0},
		})
		f.seq++
	}
	return frame
}

// TestRewriterMakesOneStream switches between layers at random frames, now
// and then by way of the cache, and holds the outcome to what a decoder needs:
// numbers without gap or repetition, times that never go back, picture ids
// that count on; and a packet that is asked for again has the same stamp.
func TestRewriterMakesOneStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layers := []*filmed{drawFilmed(t), drawFilmed(t), drawFilmed(t)}
		type sent struct {
			p *packet
			l *layer
			s stamp
		}
		var (
			r       rewriter
			current = -1
			behind  bool // reading from the cache
			all     []sent
			firsts  []int // where segments begin
		)
		for range rapid.IntRange(1, 40).Draw(t, "frames") {
			next := rapid.IntRange(0, 2).Draw(t, "layer")
			for i, f := range layers {
				frame := f.frame(t)
				if i != next {
					continue
				}
				switch {
				case next != current:
					behind = rapid.Bool().Draw(t, "behind")
					shift := uint8(0)
					if behind {
						shift = catchUp
					}
					r.begin(f.layer, frame[0], rapid.Uint32().Draw(t, "wish"), shift)
					current = next
					firsts = append(firsts, len(all))
				case behind && rapid.Bool().Draw(t, "level"):
					r.resume(frame[0], r.ts+3000)
					behind = false
				}
				for _, p := range frame {
					s, ok := r.forward(p)
					if !ok {
						t.Fatalf("packet %d of the current layer was refused", p.seq)
					}
					all = append(all, sent{p, f.layer, s})
				}
			}
		}
		for i := 1; i < len(all); i++ {
			a, b := all[i-1], all[i]
			// Frames of a layer that was not sent are missing between two of it.
			gap := uint64(1)
			if a.l == b.l && b.p.seq > a.p.seq {
				gap = b.p.seq - a.p.seq
			}
			for _, first := range firsts {
				if i == first {
					gap = 1
				}
			}
			if b.s.seq != a.s.seq+gap {
				t.Fatalf("number %d after %d, want %d on", b.s.seq, a.s.seq, gap)
			}
			if d := int32(b.s.ts - a.s.ts); d < 0 || d == 0 && a.p.marker {
				t.Fatalf("time %d after %d", b.s.ts, a.s.ts)
			}
			if gap == 1 && a.p.marker && (b.s.picture-a.s.picture)&0x7fff != 1 {
				t.Fatalf("picture %d after %d", b.s.picture&0x7fff, a.s.picture&0x7fff)
			}
			if gap == 1 && a.p.marker && b.s.tl0 != a.s.tl0+1 {
				t.Fatalf("TL0PICIDX %d after %d", b.s.tl0, a.s.tl0)
			}
			if !a.p.marker && (b.s.picture != a.s.picture || b.s.ts != a.s.ts || b.s.tl0 != a.s.tl0) {
				t.Fatalf("a frame changed within itself: %+v, %+v", a.s, b.s)
			}
		}
		if len(firsts) > 2 { // what the rewriter remembers: two segments a switch at most
			all = all[firsts[len(firsts)-3]:]
		}
		for _, one := range all {
			l, in, out, ok := r.locate(uint16(one.s.seq))
			if !ok || l != one.l || in != one.p.seq || out != one.s.seq {
				t.Fatalf("locate %d: %v %d %d %v, want %d", one.s.seq, l == one.l, in, out, ok, one.p.seq)
			}
			if s, ok := r.again(l, one.p, out); !ok || s != one.s {
				t.Fatalf("again: %+v, want %+v", s, one.s)
			}
		}
	})
}

func TestRewriterKeepsTheGapsOfTheSource(t *testing.T) {
	f := &filmed{layer: &layer{}, seq: 1<<32 | 65534, ts: 100}
	var r rewriter
	first := &packet{seq: f.seq, ts: 100, payload: []byte{0}}
	r.begin(f.layer, first, 5000, 0)
	if s, _ := r.forward(first); s.seq&0xffff != 65534 || s.ts != 5000 {
		t.Fatalf("first: %+v", s)
	}
	s, _ := r.forward(&packet{seq: f.seq + 3, ts: 3100})
	if s.seq&0xffff != 1 || s.ts != 8000 {
		t.Errorf("after a loss: %+v, want number 1 at 8000", s)
	}
	late, ok := r.forward(&packet{seq: f.seq + 2, ts: 3100})
	if !ok || late.seq != s.seq-1 || late.ts != s.ts {
		t.Errorf("late: %+v %v", late, ok)
	}
	if _, ok := r.forward(&packet{seq: f.seq - 1, ts: 50}); ok {
		t.Error("a packet from before the switch was let through")
	}
	other := &layer{}
	r.begin(other, &packet{seq: 1<<32 | 7, ts: 9}, 11000, 0)
	if l, in, _, ok := r.locate(0); !ok || l != f.layer || in != f.seq+2 {
		t.Errorf("what was lost before a switch cannot be found after it: %v %d", ok, in)
	}
	if _, _, _, ok := r.locate(900); ok {
		t.Error("a number that was never given out was found")
	}
}

// TestRewriterKeepsFramesWholeWhereItResumes: packets change places just where
// a viewer has caught up. Each still gets its own frame's time.
func TestRewriterKeepsFramesWholeWhereItResumes(t *testing.T) {
	var r rewriter
	l := &layer{}
	at := func(seq uint64, ts uint32) *packet { return &packet{seq: 1<<32 | seq, ts: ts, payload: []byte{0}} }
	r.begin(l, at(10, 0), 0, catchUp)
	cached, _ := r.forward(at(10, 0))
	r.resume(at(13, 3000), r.ts+3000) // 12, of the same frame, and 11, of the one before, are late
	second, _ := r.forward(at(13, 3000))
	first, ok := r.forward(at(12, 3000))
	if !ok || first.ts != second.ts || first.seq != second.seq-1 {
		t.Errorf("a frame's first packet %+v, its second %+v", first, second)
	}
	tail, ok := r.forward(at(11, 0))
	if !ok || tail.ts != cached.ts || tail.seq != cached.seq+1 {
		t.Errorf("a frame's first packet %+v, its last %+v", cached, tail)
	}
	for _, p := range []struct {
		p    *packet
		want stamp
	}{{at(12, 3000), first}, {at(11, 0), tail}} {
		_, _, out, _ := r.locate(uint16(p.want.seq))
		if s, ok := r.again(l, p.p, out); !ok || s != p.want {
			t.Errorf("sent again as %+v, was %+v", s, p.want)
		}
	}
}

func TestThrottleAllowsOneEachPeriod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		th := throttle{every: keyframeEvery}
		now := newClock()
		var allowed []int64
		for range rapid.IntRange(1, 200).Draw(t, "asks") {
			now = now.Add(drawPause(t))
			before := allowed
			if th.allow(now) {
				allowed = append(allowed, now.UnixNano())
			} else if len(before) == 0 || now.UnixNano()-before[len(before)-1] >= int64(keyframeEvery) {
				t.Fatal("refused what was due")
			}
		}
		for i := 1; i < len(allowed); i++ {
			if allowed[i]-allowed[i-1] < int64(keyframeEvery) {
				t.Fatalf("two within %v", keyframeEvery)
			}
		}
	})
}
