package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

const algebra wire.RoomID = "algebra"

// theatre is a studio that plays by the clock, for an origin to read.
type theatre struct {
	mu sync.Mutex
	*studio
}

func (a *theatre) do(f func(*studio)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(a.studio)
}

func (a *theatre) codec(source media.Source) (mime string, ok bool) {
	a.do(func(s *studio) {
		s.until(time.Now())
		mime, ok = s.codec(source)
	})
	return mime, ok
}

func (a *theatre) layers(source media.Source, now time.Time) (list []media.Quality) {
	a.do(func(s *studio) { list = s.layers(source, now) })
	return list
}

func (a *theatre) tap(q media.Quality, source media.Source) (t tap) {
	a.do(func(s *studio) { t = lockedTap{a, s.tap(q, source)} })
	return t
}

type lockedTap struct {
	theatre *theatre
	tap     tap
}

func (l lockedTap) Read(now time.Time, take func(media.Unit)) {
	l.theatre.do(func(*studio) { l.tap.Read(now, take) })
}

// house is a service with what plays in its rooms.
type house struct {
	*Service
	*theatre
	asked int // how often a publisher was asked for H.264
}

func open(t *testing.T, c Config) *house {
	h := &house{theatre: &theatre{studio: newStudio(time.Now())}}
	h.Service = newService(c, func(room wire.RoomID) air {
		if room == "empty" {
			return nil
		}
		return h.theatre
	}, func(wire.RoomID) { h.do(func(*studio) { h.asked++ }) }, zap.NewNop())
	t.Cleanup(h.Close)
	return h
}

// get asks for something as Ana does.
func (h *house) get(path, msn, part string) (string, error) {
	r, err := h.Get(context.Background(), Request{Room: algebra, Person: "ana", Path: path, MSN: msn, Part: part})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = r.Send(&b)
	if err == nil && int64(b.Len()) != r.Length {
		err = fmt.Errorf("%d bytes are announced, and %d come", r.Length, b.Len())
	}
	return b.String(), err
}

// variants reads the multivariant playlist: addresses of renditions.
func (h *house) variants(t *testing.T) (list []string) {
	t.Helper()
	text, err := h.get(liveName, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

func (h *house) list(t *testing.T, address, msn, part string) *list {
	t.Helper()
	text, err := h.get(address, msn, part)
	if err != nil {
		t.Fatalf("%s?%s.%s: %v", address, msn, part, err)
	}
	l, err := parseList([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v\n%s", address, err, text)
	}
	return l
}

func code(err error) string {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

// TestViewer follows a stream as a player does, from one part to the next.
func TestViewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, Config{})
		began := time.Now()
		all := h.variants(t)
		if len(all) != 3 || !strings.HasSuffix(all[0], "/high/live.m3u8") || !strings.HasSuffix(all[2], "/sound/live.m3u8") {
			t.Fatalf("renditions: %v", all)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the first viewer waited for %v", took)
		}
		dir := strings.TrimSuffix(all[0], liveName)
		l := h.list(t, all[0], "", "")
		if b := h.Behind(algebra, "ana"); b != 0 {
			t.Errorf("nothing was served, and somebody is %v behind", b)
		}
		for range 60 {
			number, part, _ := parseName(l.hint)
			asked := time.Now()
			if _, err := h.get(dir+l.hint, "", ""); err != nil {
				t.Fatalf("%s: %v", l.hint, err)
			}
			if took := time.Since(asked); took > 2*partTarget {
				t.Fatalf("%s came after %v", l.hint, took)
			}
			if b := h.Behind(algebra, "ana"); b < holdBack || b > holdBack+partTarget+soundLate {
				t.Fatalf("%v behind", b)
			}
			l = h.list(t, all[0], strconv.FormatUint(number, 10), strconv.Itoa(part))
			if at, parts, _ := parseName(l.hint); at < number || at == number && parts <= part {
				t.Fatalf("after %d.%d the hint is %s", number, part, l.hint)
			}
			if len(l.reports) != 2 {
				t.Fatalf("%d rendition reports", len(l.reports))
			}
		}
		time.Sleep(watches + time.Second)
		if b := h.Behind(algebra, "ana"); b != 0 {
			t.Errorf("who watches no more is %v behind", b)
		}
		time.Sleep(h.config.Idle)
		synctest.Wait()
		if n := len(h.origins); n != 0 {
			t.Errorf("nobody asks, and %d rooms are served", n)
		}
		if _, err := h.get(all[0], "", ""); code(err) != ErrNone.Code {
			t.Errorf("the old playlist: %v", err)
		}
		if again := h.variants(t); again[0] == all[0] {
			t.Error("the second run has the first one's address")
		}
	})
}

// TestAnotherPicture: what comes, goes or is of another codec ends a run, says
// so, and begins the next.
func TestAnotherPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, Config{Idle: time.Minute})
		first := h.variants(t)
		h.do(func(s *studio) { s.codecs[media.Camera] = webrtc.MimeTypeVP8 })
		time.Sleep(converts / 2)
		if l := h.list(t, first[0], "", ""); l.ended || h.asked != 1 {
			t.Fatalf("ended: %v, and its publisher was asked %d times", l.ended, h.asked)
		}
		time.Sleep(converts)
		if l := h.list(t, first[0], "", ""); !l.ended {
			t.Error("the run goes on without its picture")
		}
		if s, err := h.State(algebra); err != nil || s.Picture != webrtc.MimeTypeVP8 {
			t.Errorf("%+v, %v", s, err)
		}
		if sound := h.variants(t); len(sound) != 1 || !strings.HasSuffix(sound[0], "/sound/live.m3u8") {
			t.Errorf("in place of a picture that cannot be shown: %v", sound)
		}
		h.do(func(s *studio) {
			s.codecs[media.Camera] = webrtc.MimeTypeH264
			s.back()
		})
		time.Sleep(2 * settled)
		if again := h.variants(t); len(again) != 3 {
			t.Errorf("with the picture back: %v", again)
		}
		h.do(func(s *studio) { clear(s.codecs) })
		time.Sleep(2 * settled)
		if _, err := h.get(liveName, "", ""); code(err) != ErrIdle.Code {
			t.Errorf("nothing is on air: %v", err)
		}
		if s, err := h.State(algebra); err != nil || s.State != Idle {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// TestBounds: rooms and requests that wait are bounded, and all end with the
// service.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, Config{Rooms: 1, Waiting: 3})
		all := h.variants(t)
		if _, err := h.Get(t.Context(), Request{Room: "second", Path: liveName}); code(err) != ErrFull.Code {
			t.Errorf("a second room: %v", err)
		}
		if _, err := h.Get(t.Context(), Request{Room: "empty", Path: liveName}); code(err) != ErrIdle.Code {
			t.Errorf("a room with nobody in it: %v", err)
		}
		h.do(func(s *studio) { clear(s.codecs) }) // nothing comes any more
		time.Sleep(settled / 2)
		l := h.list(t, all[0], "", "")
		next, _, _ := parseName(l.hint)
		ends := make(chan error, 4)
		for range 4 {
			go func() {
				_, err := h.get(all[0], fmt.Sprint(next+1), "")
				ends <- err
			}()
		}
		synctest.Wait()
		if err := <-ends; code(err) != ErrFull.Code {
			t.Errorf("the fourth that waits: %v", err)
		}
		if _, err := h.get(all[0], fmt.Sprint(next+3), ""); code(err) != ErrAhead.Code {
			t.Errorf("far ahead: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.Get(gone, Request{Room: algebra, Path: strings.TrimSuffix(all[0], liveName) + l.hint}); err == nil {
			t.Error("who has gone was answered")
		}
		h.Close()
		for range 3 {
			<-ends // they end: with an end of the playlist, or a refusal
		}
		if _, err := h.State(algebra); err == nil {
			t.Error("a closed service begins a stream")
		}
	})
}

// TestNames: whatever is asked for, the answer is a refusal that a client may
// read, at once.
func TestNames(t *testing.T) {
	t.Parallel() // in real time: what is to be asked for takes three seconds
	h := open(t, Config{})
	all := h.variants(t)
	run, _, _ := strings.Cut(all[0], "/")
	odd := []string{"", ".", "..", "../../etc/passwd", "i0.mp4", "i99999999999.mp4", "1.m4s", "-1.m4s", "1.-1.m4s", "18446744073709551616.m4s", "9.m4s/", "1.1.1.m4s", "i.mp4", "\x00", "live.m3u8", run, "high", "sound"}
	rapid.Check(t, func(t *rapid.T) {
		path := rapid.StringMatching(`[ -~]{0,30}`).Draw(t, "path")
		if rapid.Bool().Draw(t, "near") {
			path = strings.Join(rapid.SliceOfN(rapid.SampledFrom(odd), 1, 5).Draw(t, "names"), "/")
		}
		msn := rapid.SampledFrom([]string{"", "-1", "x", "1", "99999999999999999999"}).Draw(t, "msn")
		_, err := h.get(path, msn, rapid.SampledFrom([]string{"", "0", "-1", "y"}).Draw(t, "part"))
		if err == nil {
			return
		}
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code == wire.ErrInternal.Code {
			t.Fatalf("%q: %v", path, err)
		}
	})
}

// TestHugePictures: what is kept has a bound though the pictures are huge, and
// what a player is about to play is there.
func TestHugePictures(t *testing.T) {
	s := newShelf("high", epoch, 10<<20)
	o := &opening{name: "i0.mp4"}
	for n := range 40 {
		at := time.Duration(n) * time.Second
		s.put(cutting{segment: uint64(n + 1), last: true, from: at, until: at + time.Second, independent: true, opening: o, data: make([]byte, 1<<20)})
		s.show(nil, false)
		if s.bytes > s.bound {
			t.Fatalf("%d bytes are kept", s.bytes)
		}
	}
	if len(s.segments) < 8 || s.segment(40) == nil || s.segment(1) != nil {
		t.Errorf("%d segments are kept", len(s.segments))
	}
}

// TestOneAsksForAll: one person cannot have all the places of those who wait.
func TestOneAsksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, Config{})
		o, err := h.origin(algebra)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		for range eachAsks {
			wait.Go(func() { _, _ = h.Get(ctx, Request{Room: algebra, Person: "mallory", Path: liveName}) })
		}
		synctest.Wait()
		if _, err := h.Get(t.Context(), Request{Room: algebra, Person: "mallory", Path: liveName}); code(err) != ErrFull.Code {
			t.Errorf("one more is answered with %v", err)
		}
		if _, err := h.Get(t.Context(), Request{Room: algebra, Person: "ana", Path: liveName}); err != nil {
			t.Errorf("somebody else is refused: %v", err)
		}
		cancel()
		wait.Wait()
		if len(o.asking) != 0 {
			t.Errorf("still counted: %v", o.asking)
		}
	})
}
