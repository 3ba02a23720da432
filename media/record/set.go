package record

import (
	"fmt"
	"strings"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/opus"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/media/frame"
)

const (
	settled     = 700 * time.Millisecond // that the stage must be as it is before a file begins
	pendingMost = 4000                   // frames that wait for that
	soundLate   = 700 * time.Millisecond // after which sound that has not come is silence: more than a tap waits
	soundStep   = 20 * time.Millisecond
	longest     = 4 * time.Hour // of one file
)

// silence is one packet of it: Opus, CELT only, 20 ms (RFC 6716, section 3.1).
var silence = []byte{0xf8, 0xff, 0xfe}

// group is what is recorded into one run of files.
type group struct {
	name         string
	image, sound media.Source
}

var groups = []group{
	{"host", media.Camera, media.Microphone},
	{"screen", media.Screen, media.ScreenAudio},
}

// set records one group. It belongs to its recording's goroutine.
//
//	nothing on air ──something──▶ waiting ──stage settled, keyframe──▶ writing
//	writing ──picture on, off, or another──▶ waiting or writing the next file
type set struct {
	group
	book     book
	open     func(*media.Stage) tap
	tap      tap
	stage    *media.Stage
	line     frame.Timeline
	track    frame.Track // how far the picture has come in line
	pictures frame.Assembler

	video   string // the picture's codec as it is on air; "": none
	since   time.Time
	pending []placed

	file    *file
	name    string
	mime    string        // of file's picture
	start   time.Duration // of file
	soundAt time.Duration // up to which file has sound
	soundIn time.Duration // where its last packet began; before the first, -1
	lost    int
}

// tap is what a set reads: a [media.Tap].
type tap interface {
	OnAir(media.Source) (mime string, ok bool)
	Read(now time.Time, take func(media.Unit))
}

// book is told what files there are.
type book interface {
	begin(set string, start time.Duration, l layout, width, height int) (name string, d disk, err error)
	wrote(name string, w where)
	grown(name string, length time.Duration, done bool)
}

// placed is a frame with its time in the recording.
type placed struct {
	frame.Frame
	at    time.Duration
	sound bool
}

func newSet(g group, b book, began time.Time) *set {
	open := func(stage *media.Stage) tap { return stage.Tap(g.image, g.sound) }
	return &set{group: g, book: b, open: open, line: frame.Timeline{Began: began}}
}

// poll reads what has come and writes what is due.
func (s *set) poll(stage *media.Stage, now time.Time) error {
	if stage != s.stage {
		s.stage, s.tap, s.pictures = stage, nil, frame.Assembler{}
		if stage != nil {
			s.tap = s.open(stage)
		}
	}
	if err := s.look(now); err != nil {
		return err
	}
	var failed error
	if s.tap != nil {
		s.tap.Read(now, func(u media.Unit) {
			if u.Lost {
				s.lost++
			}
			if failed == nil {
				failed = s.take(u, now)
			}
		})
	}
	if failed != nil {
		return failed
	}
	if err := s.begin(now); err != nil {
		return err
	}
	return s.tick(now)
}

// look sees what is on air, and ends the file if that is something else.
func (s *set) look(now time.Time) error {
	video, sound := "", false
	if s.tap != nil {
		video, _ = s.tap.OnAir(s.image)
		_, sound = s.tap.OnAir(s.sound)
	}
	if s.group.image == media.Screen && video == "" {
		sound = false // its sound alone is nothing to keep
	}
	if video == "" && !sound {
		s.pending = nil
		s.since = time.Time{}
		return s.end()
	}
	if s.since.IsZero() || video != s.video {
		s.video, s.since = video, now
	}
	if s.file != nil && s.mime != s.video {
		return s.end()
	}
	return nil
}

// take adds a packet.
func (s *set) take(u media.Unit, now time.Time) error {
	sound := u.Source == s.sound
	var failed error
	add := func(f frame.Frame) {
		p := placed{Frame: f, sound: sound}
		if sound {
			p.at = s.line.Sound(f)
		} else {
			p.at = s.line.Picture(&s.track, f)
		}
		if failed != nil {
			return
		}
		if s.file == nil {
			s.wait(p)
			return
		}
		failed = s.write(p, now)
	}
	if sound {
		var a frame.Assembler
		a.Take(u, add)
	} else {
		s.pictures.Take(u, add)
	}
	return failed
}

// wait keeps a frame until a file is begun, with the newest keyframe in front.
func (s *set) wait(p placed) {
	if !p.sound && p.Key && s.video != "" {
		kept := s.pending[:0]
		for _, old := range s.pending {
			if old.at >= p.at && old.sound {
				kept = append(kept, old)
			}
		}
		s.pending = kept
	}
	if len(s.pending) >= pendingMost {
		s.pending = s.pending[1:]
	}
	s.pending = append(s.pending, p)
}

// begin begins a file when the stage has settled.
func (s *set) begin(now time.Time) error {
	if s.file != nil || s.since.IsZero() || now.Sub(s.since) < settled {
		return nil
	}
	first := -1
	for i, p := range s.pending {
		if s.video != "" && !p.sound && p.Key || s.video == "" && p.sound {
			first = i
			break
		}
	}
	if first < 0 {
		return nil
	}
	head := s.pending[first]
	if err := s.next(head); err != nil {
		return err
	}
	pending := s.pending
	s.pending = nil
	for _, p := range pending {
		if p.at < head.at {
			continue
		}
		if err := s.write(p, now); err != nil {
			return err
		}
	}
	return nil
}

// next begins a file with frame p.
func (s *set) next(p placed) error {
	l := layout{Format: formatMP4, Sound: true}
	if !p.sound {
		l.Format, l.Video, l.Params = formatWebM, true, p.Params
		if strings.EqualFold(s.video, webrtc.MimeTypeH264) {
			l.Format = formatMP4
			var sps h264.SPS
			if err := sps.Unmarshal(l.SPS); err != nil {
				return fmt.Errorf("sequence parameter set: %w", err)
			}
			l.Width, l.Height = sps.Width(), sps.Height()
		}
	}
	name, d, err := s.book.begin(s.group.name, p.at, l, l.Width, l.Height)
	if err != nil {
		return err
	}
	f, err := newFile(d, l)
	if err != nil {
		_ = d.Close()
		return err
	}
	f.wrote = func(w where) { s.book.wrote(name, w) }
	s.file, s.name, s.start, s.mime = f, name, p.at, s.video
	s.soundAt, s.soundIn = 0, -1
	return nil
}

// write adds a frame to the file, or begins another file with it.
func (s *set) write(p placed, now time.Time) error {
	l := &s.file.layout
	other := l.Format == formatMP4 && p.Key && !p.sound && !p.Same(l.Params)
	if other || (p.Key && !p.sound || !l.Video) && p.at-s.start > longest {
		if err := s.end(); err != nil {
			return err
		}
		if err := s.next(p); err != nil {
			return err
		}
	}
	at := p.at - s.start
	if at < 0 || !p.sound && !s.file.layout.Video {
		return nil
	}
	if !p.sound {
		return s.file.add(false, sample{at, p.Key, p.Data}, now)
	}
	if at < s.soundAt-soundStep || at <= s.soundIn {
		return nil // too late: silence is there in its place
	}
	if err := s.hush(at, now); err != nil {
		return err
	}
	length := span(opus.PacketDuration2(p.Data), soundScale)
	s.soundIn, s.soundAt = at, at+length
	return s.file.add(true, sample{at, true, p.Data}, now)
}

// hush fills the sound with silence up to a time: players count sound by its
// packets, and would bring what comes after a gap too early.
func (s *set) hush(until time.Duration, now time.Time) error {
	for until-s.soundAt >= soundStep {
		if s.soundIn >= 0 && s.soundAt <= s.soundIn {
			s.soundAt = s.soundIn + frame.Least
		}
		if err := s.file.add(true, sample{s.soundAt, true, silence}, now); err != nil {
			return err
		}
		s.soundIn = s.soundAt
		s.soundAt += soundStep
	}
	return nil
}

// tick writes what has waited long enough.
func (s *set) tick(now time.Time) error {
	if s.file == nil {
		return nil
	}
	if err := s.hush(now.Sub(s.line.Began)-s.start-soundLate, now); err != nil {
		return err
	}
	n := s.file.n
	if err := s.file.tick(now); err != nil {
		return err
	}
	if s.file.n != n || s.file.n > 0 {
		s.book.grown(s.name, s.file.length, false)
	}
	return nil
}

// end ends the file, if there is one.
func (s *set) end() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	err := f.close()
	s.book.grown(s.name, f.length, err == nil)
	return err
}
