package hls

import (
	"bytes"
	"embed"
	"encoding/binary"
	"slices"
	"time"

	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"github.com/lyceum-live/lyceum/media"
)

// The streams were made with FFmpeg: testsrc2 at 30 frames a second, x264,
// baseline, a keyframe every two seconds.
//
//go:embed testdata
var testdata embed.FS

// film is an elementary stream (H.264, annex B) as access units.
type film [][]byte

func readFilm(name string) film {
	raw, err := testdata.ReadFile("testdata/" + name + ".h264")
	if err != nil {
		panic(err)
	}
	var f film
	var unit []byte
	for _, nal := range bytes.Split(raw, []byte{0, 0, 1}) {
		nal = bytes.TrimRight(nal, "\x00")
		if len(nal) == 0 {
			continue
		}
		unit = append(append(unit, 0, 0, 0, 1), nal...)
		if kind := nal[0] & 0x1f; kind == 1 || kind == 5 {
			f = append(f, unit)
			unit = nil
		}
	}
	return f
}

func (f film) key(n int) bool { return n%60 == 0 }

var films = map[media.Quality]film{media.High: readFilm("high"), media.Low: readFilm("low")}

// studio is what is on air in a test, in simulated time: it plays the films
// and a voice to the taps that were opened.
type studio struct {
	now      time.Time
	codecs   map[media.Source]string
	sent     []media.Quality // layers that are sent
	swapped  bool            // the layers have each other's pictures: another size
	taps     []*studioTap
	stream   uint64
	frames   int // of the film so far
	words    int
	imageAt  time.Time // when the next picture is due
	soundAt  time.Time
	still    time.Duration // between two pictures of a still screen; 0: 30 a second
	quiet    bool          // no sound is sent, by DTX
	lost     bool          // nothing comes from the publisher
	lag      time.Duration // of pictures behind sound
	delayed  []delayed
	pictures map[media.Quality][][]byte // that were sent, whole
}

type delayed struct {
	at time.Time
	to *studioTap
	media.Unit
}

type studioTap struct {
	quality media.Quality
	source  media.Source
	units   []media.Unit
	began   bool // it has had a keyframe
}

func newStudio(now time.Time) *studio {
	return &studio{
		now: now, imageAt: now, soundAt: now, stream: 1, lag: 60 * time.Millisecond,
		codecs: map[media.Source]string{media.Camera: webrtc.MimeTypeH264, media.Microphone: webrtc.MimeTypeOpus},
		sent:   []media.Quality{media.High, media.Low}, pictures: map[media.Quality][][]byte{},
	}
}

func (s *studio) codec(source media.Source) (string, bool) {
	mime, ok := s.codecs[source]
	return mime, ok
}

func (s *studio) layers(media.Source, time.Time) []media.Quality { return s.sent }

func (s *studio) tap(q media.Quality, source media.Source) tap {
	t := &studioTap{quality: q, source: source}
	s.taps = append(s.taps, t)
	return t
}

func (t *studioTap) Read(_ time.Time, take func(media.Unit)) {
	units := t.units
	t.units = nil
	for _, u := range units {
		take(u)
	}
}

// until plays on to a moment.
func (s *studio) until(now time.Time) {
	for s.soundAt.Before(now) || s.imageAt.Before(now) {
		if s.soundAt.Before(s.imageAt) {
			s.word(s.soundAt)
			s.soundAt = s.soundAt.Add(soundStep)
		} else {
			s.picture(s.imageAt)
			step := time.Second / 30
			if s.still > 0 {
				step = s.still
			}
			s.imageAt = s.imageAt.Add(step)
		}
	}
	s.now = now
	s.delayed = slices.DeleteFunc(s.delayed, func(d delayed) bool {
		if d.at.After(now) {
			return false
		}
		d.to.units = append(d.to.units, d.Unit)
		return true
	})
}

func (s *studio) word(at time.Time) {
	s.words++
	if _, ok := s.codecs[media.Microphone]; !ok || s.quiet || s.lost {
		return
	}
	for _, t := range s.taps {
		if t.source == media.Microphone {
			t.units = append(t.units, media.Unit{
				Source: media.Microphone, Mime: webrtc.MimeTypeOpus, Clock: 48000, Stream: s.stream, TS: uint32(at.UnixMilli() * 48),
				Wall: at, At: at, Marker: true, Payload: binary.BigEndian.AppendUint32([]byte{0xf8}, uint32(s.words)), Key: true,
			})
		}
	}
}

// picture sends one frame of each layer. A still screen is a run of keyframes,
// for what lies between two frames of a film cannot be left out.
func (s *studio) picture(at time.Time) {
	n := s.frames
	if s.still > 0 {
		n = (n + 59) / 60 * 60
	}
	s.frames = n + 1
	mime, ok := s.codecs[media.Camera]
	if !ok || s.lost {
		return
	}
	for _, t := range s.taps {
		q := t.quality
		if t.source != media.Camera {
			continue
		}
		if !slices.Contains(s.sent, q) {
			q = s.sent[0]
		}
		if s.swapped {
			q = map[media.Quality]media.Quality{media.High: media.Low, media.Low: media.High}[q]
		}
		f := films[q]
		n := n % len(f)
		if t.began = t.began || f.key(n); !t.began {
			continue
		}
		var p codecs.H264Payloader
		payloads := p.Payload(1200, f[n])
		for i, b := range payloads {
			s.delayed = append(s.delayed, delayed{at.Add(s.lag), t, media.Unit{
				Source: media.Camera, Mime: mime, Clock: 90000, Stream: s.stream<<8 | uint64(q[0]), TS: uint32(at.UnixMilli() * 90), Wall: at, At: at.Add(s.lag),
				Marker: i == len(payloads)-1, Payload: b, Key: i == 0 && f.key(n),
			}})
		}
	}
}

// lose has the publisher gone, and after a while back as another connection.
func (s *studio) back() {
	s.lost = false
	s.stream++
	s.frames = (s.frames + 59) / 60 * 60
	for _, t := range s.taps {
		t.began = false
	}
}

// play runs a run beside the studio for a while, and looks after each step.
func play(t interface {
	Helper()
	Fatal(...any)
}, s *studio, r *run, d time.Duration, look func(now time.Time)) {
	t.Helper()
	for end := s.now.Add(d); s.now.Before(end); {
		s.until(s.now.Add(pollEvery))
		image, sound, _ := find(s)
		r.follow(s, image, sound, s.now)
		if err := r.poll(s.now); err != nil {
			t.Fatal(err)
		}
		if look != nil {
			look(s.now)
		}
	}
}
