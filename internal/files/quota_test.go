package files_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/wire"
)

// sound is one that differs by n, of 20 KB.
func sound(n int) []byte {
	return append(mp3Sound(), append(bytes.Repeat([]byte{byte(n)}, 20_000-len(mp3Sound())-1), byte(n>>8))...)
}

func TestSameContentIsKeptOnce(t *testing.T) {
	s, dir := open(t, files.Config{Total: 200_000})
	var all sync.WaitGroup
	ids := make([]wire.FileID, 8)
	for i := range ids {
		all.Go(func() {
			f, err := put(t, s, "maya", sound(i%2))
			if ids[i] = f.ID; err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := names(t, dir); len(got) != 2 || ids[0] == ids[1] || ids[0] != ids[6] || ids[1] != ids[7] {
		t.Fatalf("%v are kept of %v", got, ids)
	}
	for n := 2; n < 10; n++ { // 40,000 bytes are in use, not more
		must[files.File](t)(put(t, s, "maya", sound(n)))
	}
	again := must[*files.Store](t)(files.Open(dir, files.Config{Total: 200_000}))
	for name, s := range map[string]*files.Store{"now": s, "after a restart": again} {
		if _, err := put(t, s, "maya", sound(10)); !errors.Is(err, files.ErrFull) {
			t.Errorf("one too many %s: %v", name, err)
		}
	}
}

func TestWhatWasArrivingIsGoneAfterACrash(t *testing.T) {
	s, dir := open(t, files.Config{})
	f := must[files.File](t)(put(t, s, "maya", sound(1)))
	for _, name := range []string{"arriving-1", "arriving-77"} {
		must[int](t)(0, os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600))
	}
	again := must[*files.Store](t)(files.Open(dir, files.Config{}))
	if got := names(t, dir); len(got) != 1 || got[0] != string(f.ID) {
		t.Errorf("there is %v", got)
	}
	kept(t, again, f)
}

// The classes' own data have the disk's last bytes.
func TestSpareDisk(t *testing.T) {
	s, dir := open(t, files.Config{Spare: 1 << 60})
	if _, err := put(t, s, "maya", sound(1)); !errors.Is(err, files.ErrFull) {
		t.Errorf("got %v", err)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

func TestSlots(t *testing.T) {
	s, _ := open(t, files.Config{Slots: 1})
	r, w := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := s.Put(t.Context(), "maya", -1, r)
		done <- err
	}()
	half := sound(1)
	must[int](t)(w.Write(half[:5000])) // it has the slot
	if _, err := put(t, s, "ana", sound(2)); !errors.Is(err, wire.ErrBusy) {
		t.Errorf("a second at once: %v", err)
	}
	must[int](t)(w.Write(half[5000:]))
	must[int](t)(0, w.Close())
	must[int](t)(0, <-done)
	must[files.File](t)(put(t, s, "ana", sound(2)))
}

// Against a list of what was uploaded when: each person has so many bytes and
// files an hour from their first upload on, what was refused does not count,
// and all together have so many.
func TestQuotas(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		synctest.Test(t, func(t *testing.T) {
			const each, count, total = 100_000, 4, 260_000
			s, _ := open(t, files.Config{Hourly: each, Count: count, Total: total})
			type hour struct {
				since        time.Time
				bytes, files int
			}
			hours, there := map[wire.UserID]*hour{}, map[int]bool{}
			for range rapid.IntRange(1, 16).Draw(rt, "uploads") {
				time.Sleep(time.Duration(rapid.IntRange(0, 40).Draw(rt, "minutes")) * time.Minute)
				by := rapid.SampledFrom([]wire.UserID{"maya", "ana"}).Draw(rt, "by")
				n := rapid.IntRange(0, 20).Draw(rt, "which")
				b := sound(n)
				if wide := rapid.Bool().Draw(rt, "larger"); wide {
					b, n = append(b, make([]byte, 25_000)...), n+100
				}
				h := hours[by]
				if h == nil || time.Since(h.since) >= time.Hour {
					h = &hour{since: time.Now()}
					hours[by] = h
				}
				used := 0
				for n := range there {
					used += 20_000 + n/100*25_000
				}
				want := ""
				bad := rapid.IntRange(0, 5).Draw(rt, "broken") == 0
				switch {
				case h.files == count:
					want = "file.quota"
				case bad:
					want = "file.cut"
				case h.bytes+len(b) > each:
					want = "file.quota"
				case used+len(b) > total:
					want = "file.full"
				}
				var from io.Reader = bytes.NewReader(b)
				if bad {
					from = cut{bytes.NewReader(b[:15_000]), io.ErrUnexpectedEOF}
				}
				_, err := s.Put(t.Context(), by, -1, from)
				got := ""
				if err != nil {
					got = wire.Public(err).Code
				}
				if bad && want == "file.cut" && (h.bytes+15_000 > each || used+15_000 > total) {
					want = got // it may have been full before it was cut
				}
				if got == "file.full" && want == "file.quota" && h.files < count && used+len(b) > total {
					want = got // both are so, and it comes in pieces
				}
				if got != want {
					t.Fatalf("%s's %d bytes: got %q, want %q; had %+v, used %d", by, len(b), got, want, *h, used)
				}
				if got == "file.quota" {
					if wait := time.Duration(wire.Public(err).RetryMS) * time.Millisecond; wait <= 0 || wait != time.Until(h.since.Add(time.Hour)) {
						t.Fatalf("again in %v, want %v", wait, time.Until(h.since.Add(time.Hour)))
					}
				}
				if got == "" {
					h.bytes, h.files, there[n] = h.bytes+len(b), h.files+1, true
				}
			}
		})
	})
}

// Whatever is done to a picture, it is refused for a reason that can be told,
// leaving nothing, or it is kept as what it would be kept as again.
func TestAnyBytes(t *testing.T) {
	seeds := [][]byte{
		encodePNG(t), encodeJPEG(t), encodeGIF(t), mp3Sound(), film("isom"), oggSound("OpusHead\x01\x02"),
		riff("WEBP", "VP8X", canvas, "VP8L", lossless, "EXIF", "x"), riff("WAVE", "fmt ", strings.Repeat("\x01", 16)),
		append([]byte("\xff\xd8"), append([]byte(segment(0xe1, "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00")), encodeJPEG(t)[2:]...)...),
	}
	rapid.Check(t, func(rt *rapid.T) {
		s, dir := open(t, files.Config{})
		b := bytes.Clone(rapid.SampledFrom(seeds).Draw(rt, "file"))
		for range rapid.IntRange(0, 4).Draw(rt, "changes") {
			at := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
			switch rapid.IntRange(0, 3).Draw(rt, "change") {
			case 0:
				b[at] = rapid.Byte().Draw(rt, "byte")
			case 1:
				b = b[:at+1]
			case 2:
				b = append(b[:at:at], append(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(rt, "more"), b[at:]...)...)
			default:
				b = append(b[:at:at], b[min(len(b), at+rapid.IntRange(1, 30).Draw(rt, "less")):]...)
			}
			if len(b) == 0 {
				b = []byte{0}
			}
		}
		f, err := put(t, s, "maya", b)
		if err != nil {
			if code := wire.Public(err).Code; code != "file.type" && code != "file.broken" && code != "file.large" {
				t.Fatalf("got %v", err)
			}
			if left := names(t, dir); len(left) > 0 {
				t.Fatalf("it leaves %v", left)
			}
			return
		}
		again, err := put(t, s, "ana", kept(t, s, f))
		if err != nil || again != f {
			t.Fatalf("kept as %+v, and then as %+v: %v", f, again, err)
		}
	})
}
