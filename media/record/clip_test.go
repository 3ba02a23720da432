package record

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/vtt"
)

// TestClipOfAScreen shows the screen where it was shown, and lets hear the
// voice that was heard then, from a file of another format and beginning.
func TestClipOfAScreen(t *testing.T) {
	dir := t.TempDir()
	m := Manifest{Files: []File{
		{Name: "host-001.webm", Set: "host", Start: 500, Length: 60_000, Video: true},
		{Name: "screen-002.mp4", Set: "screen", Start: 20_250, Length: 30_000, Video: true},
	}}
	for i, f := range m.Files {
		var film []timed
		for at := time.Duration(0); at < time.Duration(f.Length)*time.Millisecond; at += 20 * time.Millisecond {
			id := binary.BigEndian.AppendUint64([]byte{byte(i)}, uint64(at))
			film = append(film, timed{true, sample{at, true, append(id, 1)}})
			if at%(100*time.Millisecond) == 0 {
				film = append(film, timed{false, sample{at, at%(2*time.Second) == 0, append(id, 2)}})
			}
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), write(t, layoutOf(f.format(), true, true), film, true), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name           string
		from, to       int64
		file           byte
		begins, length int64 // of the picture, in the recording
		format         format
	}{
		{"the screen", 30_000, 40_000, 1, 28_250, 11_750, formatMP4},
		{"the camera before it", 5000, 15_000, 0, 4500, 10_500, formatWebM},
		{"mostly the screen", 18_000, 30_000, 1, 20_250, 9750, formatMP4},
		{"mostly the camera", 12_000, 22_000, 0, 10_500, 11_500, formatWebM},
	} {
		cut, err := cutClip(dir, m, Clip{ID: 9, From: tt.from, To: tt.to})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, cut.name))
		if err != nil {
			t.Fatal(err)
		}
		ix, film, err := readBack(t, raw, tt.format)
		if err != nil || !ix.finished || !near(cut.length.Milliseconds(), tt.length, 120) {
			t.Fatalf("%s: %v, %v long", tt.name, err, cut.length)
		}
		pictures, words := 0, 0
		for _, s := range film {
			in := int64(binary.BigEndian.Uint64(s.data[1:])) / 1e6 // in its own file
			start := m.Files[s.data[0]].Start
			if want := start + in - tt.begins; !near(s.at.Milliseconds(), want, 2) {
				t.Fatalf("%s: what was at %d is at %v", tt.name, start+in, s.at)
			}
			switch {
			case s.sound && s.data[0] == 0:
				words++
			case !s.sound && s.data[0] == tt.file:
				pictures++
			default:
				t.Fatalf("%s: sound %v is of file %d", tt.name, s.sound, s.data[0])
			}
		}
		if !near(int64(words), tt.length/20, 3) || !near(int64(pictures), tt.length/100, 2) {
			t.Errorf("%s: %d pictures and %d packets of sound", tt.name, pictures, words)
		}
	}
	if _, err := cutClip(dir, m, Clip{ID: 10, From: 90_000, To: 95_000}); err == nil {
		t.Error("a clip of what was not recorded")
	}
}

// TestClipAcrossFiles: a clip goes on through the files of its run, whatever
// their pictures are like, hears the voice though the camera was off, leaves
// out what was not recorded, and knows where in the recording it is.
func TestClipAcrossFiles(t *testing.T) {
	dir := t.TempDir()
	m := Manifest{Files: []File{
		{Name: "host-001.mp4", Set: "host", Start: 1000, Length: 10_000, Video: true},
		{Name: "host-002.mp4", Set: "host", Start: 11_100, Length: 8_900, Video: true}, // other parameters
		{Name: "host-003.mp4", Set: "host", Start: 20_000, Length: 5_000},              // the voice alone
		{Name: "host-004.mp4", Set: "host", Start: 40_000, Length: 20_000, Video: true},
	}}
	for i, f := range m.Files {
		var film []timed
		l := layoutOf(formatMP4, f.Video, true)
		if i == 1 {
			l.PPS = append(bytes.Clone(l.PPS), 0x80)
		}
		for at := time.Duration(0); at < time.Duration(f.Length)*time.Millisecond; at += 20 * time.Millisecond {
			id := binary.BigEndian.AppendUint64([]byte{byte(i)}, uint64(at))
			film = append(film, timed{true, sample{at, true, append(id, 1)}})
			if f.Video && at%(100*time.Millisecond) == 0 {
				film = append(film, timed{false, sample{at, at%(2*time.Second) == 0, append(id, 2)}})
			}
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), write(t, l, film, true), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cut, err := cutClip(dir, m, Clip{ID: 9, From: 8000, To: 50_000})
	if err != nil {
		t.Fatal(err)
	}
	want := []vtt.Span{{From: 7000, To: 25_000, At: 0}, {From: 40_000, To: 50_000, At: 18_000}}
	if !slices.Equal(cut.spans, want) || !near(cut.length.Milliseconds(), 28_000, 120) {
		t.Errorf("%v long, of %+v", cut.length, cut.spans)
	}
	raw, err := os.ReadFile(filepath.Join(dir, cut.name))
	if err != nil {
		t.Fatal(err)
	}
	ix, film, err := readBack(t, raw, formatMP4)
	if err != nil || !ix.finished || !bytes.Contains(raw, []byte("avc3")) {
		t.Fatalf("%v, finished %v", err, ix.finished)
	}
	pictures, words, keys := 0, 0, 0
	for _, s := range film {
		data := s.data
		if !s.sound {
			pictures++
		} else {
			words++
		}
		if s.key && !s.sound { // its own parameters are in front of it
			keys++
			sps, rest := nal(data)
			var pps []byte
			pps, data = nal(rest)
			l := layoutOf(formatMP4, true, true)
			if !bytes.Equal(sps, l.SPS) || bytes.Equal(pps, l.PPS) == (data[0] == 1) {
				t.Fatalf("before a keyframe of file %d: %x, %x", data[0], sps, pps)
			}
		}
		at := m.Files[data[0]].Start + int64(binary.BigEndian.Uint64(data[1:]))/1e6
		span := want[0]
		if at >= want[1].From {
			span = want[1]
		}
		if at < span.From || at >= span.To || !near(s.at.Milliseconds(), at-span.From+span.At, 3) {
			t.Fatalf("what was at %d is at %v", at, s.at)
		}
	}
	if !near(int64(pictures), 40+89+100, 2) || !near(int64(words), (18_000+10_000)/20-5, 3) || keys != 2+5+5 {
		t.Errorf("%d pictures, %d keyframes, %d packets of sound", pictures, keys, words)
	}
}

// nal takes the first NAL unit off a picture.
func nal(data []byte) (unit, rest []byte) {
	n := binary.BigEndian.Uint32(data)
	return data[4 : 4+n], data[4+n:]
}

// TestSpans: every moment that a piece has is in one span, and spans follow
// each other without a gap in the clip.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pieces []piece
		for range rapid.IntRange(1, 6).Draw(t, "pieces") {
			from := time.Duration(rapid.IntRange(0, 20_000).Draw(t, "from")) * time.Millisecond
			pieces = append(pieces, piece{from: from, to: from + time.Duration(rapid.IntRange(1, 9000).Draw(t, "for"))*time.Millisecond})
		}
		spans := spansOf(slices.Clone(pieces))
		at, last := int64(0), int64(-together.Milliseconds()-1)
		for _, s := range spans {
			if s.At != at || s.To <= s.From || s.From <= last+together.Milliseconds() {
				t.Fatalf("%+v", spans)
			}
			at, last = at+s.To-s.From, s.To
		}
		for _, p := range pieces {
			if !slices.ContainsFunc(spans, func(s vtt.Span) bool { return s.From <= p.from.Milliseconds() && p.to.Milliseconds() <= s.To }) {
				t.Fatalf("%v to %v is in none of %+v", p.from, p.to, spans)
			}
		}
	})
}
