package record

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Parameter sets of a real encoder: Constrained Baseline, 320x180.
var (
	testSPS = []byte{0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x01, 0x41, 0x97, 0xe4, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0f, 0x23, 0xc5, 0x8b, 0x92}
	testPPS = []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
)

func layoutOf(fm format, video, sound bool) layout {
	l := layout{Format: fm, Video: video, Sound: sound}
	if video && fm == formatMP4 {
		l.SPS, l.PPS = testSPS, testPPS
	}
	if video && fm == formatWebM {
		l.Width, l.Height = 320, 180
	}
	return l
}

// timed is a sample with its track, in the order in which it is recorded.
type timed struct {
	sound bool
	sample
}

// drawFilm makes a few seconds of samples: pictures at an uneven pace with
// keyframes now and then, and packets of sound.
func drawFilm(t *rapid.T, l layout) []timed {
	var film []timed
	n := 0
	data := func() []byte {
		n++
		b := binary.BigEndian.AppendUint32(nil, uint32(n))
		return append(b, bytes.Repeat([]byte{byte(n)}, rapid.IntRange(0, 40).Draw(t, "size"))...)
	}
	length := time.Duration(rapid.IntRange(1, 6000).Draw(t, "ms")) * time.Millisecond
	if l.Video {
		key := true
		for at := time.Duration(0); at <= length; at += time.Duration(rapid.IntRange(5, 1500).Draw(t, "pace")) * time.Millisecond {
			film = append(film, timed{false, sample{at, key, data()}})
			key = rapid.IntRange(0, 4).Draw(t, "key") == 0
		}
	}
	if l.Sound {
		for at := time.Duration(0); at <= length; at += 20 * time.Millisecond {
			film = append(film, timed{true, sample{at, true, data()}})
		}
	}
	slices.SortStableFunc(film, func(a, b timed) int { return cmp.Compare(a.at, b.at) })
	return film
}

// memory is a disk that is quick to sync.
type memory struct{ raw []byte }

func (m *memory) ReadAt(b []byte, at int64) (int, error) { return bytes.NewReader(m.raw).ReadAt(b, at) }
func (m *memory) Sync() error                            { return nil }
func (m *memory) Close() error                           { return nil }
func (m *memory) Truncate(n int64) error {
	m.raw = m.raw[:n]
	return nil
}

func (m *memory) WriteAt(b []byte, at int64) (int, error) {
	if need := int(at) + len(b); need > len(m.raw) {
		m.raw = append(m.raw, make([]byte, need-len(m.raw))...)
	}
	return copy(m.raw[at:], b), nil
}

// write records a film and returns the file.
func write(t rapid.TB, l layout, film []timed, end bool) []byte {
	t.Helper()
	m := &memory{}
	f, err := newFile(m, l)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, s := range film {
		if err := f.add(s.sound, s.sample, now); err != nil {
			t.Fatal(err)
		}
	}
	if end {
		err = f.close()
	} else {
		_ = f.flush()
		err = f.f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return m.raw
}

// readBack reads every sample that a file has, by its parts.
func readBack(t testing.TB, raw []byte, fm format) (*index, []timed, error) {
	t.Helper()
	c, _ := containerOf(fm)
	ix, err := c.scan(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, nil, err
	}
	var film []timed
	for _, at := range ix.parts {
		p, err := c.read(bytes.NewReader(raw), at)
		if err != nil {
			t.Fatalf("part at %d: %v", at.offset, err)
		}
		for _, s := range p.video {
			film = append(film, timed{false, s})
		}
		for _, s := range p.sound {
			film = append(film, timed{true, s})
		}
	}
	return ix, film, nil
}

// sameFilm compares samples, each track in its order, with times as exact as
// the file can tell them.
func sameFilm(got, want []timed) error {
	for _, sound := range []bool{false, true} {
		only := func(film []timed) (out []sample) {
			for _, s := range film {
				if s.sound == sound {
					out = append(out, s.sample)
				}
			}
			return out
		}
		g, w := only(got), only(want)
		if len(g) != len(w) {
			return fmt.Errorf("sound %v: %d samples, not %d", sound, len(g), len(w))
		}
		last := time.Duration(-1)
		for i := range g {
			if off := g[i].at - w[i].at; off > time.Millisecond || off < -time.Millisecond || g[i].key != w[i].key || !bytes.Equal(g[i].data, w[i].data) {
				return fmt.Errorf("sound %v: sample %d at %v, key %v: want at %v, key %v", sound, i, g[i].at, g[i].key, w[i].at, w[i].key)
			}
			if g[i].at <= last {
				return fmt.Errorf("sound %v: sample %d at %v, after %v", sound, i, g[i].at, last)
			}
			last = g[i].at
		}
	}
	return nil
}

func drawLayout(t *rapid.T) layout {
	fm := rapid.SampledFrom([]format{formatMP4, formatWebM}).Draw(t, "format")
	video := rapid.Bool().Draw(t, "video")
	return layoutOf(fm, video, !video || rapid.Bool().Draw(t, "sound"))
}

// TestWhatIsWrittenIsRead frame for frame, while a file is recorded and when
// it is finished; and a part begins with every keyframe.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := drawLayout(rt)
		film := drawFilm(rt, l)
		for _, end := range []bool{false, true} {
			raw := write(t, l, film, end)
			ix, got, err := readBack(t, raw, l.Format)
			if err != nil {
				rt.Fatal(err)
			}
			if err := sameFilm(got, film); err != nil {
				rt.Fatal(err)
			}
			if ix.finished != end || ix.layout.Video != l.Video || ix.layout.Sound != l.Sound {
				rt.Fatalf("finished %v, layout %+v", ix.finished, ix.layout)
			}
			if l.Video && l.Format == formatMP4 && (!bytes.Equal(ix.layout.SPS, testSPS) || !bytes.Equal(ix.layout.PPS, testPPS)) {
				rt.Fatalf("parameter sets %x %x", ix.layout.SPS, ix.layout.PPS)
			}
			for i, at := range ix.parts {
				c, _ := containerOf(l.Format)
				p, _ := c.read(bytes.NewReader(raw), at)
				for j, s := range p.video {
					if s.key && j > 0 {
						rt.Fatalf("part %d has a keyframe within", i)
					}
				}
				if want := keys(l, p); at.key != want {
					rt.Fatalf("part %d: key %v, not %v", i, at.key, want)
				}
			}
		}
	})
}

// TestCutOffAnywhere: a file that ends at any byte of its last part, or within
// its tail, has every part before it, can be finished, and is then the same.
func TestCutOffAnywhere(t *testing.T) {
	for _, fm := range []format{formatMP4, formatWebM} {
		t.Run(string(fm), func(t *testing.T) {
			l := layoutOf(fm, true, true)
			var film []timed
			for at := time.Duration(0); at < 3*time.Second; at += 20 * time.Millisecond {
				data := binary.BigEndian.AppendUint64(nil, uint64(at))
				film = append(film, timed{false, sample{at, at%time.Second == 0, data}}, timed{true, sample{at, true, data}})
			}
			raw, whole := write(t, l, film, false), write(t, l, film, true)
			c, _ := containerOf(fm)
			ix, all, err := readBack(t, raw, fm)
			if err != nil || len(ix.parts) < 3 {
				t.Fatalf("%v, %d parts", err, len(ix.parts))
			}
			last := ix.parts[len(ix.parts)-1]
			until := slices.IndexFunc(all, func(s timed) bool { return s.at >= last.begin })
			for n := last.offset; n < int64(len(raw)); n++ {
				m := &memory{slices.Clone(raw[:n])}
				if _, err := mendDisk(m, c, n); err != nil {
					t.Fatalf("cut at %d: %v", n, err)
				}
				again, film, err := readBack(t, m.raw, fm)
				if err != nil || !again.finished {
					t.Fatalf("cut at %d: %v, finished %v", n, err, again != nil && again.finished)
				}
				if err := sameFilm(film, all[:until]); err != nil {
					t.Fatalf("cut at %d: %v", n, err)
				}
			}
			for n := len(raw); n <= len(whole); n++ { // while the tail is written; the beginning comes after it
				cut := append(slices.Clone(raw), whole[len(raw):n]...)
				m := &memory{cut}
				if _, err := mendDisk(m, c, int64(n)); err != nil {
					t.Fatalf("tail cut at %d: %v", n, err)
				}
				if !bytes.Equal(m.raw, whole) {
					t.Fatalf("tail cut at %d: mended to another file", n)
				}
			}
		})
	}
}

// FuzzScan: whatever a file holds, it is refused or what is found in it can be read.
func FuzzScan(f *testing.F) {
	for _, fm := range []format{formatMP4, formatWebM} {
		l := layoutOf(fm, true, true)
		film := []timed{{false, sample{0, true, []byte("picture")}}, {true, sample{0, true, []byte("sound")}}, {false, sample{time.Second, false, []byte("more")}}}
		for _, end := range []bool{false, true} {
			f.Add(write(f, l, film, end))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, fm := range []format{formatMP4, formatWebM} {
			c, _ := containerOf(fm)
			ix, err := c.scan(bytes.NewReader(raw), int64(len(raw)))
			if err != nil {
				continue
			}
			if ix.end > int64(len(raw)) {
				t.Fatalf("ends at %d of %d", ix.end, len(raw))
			}
			for _, at := range ix.parts {
				if at.offset < 0 || at.offset+at.size > ix.end {
					t.Fatalf("a part of %d at %d", at.size, at.offset)
				}
				_, _ = c.read(bytes.NewReader(raw), at)
			}
			_, _, _ = c.finish(bytes.NewReader(raw), ix)
		}
	})
}
