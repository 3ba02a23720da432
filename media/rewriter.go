package media

import "iter"

// rewriter makes one stream of the pieces of several layers: whatever a viewer
// is switched to, its sequence numbers run on without a gap of our making, its
// timestamps never go back, and its VP8 picture ids count on.
//
// A piece of one layer is a segment. All packets of a segment are changed by
// the same amounts, so a packet can be changed again, to the same bytes, when
// the viewer asks for it again. The rewriter keeps the last few segments for
// that and nothing per packet. It does no I/O and reads no clock.
type rewriter struct {
	segments [8]segment // newest at (count-1) % 8
	count    int

	seq     uint64 // highest number given out, extended
	ts      uint32 // highest timestamp given out
	picture uint16 // picture id of the newest picture
	tl0     uint8  // TL0PICIDX of the newest picture
}

// segment maps a run of one layer's packets to the viewer's stream.
type segment struct {
	layer  *layer
	in     uint64 // first number of the run, as the publisher counts
	out    uint64 // and as the viewer does
	inTS   uint32
	outTS  uint32
	shift  uint8 // timestamps are divided by 1<<shift: catching up
	after  bool  // goes on where the segment before left off: see resume
	pictID uint16
	tl0    uint8
}

// stamp is what is changed of a packet on its way to a viewer.
type stamp struct {
	seq     uint64
	ts      uint32
	picture uint16
	tl0     uint8
}

// catchUp is the shift of a segment that is read from the cache faster than it
// was filmed: three seconds are shown within a tenth of one.
const catchUp = 5

func (r *rewriter) current() *segment {
	if r.count == 0 {
		return nil
	}
	return &r.segments[(r.count-1)%len(r.segments)]
}

func (r *rewriter) push(s segment) {
	r.segments[r.count%len(r.segments)] = s
	r.count++
}

// begin starts a segment of the layer at p, which must be where a decoder can
// begin. ts is the timestamp that p should get; it is raised if it would not
// be later than the last one.
func (r *rewriter) begin(l *layer, p *packet, ts uint32, shift uint8) {
	if r.count > 0 {
		if int32(ts-r.ts) <= 0 {
			ts = r.ts + 1
		}
		r.seq++
		r.picture++
		r.tl0++
	} else {
		r.seq, r.picture, r.tl0 = 1<<32|p.seq&0xffff, p.vp8.picture, p.vp8.tl0
	}
	r.ts = ts
	r.push(segment{
		layer: l, in: p.seq, out: r.seq, inTS: p.ts, outTS: ts, shift: shift,
		pictID: r.picture - p.vp8.picture, tl0: r.tl0 - p.vp8.tl0,
	})
}

// resume goes on with the same layer at p at the speed at which it is filmed.
// Numbers run through; what is filmed before p still belongs to the segment
// before, even if it comes later.
func (r *rewriter) resume(p *packet, ts uint32) {
	s := *r.current()
	if int32(ts-r.ts) <= 0 {
		ts = r.ts + 1
	}
	s.out += p.seq - s.in
	s.in, s.inTS, s.outTS, s.shift, s.after = p.seq, p.ts, ts, 0, true
	r.push(s)
}

// forward stamps a packet of the current layer. It refuses one from before the
// layer was switched to.
func (r *rewriter) forward(p *packet) (stamp, bool) {
	if r.count == 0 {
		return stamp{}, false
	}
	l := r.current().layer
	for s := range r.newest() {
		if s.layer != l {
			break
		}
		if s.covers(p) {
			return r.note(p, s.stamp(p)), true
		}
		if !s.after { // what ran before has ended, though it was the same layer
			break
		}
	}
	return stamp{}, false
}

// newest yields the segments that are remembered, the newest first.
func (r *rewriter) newest() iter.Seq[*segment] {
	return func(yield func(*segment) bool) {
		for i := r.count - 1; i >= 0 && i > r.count-1-len(r.segments); i-- {
			if !yield(&r.segments[i%len(r.segments)]) {
				return
			}
		}
	}
}

// note remembers the newest of what was given out.
func (r *rewriter) note(p *packet, out stamp) stamp {
	if out.seq >= r.seq {
		r.seq = out.seq
		if len(p.payload) > 0 {
			r.picture, r.tl0 = out.picture, out.tl0
		}
	}
	if int32(out.ts-r.ts) > 0 {
		r.ts = out.ts
	}
	return out
}

// locate says which packet the viewer knows by the number seq: its layer, its
// number there, and the viewer's number extended.
func (r *rewriter) locate(seq uint16) (l *layer, in, out uint64, ok bool) {
	out = unwrap(r.seq, seq)
	if r.count == 0 || out > r.seq {
		return nil, 0, 0, false
	}
	for s := range r.newest() {
		if out >= s.out {
			return s.layer, s.in + out - s.out, out, true
		}
	}
	return nil, 0, 0, false
}

// again stamps a packet that locate found, as it was stamped before.
func (r *rewriter) again(l *layer, p *packet, out uint64) (stamp, bool) {
	for s := range r.newest() {
		if s.layer == l && s.covers(p) && s.out+p.seq-s.in == out {
			return s.stamp(p), true
		}
	}
	return stamp{}, false
}

// covers reports whether p, of the segment's layer, is not from before it.
func (s *segment) covers(p *packet) bool {
	if s.after {
		return int32(p.ts-s.inTS) >= 0
	}
	return p.seq >= s.in
}

// stamp changes p as the segment does.
func (s *segment) stamp(p *packet) stamp {
	return stamp{
		seq:     s.out + p.seq - s.in,
		ts:      s.at(p.ts),
		picture: p.vp8.picture + s.pictID,
		tl0:     p.vp8.tl0 + s.tl0,
	}
}

// at maps a publisher's timestamp to the viewer's.
func (s *segment) at(ts uint32) uint32 {
	return s.outTS + uint32(int32(ts-s.inTS)>>s.shift)
}
