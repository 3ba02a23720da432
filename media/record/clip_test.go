package record

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
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
		length, name, err := cutClip(dir, m, Clip{ID: 9, From: tt.from, To: tt.to})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		ix, film, err := readBack(t, raw, tt.format)
		if err != nil || !ix.finished || !near(length.Milliseconds(), tt.length, 120) {
			t.Fatalf("%s: %v, %v long", tt.name, err, length)
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
	if _, _, err := cutClip(dir, m, Clip{ID: 10, From: 90_000, To: 95_000}); err == nil {
		t.Error("a clip of what was not recorded")
	}
}
