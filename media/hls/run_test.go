package hls

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/media"
)

// auditor reads everything that a run offers after each step, as a player
// would, and holds it to the rules.
type auditor struct {
	t     interface{ Fatalf(string, ...any) }
	run   *run
	gate  *gate
	known map[string][]byte        // by rendition and name: what was served never changes
	ends  map[string]time.Duration // of what was seen of a rendition
	msn   map[string]uint64
	video map[string]int64 // where the next picture's decoding time must go on
	keys  int
	shown map[string]int // pictures
}

func audit(t interface{ Fatalf(string, ...any) }, r *run) *auditor {
	return &auditor{
		t: t, run: r, gate: &gate{most: 100}, known: map[string][]byte{}, ends: map[string]time.Duration{},
		msn: map[string]uint64{}, video: map[string]int64{}, shown: map[string]int{},
	}
}

func (a *auditor) fetch(s *shelf, name string) []byte {
	f, err := s.file(context.Background(), a.gate, name)
	if err != nil {
		a.t.Fatalf("%s of %s is listed, and not there: %v", name, s.name, err)
	}
	var b bytes.Buffer
	if err := f.writeTo(&b); err != nil {
		a.t.Fatalf("%v", err)
	}
	if old, ok := a.known[s.name+name]; ok && !bytes.Equal(old, b.Bytes()) {
		a.t.Fatalf("%s of %s has changed", name, s.name)
	}
	a.known[s.name+name] = b.Bytes()
	return b.Bytes()
}

func (a *auditor) look(now time.Time) {
	if now.Sub(epoch)/pollEvery%10 != 0 {
		return // all that is new stays long enough to be seen four times a second
	}
	for _, s := range a.run.shelves() {
		s.mu.Lock()
		live, plain := s.live, s.plain
		s.mu.Unlock()
		if live == nil {
			continue
		}
		l, err := parseList(live)
		if err != nil {
			a.t.Fatalf("%s: %v\n%s", s.name, err, live)
		}
		a.list(s, l)
		if plain != nil {
			p, err := parseList(plain)
			if err != nil {
				a.t.Fatalf("%s: %v\n%s", s.name, err, plain)
			}
			if p.live || p.sequence > l.sequence || len(p.segments) != len(l.segments) {
				a.t.Fatalf("%s: the plain playlist is another:\n%s\n%s", s.name, plain, live)
			}
		}
		if n := len(s.segments); n > kept+1 || s.bytes > s.bound {
			a.t.Fatalf("%s keeps %d segments, %d bytes", s.name, n, s.bytes)
		}
	}
}

func (a *auditor) list(s *shelf, l *list) {
	if l.sequence < a.msn[s.name] {
		a.t.Fatalf("%s: the media sequence went back to %d", s.name, l.sequence)
	}
	a.msn[s.name] = l.sequence
	for i, seg := range l.segments {
		if seg.uri != fmt.Sprintf("%d.m4s", seg.number) {
			a.t.Fatalf("segment %d is %s", seg.number, seg.uri)
		}
		if _, ok := a.known[s.name+seg.uri]; !ok || i == len(l.segments)-1 {
			whole := a.fetch(s, seg.uri)
			a.fetch(s, seg.mp4)
			if len(seg.parts) > 0 {
				var sum []byte
				for _, p := range seg.parts {
					sum = append(sum, a.part(s, p)...)
				}
				if !bytes.Equal(sum, whole) {
					a.t.Fatalf("%s is not the sum of its parts", seg.uri)
				}
			}
		}
	}
	for _, p := range l.open {
		a.part(s, p)
	}
	if !l.ended {
		number, part := s.next()
		if want := fmt.Sprintf("%d.%d.m4s", number, part); l.hint != want {
			a.t.Fatalf("%s: the hint is %s, and %s comes next", s.name, l.hint, want)
		}
	}
}

// part reads one part the first time that it is seen.
func (a *auditor) part(s *shelf, p listedPart) []byte {
	name := s.name + p.uri
	_, known := a.known[name]
	raw := a.fetch(s, p.uri)
	if known {
		return raw
	}
	var parts fmp4.Parts
	if err := parts.Unmarshal(raw); err != nil || len(parts) != 1 {
		a.t.Fatalf("%s: %v", p.uri, err)
	}
	independent := s.name == soundName
	for _, track := range parts[0].Tracks {
		sum := uint64(0)
		for _, sample := range track.Samples {
			sum += uint64(sample.Duration)
		}
		if track.ID == soundID {
			from := time.Duration(track.BaseTime) * time.Second / soundScale
			length := time.Duration(sum) * time.Second / soundScale
			if math.Abs(length.Seconds()-p.length) > 1e-4 {
				a.t.Fatalf("%s is said to have %v s, and has %v", p.uri, p.length, length)
			}
			if end, ok := a.ends[s.name]; ok && from != end {
				a.t.Fatalf("%s begins at %v, and the one before ended at %v", p.uri, from, end)
			}
			a.ends[s.name] = from + length
			continue
		}
		if at, ok := a.video[s.name]; ok && at != int64(track.BaseTime) && track.Samples[0].IsNonSyncSample {
			a.t.Fatalf("%s: decoding goes on at %d, not at %d", p.uri, track.BaseTime, at)
		}
		a.video[s.name] = int64(track.BaseTime + sum)
		a.shown[s.name] += len(track.Samples)
		independent = !track.Samples[0].IsNonSyncSample
		for _, sample := range track.Samples {
			if sample.PTSOffset < 0 {
				a.t.Fatalf("%s: shown before it is decoded", p.uri)
			}
			if !sample.IsNonSyncSample {
				a.keys++
			}
		}
	}
	if p.independent != independent {
		a.t.Fatalf("%s: independent is said to be %v", p.uri, p.independent)
	}
	return raw
}

var epoch = time.Date(2030, 1, 1, 9, 0, 0, 0, time.UTC)

// TestPlain: from a camera and a voice without any trouble come segments of two
// seconds that begin with keyframes, the same in all renditions, soon.
func TestPlain(t *testing.T) {
	s := newStudio(epoch)
	r := newRun(epoch, true, 64<<20)
	a := audit(t, r)
	play(t, s, r, 30*time.Second, func(now time.Time) {
		a.look(now)
		for _, c := range r.channels {
			if behind := now.Sub(epoch) - c.from; c.begun && behind > partTarget+imageLate+pollEvery {
				t.Fatalf("%s is %v behind", c.name, behind)
			}
		}
	})
	if len(r.channels) != 3 || r.channels[0].name != "high" || r.channels[1].name != "low" || r.channels[2].name != soundName {
		t.Fatalf("%d renditions", len(r.channels))
	}
	begin := map[uint64]time.Duration{}
	for _, sh := range r.shelves() {
		for _, seg := range sh.segments {
			if at, ok := begin[seg.number]; ok && (at-seg.from).Abs() > s.lag+soundStep {
				t.Errorf("segment %d begins at %v in one rendition and at %v in another", seg.number, at, seg.from)
			}
			begin[seg.number] = seg.from
			if seg.whole && (seg.length < 1900*time.Millisecond || seg.length > 2100*time.Millisecond) {
				t.Errorf("segment %d of %s has %v", seg.number, sh.name, seg.length)
			}
			if !seg.independent() {
				t.Errorf("a player cannot begin with segment %d of %s", seg.number, sh.name)
			}
		}
		if sh.name != soundName && a.shown[sh.name] < 27*30 {
			t.Errorf("%s shows only %d pictures", sh.name, a.shown[sh.name])
		}
	}
	if text := string(variants(r.id, r.shelves(), liveName)); !bytes.Contains([]byte(text), []byte("RESOLUTION=320x180\n"+r.id+"/high/live.m3u8")) {
		t.Errorf("the multivariant playlist:\n%s", text)
	}
}

// TestWhatever: whatever the publisher does, what is offered keeps the rules,
// goes on, and what goes on again is seen again.
func TestWhatever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStudio(epoch)
		r := newRun(epoch, true, 64<<20)
		a := audit(t, r)
		for range rapid.IntRange(1, 4).Draw(t, "scenes") {
			switch rapid.SampledFrom([]string{"plain", "still", "quiet", "lost", "size", "layer", "mute", "late"}).Draw(t, "scene") {
			case "still":
				s.still = time.Duration(rapid.IntRange(100, 2500).Draw(t, "between")) * time.Millisecond
			case "quiet":
				s.quiet = !s.quiet
			case "lost":
				s.lost = true
			case "size":
				s.swapped = !s.swapped
			case "layer":
				s.sent = [][]media.Quality{{media.High, media.Low}, {media.Low}, {media.High}}[rapid.IntRange(0, 2).Draw(t, "sent")]
			case "mute":
				if _, ok := s.codecs[media.Microphone]; ok {
					delete(s.codecs, media.Microphone)
				} else {
					s.codecs[media.Microphone] = webrtc.MimeTypeOpus
				}
			case "late":
				s.lag = time.Duration(rapid.IntRange(0, 900).Draw(t, "lag")) * time.Millisecond
			}
			play(test{t}, s, r, time.Duration(rapid.IntRange(100, 5000).Draw(t, "ms"))*time.Millisecond, a.look)
			if s.still > 0 {
				s.still = 0
			}
			if s.lost {
				s.back()
			}
		}
		s.lag = 60 * time.Millisecond
		before := map[string]int{}
		play(test{t}, s, r, 6*time.Second, a.look)
		for name, n := range a.shown {
			before[name] = n
		}
		play(test{t}, s, r, 2*time.Second, a.look)
		for _, c := range r.channels {
			if behind := s.now.Sub(epoch) - c.from; behind > partTarget+soundLate+soundStep+pollEvery {
				t.Fatalf("%s is %v behind", c.name, behind)
			}
			if c.sight && a.shown[c.name]-before[c.name] < 50 {
				t.Fatalf("%s shows %d pictures in 2 s", c.name, a.shown[c.name]-before[c.name])
			}
		}
		if n := len(r.voice.packets); n > 50*10 {
			t.Fatalf("%d packets of sound are kept", n)
		}
	})
}

// test is a rapid.T where a testing.TB is asked for.
type test struct{ *rapid.T }

func (test) Helper() {}
