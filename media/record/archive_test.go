package record

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// show is a host on air: it sends whatever is due when it is read.
type show struct {
	studio
	last time.Time
	n    int
}

func (s *show) Read(now time.Time, take func(media.Unit)) {
	if s.last.IsZero() {
		s.last = now
	}
	for ; s.last.Before(now); s.last = s.last.Add(20 * time.Millisecond) {
		s.n++
		s.word(s.last, s.last, s.n)
		if s.n%2 == 0 {
			s.picture(s.last, s.last, s.n, s.n%100 == 0 || s.n == 2, testSPS)
		}
	}
	s.studio.Read(now, take)
}

// nobody is on air.
type nobody struct{ studio }

// hall is an archive over which a host is on air, with camera and microphone.
type hall struct {
	*Archive

	mu      sync.Mutex // guards the rest: recordings tell it
	stopped []string
	cuts    []Clip
}

func (h *hall) heard() (stopped []string, cuts []Clip) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.stopped), slices.Clone(h.cuts)
}

func openHall(t *testing.T, dir, mime string, config Config) *hall {
	t.Helper()
	h := &hall{}
	a, err := Open(dir, config, Told{
		Stopped: func(_ wire.RoomID, _ uint64, reason string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.stopped = append(h.stopped, reason)
		},
		Cut: func(_ Manifest, c Clip) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.cuts = append(h.cuts, c)
		},
	}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	a.open = func(_ *media.Stage, g group) tap {
		if g.name == "host" {
			return &show{studio: studio{video: mime, voice: true, stream: 1}}
		}
		return &nobody{}
	}
	h.Archive = a
	return h
}

func (h *hall) start(t *testing.T, id uint64) {
	t.Helper()
	stage, at := &media.Stage{}, wire.At(time.Now())
	if m, err := h.Get("go-101", id); err == nil {
		at = m.Started // told again
	}
	if err := h.Start("go-101", id, "Go", at, func() *media.Stage { return stage }); err != nil {
		t.Fatal(err)
	}
}

// only returns the one recording that there is.
func (h *hall) only(t *testing.T) Manifest {
	t.Helper()
	list := h.List("go-101")
	if len(list) != 1 {
		t.Fatalf("%d recordings", len(list))
	}
	return list[0]
}

func (h *hall) read(t *testing.T, m Manifest, name string) (*index, []timed) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(h.dir, "go-101", "7", name))
	if err != nil {
		t.Fatal(err)
	}
	ix, film, err := readBack(t, raw, format(strings.TrimPrefix(filepath.Ext(name), ".")))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return ix, film
}

func near(a, b, by int64) bool { return a-b < by && b-a < by }

// TestARecording from its beginning to its end, with chapters and a clip.
func TestARecording(t *testing.T) {
	for _, mime := range []string{webrtc.MimeTypeH264, webrtc.MimeTypeVP8} {
		t.Run(mime, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := openHall(t, t.TempDir(), mime, Config{})
				began := time.Now()
				h.start(t, 7)
				h.start(t, 7) // told again after a crash
				time.Sleep(4 * time.Second)
				h.Mark("go-101", wire.At(time.Now()), "poll", 11)
				h.Mark("go-101", wire.At(time.Now()), "poll", 11)
				time.Sleep(36 * time.Second)
				h.Want("go-101", 7, 12, "", wire.At(time.Now().Add(-30*time.Second)), wire.At(time.Now()))
				time.Sleep(3 * time.Second)
				if _, cuts := h.heard(); len(cuts) != 1 {
					t.Fatalf("clips while it goes on: %v", cuts)
				}
				time.Sleep(17 * time.Second)
				h.Want("go-101", 7, 13, "the end", wire.At(time.Now().Add(-5*time.Second)), wire.At(time.Now()))
				h.Stop("go-101", 7, wire.At(time.Now()), "")
				h.Stop("go-101", 7, wire.At(time.Now()), "")
				h.start(t, 7) // what has ended does not go on
				time.Sleep(3 * time.Second)
				m := h.only(t)
				if m.Ended != wire.At(began.Add(time.Minute)) || !near(m.Length(), 60_000, 100) || len(m.Files) != 1 || !m.Files[0].Done || m.Lost != 0 || m.Files[0].Start > 1100 {
					t.Errorf("%+v", m)
				}
				if len(m.Chapters) != 1 || m.Chapters[0] != (Chapter{4000, "poll", 11}) {
					t.Errorf("chapters %+v", m.Chapters)
				}
				ix, film := h.read(t, m, m.Files[0].Name)
				if !ix.finished {
					t.Error("not finished")
				}
				byData := map[string]timed{}
				for _, s := range film {
					byData[string(s.data)] = s
				}
				if _, cuts := h.heard(); len(m.Clips) != 2 || len(cuts) != 2 {
					t.Fatalf("clips %+v", m.Clips)
				}
				for _, c := range m.Clips {
					cx, clip := h.read(t, m, c.Name)
					if !cx.finished || !cx.parts[0].key {
						t.Errorf("clip %d: finished %v, begins with a keyframe: %v", c.ID, cx.finished, cx.parts[0].key)
					}
					// From the keyframe before its beginning to its end.
					from, to := c.From-m.Files[0].Start, c.To-m.Files[0].Start
					first := time.Duration(-1)
					for _, s := range clip {
						of, ok := byData[string(s.data)]
						if !ok {
							t.Fatalf("clip %d has what the recording has not", c.ID)
						}
						if first < 0 {
							first = of.at - s.at
						}
						if off := of.at - s.at - first; off > 2*time.Millisecond || off < -2*time.Millisecond {
							t.Fatalf("clip %d: moved by %v", c.ID, off)
						}
					}
					if first.Milliseconds() > from+1 || first.Milliseconds() < from-2001 || !near(c.Length, to-first.Milliseconds(), 100) {
						t.Errorf("clip %d of %d to %d: begins at %v, %d ms long", c.ID, from, to, first, c.Length)
					}
				}
				if path, err := h.ClipPath(Public("go-101", 12) + filepath.Ext(m.Clips[0].Name)); err != nil || filepath.Base(path) != m.Clips[0].Name {
					t.Errorf("clip path %q, %v", path, err)
				}
				for _, name := range []string{"../manifest.json", "manifest.json", "clip-12.mp4", "poster.jpg", "", ".."} {
					if _, err := h.Path("go-101", 7, name); !errors.Is(err, ErrNone) {
						t.Errorf("%q can be had: %v", name, err)
					}
				}
				if _, err := h.Delete("go-101", 7); err != nil {
					t.Error(err)
				}
				if _, err := os.Stat(filepath.Join(h.dir, "go-101", "7")); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the folder is still there: %v", err)
				}
				h.Close()
			})
		})
	}
}

// scarce is a disk with so many bytes left.
type scarce struct {
	disk
	left *atomic.Int64
	err  error
}

func (f scarce) WriteAt(b []byte, at int64) (int, error) {
	if f.left.Add(-int64(len(b))) < 0 {
		n, _ := f.disk.WriteAt(b[:len(b)/2], at) // half of it is there
		return n, f.err
	}
	return f.disk.WriteAt(b, at)
}

// TestDiskFull: the recording ends with its reason, what it has plays, and
// another one can begin when there is room again.
func TestDiskFull(t *testing.T) {
	for reason, err := range map[string]error{ReasonDisk: syscall.ENOSPC, ReasonFault: syscall.EIO} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := openHall(t, t.TempDir(), webrtc.MimeTypeH264, Config{})
				var left atomic.Int64
				left.Store(600_000)
				h.create = func(path string) (disk, error) {
					d, failed := createFile(path)
					return scarce{d, &left, err}, failed
				}
				h.start(t, 7)
				time.Sleep(time.Minute)
				if stopped, _ := h.heard(); !slices.Equal(stopped, []string{reason}) {
					t.Fatalf("told %v", stopped)
				}
				m := h.only(t)
				if m.Reason != reason || m.Ended == 0 || m.Length() < 5000 {
					t.Errorf("%+v", m)
				}
				ix, _ := h.read(t, m, m.Files[0].Name)
				if got := ix.length().Milliseconds(); !near(got, m.Length()-m.Files[0].Start, 2) {
					t.Errorf("%d ms play of %d", got, m.Length())
				}
				left.Store(1 << 40)
				h.start(t, 9)
				time.Sleep(5 * time.Second)
				h.Stop("go-101", 9, wire.At(time.Now()), "")
				if list := h.List("go-101"); len(list) != 2 || list[0].Reason != "" || list[0].Length() < 4000 {
					t.Errorf("afterwards: %+v", list)
				}
				h.Close()
			})
		})
	}
	t.Run("reserve", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := openHall(t, t.TempDir(), webrtc.MimeTypeVP8, Config{Reserve: 1 << 62})
			h.start(t, 7)
			time.Sleep(2 * time.Second)
			if stopped, _ := h.heard(); !slices.Equal(stopped, []string{ReasonDisk}) {
				t.Fatalf("told %v", stopped)
			}
			h.Close()
		})
	})
}

// TestKilledAtAnyMoment: what is on the disk then plays, and has lost less than
// a second; a server that is back goes on in the same recording.
func TestKilledAtAnyMoment(t *testing.T) {
	for _, mime := range []string{webrtc.MimeTypeH264, webrtc.MimeTypeVP8} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			h := openHall(t, dir, mime, Config{})
			began := time.Now()
			h.start(t, 7)
			time.Sleep(3 * time.Second)
			for range 40 {
				time.Sleep(73 * time.Millisecond)
				left := t.TempDir()
				if err := os.CopyFS(left, os.DirFS(dir)); err != nil { // as a kill leaves it
					t.Fatal(err)
				}
				at := time.Since(began).Milliseconds()
				b := openHall(t, left, mime, Config{})
				m := b.only(t)
				if lost := at - m.Length(); lost > 1000 || lost < -50 {
					t.Errorf("killed after %d ms: %d ms are there", at, m.Length())
				}
				if ix, film := b.read(t, m, m.Files[0].Name); !ix.finished || len(film) == 0 {
					t.Error("not mended")
				}
				b.Close()
			}
			h.Close() // stopped in order, and back after 5 s
			time.Sleep(5 * time.Second)
			h = openHall(t, dir, mime, Config{})
			if id := h.Waiting("go-101"); id != 7 {
				t.Fatalf("%d waits", id)
			}
			stage := &media.Stage{}
			h.Resume("go-101", 7, func() *media.Stage { return stage })
			time.Sleep(5 * time.Second)
			h.Stop("go-101", 7, wire.At(time.Now()), "")
			m := h.only(t)
			if len(m.Files) != 2 || m.Files[1].Start < m.Files[0].Start+m.Files[0].Length+4000 || !near(m.Length(), time.Since(began).Milliseconds(), 100) {
				t.Errorf("%+v", m)
			}
			if id := h.Waiting("go-101"); id != 0 {
				t.Errorf("%d waits after the end", id)
			}
			h.Close()
		})
	}
}

// TestReplacedLog: after an older backup was restored, the room comes to the
// position of a recording again. What was recorded then stays on the disk, and
// what is recorded now is a recording of its own.
func TestReplacedLog(t *testing.T) {
	for _, ended := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			h := openHall(t, dir, webrtc.MimeTypeVP8, Config{})
			h.start(t, 7)
			time.Sleep(3 * time.Second)
			if ended {
				h.Stop("go-101", 7, wire.At(time.Now()), "")
			}
			old := h.only(t)
			h.Close()
			time.Sleep(time.Minute)
			h = openHall(t, dir, webrtc.MimeTypeVP8, Config{})
			stage := &media.Stage{}
			if err := h.Start("go-101", 7, "Go again", wire.At(time.Now()), func() *media.Stage { return stage }); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			h.Stop("go-101", 7, wire.At(time.Now()), "")
			if m := h.only(t); m.Title != "Go again" || m.Started == old.Started || len(m.Files) != 1 || !near(m.Length(), 2000, 1000) {
				t.Errorf("%+v", m)
			}
			aside := filepath.Join(dir, "go-101", fmt.Sprintf("7-%d", old.Started), old.Files[0].Name)
			if _, err := os.Stat(aside); err != nil {
				t.Error(err)
			}
			h.Close()
		})
	}
}

// TestDeletedInPart: what a crash has left of a recording that was being
// deleted goes when the archive is opened.
func TestDeletedInPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := openHall(t, dir, webrtc.MimeTypeVP8, Config{})
		h.start(t, 7)
		time.Sleep(3 * time.Second)
		h.Stop("go-101", 7, wire.At(time.Now()), "")
		h.Close()
		at := filepath.Join(dir, "go-101", "7")
		if err := os.Rename(at, at+deletedSuffix); err != nil {
			t.Fatal(err)
		}
		h = openHall(t, dir, webrtc.MimeTypeVP8, Config{})
		defer h.Close()
		if _, err := os.Stat(at + deletedSuffix); !errors.Is(err, fs.ErrNotExist) || len(h.List("go-101")) != 0 {
			t.Errorf("it is still there: %v", err)
		}
	})
}

// TestBrokenFolders are left alone, and hide no other recording.
func TestBrokenFolders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := openHall(t, dir, webrtc.MimeTypeVP8, Config{})
		h.start(t, 7)
		time.Sleep(3 * time.Second)
		h.Stop("go-101", 7, wire.At(time.Now()), "")
		h.Close()
		good, err := os.ReadFile(filepath.Join(dir, "go-101", "7", manifestName))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{
			"go-101/8/manifest.json": []byte("{"), "go-101/9/manifest.json": good, "go-101/x/manifest.json": good,
			"NO/7/manifest.json": good, "other/7/manifest.json": good, "go-101/10/.new-1": good,
			"go-101/11/manifest.json": bytes.Replace(good, []byte(`"id":7`), []byte(`"id":11,"x":1`), 1),
		} {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h = openHall(t, dir, webrtc.MimeTypeVP8, Config{})
		if m := h.only(t); m.ID != 7 {
			t.Errorf("%+v", m)
		}
		h.Close()
	})
}

// BenchmarkClipOfAnHour cuts 30 s out of the middle of an hour.
func BenchmarkClipOfAnHour(b *testing.B) {
	for _, fm := range []format{formatMP4, formatWebM} {
		b.Run(string(fm), func(b *testing.B) {
			dir := b.TempDir()
			l := layoutOf(fm, true, true)
			d, err := createFile(filepath.Join(dir, "host-001."+string(fm)))
			if err != nil {
				b.Fatal(err)
			}
			f, err := newFile(unsynced{d}, l)
			if err != nil {
				b.Fatal(err)
			}
			picture, word := bytes.Repeat([]byte{9}, 8000), bytes.Repeat([]byte{7}, 80) // 30 a second: some 2 Mbit/s
			for n := range 3600 * 150 {
				at := time.Duration(n) * time.Second / 150
				if n%5 == 0 {
					err = f.add(false, sample{at, n%300 == 0, picture}, time.Time{})
				} else if n%3 == 1 {
					err = f.add(true, sample{at, true, word}, time.Time{})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			began := time.Now()
			if err := f.close(); err != nil {
				b.Fatal(err)
			}
			b.Logf("%d MB; finished in %v", f.end>>20, time.Since(began))
			m := Manifest{Files: []File{{Name: "host-001." + string(fm), Set: "host", Length: 3_600_000, Video: true}}}
			for b.Loop() {
				if _, err := cutClip(dir, m, Clip{ID: 1, From: 1_800_000, To: 1_830_000}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestSettle: a recording that the room's log does not know to go on is ended,
// and not gone on with; the one that it knows is.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := openHall(t, dir, webrtc.MimeTypeH264, Config{})
		h.start(t, 7)
		time.Sleep(5 * time.Second)
		h.Close() // the server is stopped, and an older backup restored
		h = openHall(t, dir, webrtc.MimeTypeH264, Config{})
		m := h.only(t)
		h.Settle("go-101", 7, m.Started)
		if h.Waiting("go-101") != 7 {
			t.Error("what goes on is ended")
		}
		h.Settle("go-101", 5, m.Started)
		if h.Waiting("go-101") != 0 {
			t.Error("it would be gone on with")
		}
		if m = h.only(t); m.Ended != m.Started+wire.Millis(m.Length()) {
			t.Errorf("it ended at %d, of %d ms", m.Ended-m.Started, m.Length())
		}
		if list := h.Ended(m.Ended); len(list) != 0 {
			t.Errorf("ended before its end: %v", list)
		}
		if list := h.Ended(m.Ended + 1); len(list) != 1 || list[0].ID != 7 {
			t.Errorf("ended: %v", list)
		}
		h.Close()

		again := openHall(t, dir, webrtc.MimeTypeH264, Config{})
		again.start(t, 9)
		time.Sleep(2 * time.Second)
		again.Settle("go-101", 0, 0) // its log is told a little late
		if m, _ := again.Get("go-101", 9); m.Ended != 0 {
			t.Error("what is written is ended")
		}
		again.Stop("go-101", 9, wire.At(time.Now()), "")
		again.Close()
	})
}
