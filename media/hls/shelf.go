package hls

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shelf is what one rendition offers: its newest segments and their parts, its
// playlists as they are now, and whoever waits for what comes next. Its run
// fills it; requests read it.
type shelf struct {
	name  string
	began time.Time // the wall clock at the run's zero
	bound int64     // bytes

	mu       sync.Mutex
	segments []*segment // by number, without a gap; the last one may be open
	openings map[string]*opening
	bytes    int64
	peak     int64 // bits a second of the most demanding segment of late
	live     []byte
	plain    []byte
	ended    bool
	wake     chan struct{} // closed when there is something new
}

// segment is a media segment, whole or in the making.
type segment struct {
	number  uint64
	from    time.Duration
	length  time.Duration
	opening *opening
	parts   []part
	whole   bool
	bytes   int64
}

type part struct {
	length      time.Duration
	until       time.Duration // where it ends in the run
	independent bool
	data        []byte
}

// independent reports whether a player can begin with the segment.
func (s *segment) independent() bool { return len(s.parts) > 0 && s.parts[0].independent }

func newShelf(name string, began time.Time, bound int64) *shelf {
	return &shelf{name: name, began: began, bound: bound, openings: map[string]*opening{}, wake: make(chan struct{})}
}

// put adds a part. Nobody is told of it before [shelf.show].
func (s *shelf) put(c cutting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.part == 0 {
		s.close()
		s.segments = append(s.segments, &segment{number: c.segment, from: c.from, opening: c.opening})
		s.openings[c.opening.name] = c.opening
	}
	seg := s.segments[len(s.segments)-1]
	seg.parts = append(seg.parts, part{length: c.until - c.from, until: c.until, independent: c.independent, data: c.data})
	seg.length += c.until - c.from
	seg.bytes += int64(len(c.data))
	s.bytes += int64(len(c.data))
	if c.last {
		s.close()
	}
	s.evict()
}

// close ends the open segment, if there is one.
func (s *shelf) close() {
	if n := len(s.segments); n > 0 && !s.segments[n-1].whole {
		seg := s.segments[n-1]
		seg.whole = true
		if seg.length > 0 {
			s.peak = max(s.peak*15/16, seg.bytes*8*int64(time.Second)/int64(seg.length))
		}
	}
}

// evict lets go of what is older than any playlist, or, where the pictures are
// huge, of what is beyond the bound; never of what a player is about to play.
func (s *shelf) evict() {
	const least = 4
	for len(s.segments) > kept+1 || s.bytes > s.bound && len(s.segments) > least {
		s.bytes -= s.segments[0].bytes
		s.segments = s.segments[1:]
	}
	for name, o := range s.openings {
		used := false
		for _, seg := range s.segments {
			used = used || seg.opening == o
		}
		if !used {
			delete(s.openings, name)
		}
	}
}

// show gives out new playlists and wakes those who wait.
func (s *shelf) show(others []*shelf, ended bool) {
	reports := make([]report, 0, len(others))
	for _, o := range others {
		if o != s {
			if r, ok := o.report(); ok {
				reports = append(reports, r)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = s.ended || ended
	if ended {
		s.close()
	}
	s.live = playlist{shelf: s, live: true, reports: reports}.text()
	s.plain = playlist{shelf: s}.text()
	close(s.wake)
	s.wake = make(chan struct{})
}

// report tells how far the rendition has come.
func (s *shelf) report() (report, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.segments) == 0 {
		return report{}, false
	}
	seg := s.segments[len(s.segments)-1]
	return report{s.name, seg.number, len(seg.parts) - 1}, true
}

// ready reports whether a player can begin: with a whole segment.
func (s *shelf) ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.segments) > 0 && s.segments[0].whole && s.live != nil
}

// await waits until look is satisfied or the rendition has ended. A moment
// that is too far away is refused at once.
func (s *shelf) await(ctx context.Context, gate *gate, look func() (ok, near bool)) error {
	entered := false
	for {
		s.mu.Lock()
		ok, near := look()
		wake, ended := s.wake, s.ended
		s.mu.Unlock()
		switch {
		case ok || ended:
			return nil
		case !near:
			return ErrAhead
		}
		if !entered {
			if !gate.enter() {
				return ErrFull.After(time.Second.Milliseconds())
			}
			defer gate.leave()
			entered = true
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next is the segment and the part that come after all that there is. It is
// called with the mutex held.
func (s *shelf) next() (number uint64, part int) {
	n := len(s.segments)
	if n == 0 {
		return 1, 0
	}
	if last := s.segments[n-1]; !last.whole {
		return last.number, len(last.parts)
	}
	return s.segments[n-1].number + 1, 0
}

// playlist returns the rendition's playlist once it has a segment, or a part
// of it: a blocking reload (section 6.2.5.2). Segment 0 is none in particular.
func (s *shelf) playlist(ctx context.Context, gate *gate, live bool, number uint64, part int) ([]byte, error) {
	err := s.await(ctx, gate, func() (bool, bool) {
		at, parts := s.next()
		there := number < at || number == at && part >= 0 && part < parts
		return there && s.live != nil, number <= at+2
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if live {
		return s.live, nil
	}
	return s.plain, nil
}

// found is a file of a rendition.
type found struct {
	data  [][]byte
	until time.Duration // where it ends in the run; 0: nowhere
}

// file returns a segment, a part or an initialization section by its name. A
// part that comes next is waited for, for players are told of it beforehand.
func (s *shelf) file(ctx context.Context, gate *gate, name string) (found, error) {
	number, part, kind := parseName(name)
	switch kind {
	case openingFile:
		s.mu.Lock()
		defer s.mu.Unlock()
		if o := s.openings[name]; o != nil {
			return found{data: [][]byte{o.data}}, nil
		}
		return found{}, ErrNone
	case partFile:
		err := s.await(ctx, gate, func() (bool, bool) {
			at, parts := s.next()
			return number < at || number == at && part < parts, number == at && part == parts || number == at+1 && part == 0
		})
		if err == ErrAhead {
			err = ErrNone
		}
		if err != nil {
			return found{}, err
		}
	case noFile:
		return found{}, ErrNone
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seg := s.segment(number)
	switch {
	case seg == nil, kind == segmentFile && !seg.whole, kind == partFile && part >= len(seg.parts):
		return found{}, ErrNone
	case kind == partFile:
		return found{[][]byte{seg.parts[part].data}, seg.parts[part].until}, nil
	}
	f := found{until: seg.from + seg.length}
	for _, p := range seg.parts {
		f.data = append(f.data, p.data)
	}
	return f, nil
}

func (s *shelf) segment(number uint64) *segment {
	if len(s.segments) == 0 || number < s.segments[0].number || number-s.segments[0].number >= uint64(len(s.segments)) {
		return nil
	}
	return s.segments[number-s.segments[0].number]
}

// The files of a rendition.
type fileKind int

const (
	noFile fileKind = iota
	openingFile
	segmentFile
	partFile
)

// parseName reads a file's name: i0.mp4, 17.m4s, or 17.2.m4s for a part.
func parseName(name string) (number uint64, part int, kind fileKind) {
	if rest, ok := strings.CutPrefix(name, "i"); ok {
		if _, err := strconv.ParseUint(strings.TrimSuffix(rest, ".mp4"), 10, 32); err == nil && strings.HasSuffix(rest, ".mp4") {
			return 0, 0, openingFile
		}
		return 0, 0, noFile
	}
	stem, ok := strings.CutSuffix(name, ".m4s")
	first, second, isPart := strings.Cut(stem, ".")
	number, err := strconv.ParseUint(first, 10, 62)
	if !ok || err != nil {
		return 0, 0, noFile
	}
	if !isPart {
		return number, 0, segmentFile
	}
	p, err := strconv.ParseUint(second, 10, 31)
	if err != nil {
		return 0, 0, noFile
	}
	return number, int(p), partFile
}

// writeTo sends a file.
func (f found) writeTo(w io.Writer) error {
	for _, b := range f.data {
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("send: %w", err)
		}
	}
	return nil
}
