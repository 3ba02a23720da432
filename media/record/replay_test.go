package record

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"
)

// followed is what a player gets by a playlist.
type followed struct {
	bytes  []byte
	length time.Duration
	whole  bool
	names  int
}

// follow reads a playlist strictly, and fetches what it names.
func (h *hall) follow(t *testing.T, list string) followed {
	t.Helper()
	b, err := h.Playlist("go-101", 7, list)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	head := []string{"#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:4", "#EXT-X-PLAYLIST-TYPE:EVENT", "#EXT-X-MEDIA-SEQUENCE:0"}
	for i, want := range head {
		if lines[i] != want {
			t.Fatalf("line %d is %q", i, lines[i])
		}
	}
	var f followed
	var init string
	if _, err := fmt.Sscanf(lines[len(head)], "#EXT-X-MAP:URI=%q", &init); err != nil || !IsInit(init) {
		t.Fatalf("%q", lines[len(head)])
	}
	if f.bytes, err = h.Init("go-101", 7, init); err != nil {
		t.Fatal(err)
	}
	at := int64(-1)
	for lines = lines[len(head)+1:]; len(lines) > 0; lines = lines[3:] {
		if lines[0] == "#EXT-X-ENDLIST" && len(lines) == 1 {
			f.whole = true
			break
		}
		var seconds float64
		var size, offset int64
		_, err1 := fmt.Sscanf(lines[0], "#EXTINF:%f,", &seconds)
		_, err2 := fmt.Sscanf(lines[1], "#EXT-X-BYTERANGE:%d@%d", &size, &offset)
		path, err := h.Path("go-101", 7, lines[2])
		if err1 != nil || err2 != nil || err != nil || seconds >= 4.5 || at >= 0 && offset != at {
			t.Fatalf("%q after %d: %v", lines[:3], at, err)
		}
		at = offset + size
		raw, err := os.ReadFile(path)
		if err != nil || int64(len(raw)) < at {
			t.Fatalf("the playlist says %d bytes, there are %d, %v", at, len(raw), err)
		}
		f.bytes = append(f.bytes, raw[offset:at]...)
		f.length += time.Duration(seconds * float64(time.Second))
		f.names++
	}
	return f
}

// TestReplay: while a class is recorded, its playlist names what is there up to
// a few seconds ago, as the finished file has it; also after a restart, and
// when the file is finished.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := openHall(t, dir, webrtc.MimeTypeH264, Config{})
		h.start(t, 7)
		var seen []followed
		for range 6 {
			time.Sleep(5 * time.Second)
			seen = append(seen, h.follow(t, "host-001.m3u8"))
		}
		for i, f := range seen {
			if behind := time.Duration(i+1)*5*time.Second - f.length; f.whole || behind > 6*time.Second || behind < 0 {
				t.Errorf("after %d s: %v, %v", 5*(i+1), f.length, f.whole)
			}
			if i > 0 && !bytes.HasPrefix(f.bytes, seen[i-1].bytes) {
				t.Errorf("what was there has changed")
			}
		}
		h.Stop("go-101", 7, 0, "")
		m := h.only(t)
		last := h.follow(t, "host-001.m3u8")
		if !last.whole || !near(last.length.Milliseconds(), m.Length()-m.Files[0].Start, 100) || !bytes.HasPrefix(last.bytes, seen[5].bytes) {
			t.Errorf("when it has ended: %v of %d ms, %v", last.length, m.Length(), last.whole)
		}
		_, want := h.read(t, m, "host-001.mp4")
		ix, got, err := readBack(t, last.bytes, formatMP4)
		if err != nil || !ix.layout.Video {
			t.Fatal(err)
		}
		if err := sameFilm(got, want); err != nil {
			t.Error(err)
		}
		h.Close()
		again := openHall(t, dir, webrtc.MimeTypeH264, Config{})
		if f := again.follow(t, "host-001.m3u8"); !f.whole || !bytes.Equal(f.bytes, last.bytes) {
			t.Error("after a restart it is another")
		}
		for _, none := range []string{"host-002.m3u8", "../7/host-001.m3u8", ".m3u8", "clip-1.m3u8"} {
			if _, err := again.Playlist("go-101", 7, none); err == nil {
				t.Errorf("%s can be had", none)
			}
		}
		if _, err := again.Init("go-101", 8, "host-001.init.mp4"); err == nil {
			t.Error("of another recording")
		}
		again.Close()
	})
}

// TestSegments: whatever the parts are, segments follow each other without a
// gap, begin with a keyframe unless one is long in coming, and are short.
func TestSegments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var parts []where
		offset, at := int64(800), time.Duration(0)
		for range rapid.IntRange(0, 60).Draw(t, "parts") {
			size, length := rapid.Int64Range(100, 100_000).Draw(t, "size"), time.Duration(rapid.IntRange(1, 900).Draw(t, "ms"))*time.Millisecond
			parts = append(parts, where{offset: offset, size: size, begin: at, end: at + length, key: rapid.Bool().Draw(t, "key") || len(parts) == 0})
			offset, at = offset+size, at+length
		}
		video, done := rapid.Bool().Draw(t, "video"), rapid.Bool().Draw(t, "done")
		list := segmentsOf(parts, video, done)
		keys := map[int64]bool{}
		for _, p := range parts {
			keys[p.offset] = p.key
		}
		next, when := int64(800), time.Duration(0)
		for i, s := range list {
			if s.offset != next || s.begin != when || s.end <= s.begin || s.end-s.begin >= 4500*time.Millisecond {
				t.Fatalf("segment %d: %+v after %d, %v", i, s, next, when)
			}
			if i > 0 && video && !keys[s.offset] && list[i-1].end-list[i-1].begin < segmentLeast {
				t.Fatalf("segment %d begins without a keyframe after %v", i, list[i-1].end-list[i-1].begin)
			}
			next, when = s.offset+s.size, s.end
		}
		if done && (next != offset || when != at) || !done && at-when > 3500*time.Millisecond {
			t.Fatalf("%v of %v", when, at)
		}
	})
}

// TestPlaylistsAreOfNamedFiles: of films that HLS knows, and that the manifest
// has.
func TestPlaylistsAreOfNamedFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHall(t, t.TempDir(), webrtc.MimeTypeVP8, Config{})
		h.start(t, 7)
		time.Sleep(3 * time.Second)
		if _, err := h.Playlist("go-101", 7, "host-001.m3u8"); err == nil {
			t.Error("WebM is no HLS")
		}
		if err := os.WriteFile(filepath.Join(h.dir, "go-101", "7", "x.mp4"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Playlist("go-101", 7, "x.m3u8"); err == nil {
			t.Error("a file that is not the recording's")
		}
		h.Stop("go-101", 7, 0, "")
		h.Close()
	})
}
