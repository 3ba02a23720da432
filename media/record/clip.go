package record

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/internal/vtt"
	"github.com/lyceum-live/lyceum/media/frame"
	"github.com/lyceum-live/lyceum/wire"
)

const (
	clipMost  = 10 * time.Minute
	clipTries = 30 * time.Second // after its end a clip is cut of what there is
)

func (c *Clip) waits() bool { return c.Name == "" && !c.Gone }

// cut cuts the clips of a recording that are wanted and there; all of those
// that are wanted, if the recording is over.
func (a *Archive) cut(e *entry, over bool) {
	m := e.copy()
	if !slices.ContainsFunc(m.Clips, func(c Clip) bool { return c.waits() }) {
		return
	}
	a.cutting.Lock()
	defer a.cutting.Unlock()
	m = e.copy()
	for _, c := range m.Clips {
		if !c.waits() {
			continue
		}
		written := m.reaches()
		late := time.Duration(int64(time.Since(m.Started.Time()))-c.To*int64(time.Millisecond)) > clipTries
		if written < c.To && !over && !late {
			continue
		}
		done, err := cutClip(e.dir, m, c)
		if err != nil {
			a.log.Warn("a clip cannot be cut", e.fields(err)...)
		}
		e.change(func(m *Manifest) {
			i := slices.IndexFunc(m.Clips, func(o Clip) bool { return o.ID == c.ID })
			m.Clips[i].Name, m.Clips[i].Gone, m.Clips[i].Length, m.Clips[i].Spans = done.name, err != nil, done.length.Milliseconds(), done.spans
			if err != nil {
				m.Clips[i].Name, m.Clips[i].Spans = "", nil
			}
			c = m.Clips[i]
		})
		if err := e.save(); err != nil {
			a.log.Warn("manifest not saved", e.fields(err)...)
		}
		if err == nil && a.told.Cut != nil {
			a.told.Cut(m, c)
		}
	}
}

// reaches is up to when all that is on air has been written.
func (m *Manifest) reaches() int64 {
	at, open := int64(-1), false
	for _, f := range m.Files {
		if !f.Done {
			if end := f.Start + f.Length; !open || end < at {
				at = end
			}
			open = true
		}
	}
	if open {
		return at
	}
	return m.Length()
}

// Public is the name by which a clip goes into the world.
func Public(room wire.RoomID, clip uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", room, clip))
	return fmt.Sprintf("clip-%x", sum[:10])
}

// ClipPath is where the file of a clip is, by its public name with the ending
// of its format.
func (a *Archive) ClipPath(name string) (string, error) {
	ext := filepath.Ext(name)
	e, c := a.clipCalled(strings.TrimSuffix(name, ext))
	if e == nil || filepath.Ext(c.Name) != ext {
		return "", ErrNone
	}
	return filepath.Join(e.dir, c.Name), nil
}

// clipCalled finds a clip that was cut by its public name; names are made where
// they do not hold the archive up.
func (a *Archive) clipCalled(name string) (*entry, Clip) {
	for _, c := range a.cuts() {
		if Public(c.m.Room, c.ID) == name {
			return c.entry, c.Clip
		}
	}
	return nil, Clip{}
}

// Clips calls each with every clip that was cut.
func (a *Archive) Clips(each func(Manifest, Clip)) {
	for _, c := range a.cuts() {
		each(c.m, c.Clip)
	}
}

// cutFrom is a clip that was cut, and from what.
type cutFrom struct {
	Clip
	entry *entry
	m     Manifest
}

// cuts lists the clips that were cut.
func (a *Archive) cuts() []cutFrom {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []cutFrom
	for _, room := range a.entries {
		for _, e := range room {
			e.mu.Lock()
			for _, c := range e.m.Clips {
				if c.Name != "" {
					list = append(list, cutFrom{c, e, e.m})
				}
			}
			e.mu.Unlock()
		}
	}
	return list
}

// cutting is what has become of a clip.
type cutting struct {
	name   string
	length time.Duration
	spans  []vtt.Span // of the recording, and where in the clip they are
}

// cutClip writes a clip into a file of its own, without coding anything anew.
// It begins with the last keyframe before its beginning, and goes on through as
// many files as it takes: what was not recorded in between is left out. What is
// to be seen is the screen if that was mostly shown, else the camera; what is
// to be heard is always the microphone.
func cutClip(dir string, m Manifest, c Clip) (cut cutting, err error) {
	from, to := time.Duration(c.From)*time.Millisecond, time.Duration(c.To)*time.Millisecond
	to = min(to, from+clipMost)
	pictures, sounds := pick(m.Files, from, to)
	if len(pictures) == 0 {
		return cut, errNothing
	}
	var opened []*source
	defer func() {
		for _, s := range opened {
			err = errors.Join(err, s.f.Close())
		}
	}()
	open := func(f File) (*source, error) {
		for _, s := range opened {
			if s.Name == f.Name {
				return s, nil
			}
		}
		s, err := openSource(dir, f)
		if err == nil {
			opened = append(opened, s)
		}
		return s, err
	}
	p, err := open(pictures[0].File)
	if err != nil {
		return cut, err
	}
	first, zero := p.first(from)
	pictures[0].from = zero
	for i := range sounds { // they begin with the picture: a little earlier, or later
		if sounds[i].from == from || sounds[i].from < zero {
			sounds[i].from = max(sounds[i].start(), zero)
		}
	}
	sounds = slices.DeleteFunc(sounds, func(p piece) bool { return p.to <= p.from })
	cut.spans = spansOf(append(slices.Clone(pictures), sounds...))
	l := layout{Format: p.index.layout.Format, Video: p.index.layout.Video, Params: p.index.layout.Params}
	for _, piece := range pictures {
		s, err := open(piece.File)
		if err != nil {
			return cut, err
		}
		l.inBand = l.inBand || l.Format == formatMP4 && l.Video && !l.Same(s.index.layout.Params)
	}
	var film part
	for i, piece := range pictures {
		s, err := open(piece.File)
		if err != nil {
			return cut, err
		}
		if i > 0 {
			first = 0
		}
		err = s.each(first, piece.to, func(part *part) {
			for _, picture := range piece.taken(part.video, cut.spans) {
				if l.inBand && picture.key {
					picture.data = withParams(s.index.layout.Params, picture.data)
				}
				film.video = append(film.video, picture)
			}
		})
		if err != nil {
			return cut, err
		}
	}
	for _, piece := range sounds {
		s, err := open(piece.File)
		if err != nil {
			return cut, err
		}
		at, _ := s.first(piece.from - time.Second)
		err = s.each(at, piece.to, func(part *part) {
			film.sound = append(film.sound, piece.taken(part.sound, cut.spans)...)
		})
		if err != nil {
			return cut, err
		}
	}
	if film.empty() || l.Video && len(film.video) == 0 {
		return cut, errNothing
	}
	film.video, film.sound = rising(film.video), rising(film.sound)
	l.Sound = len(film.sound) > 0
	cut.name = fmt.Sprintf("clip-%d.%s", c.ID, l.Format)
	cut.length, err = writeClip(filepath.Join(dir, cut.name), l, &film)
	return cut, err
}

var errNothing = errors.New("nothing was recorded then")

// piece is what a clip takes of a file, by the times of the recording.
type piece struct {
	File
	from, to time.Duration
}

// taken are those samples of a run that the piece has, at their places in the clip.
func (p *piece) taken(run []sample, spans []vtt.Span) []sample {
	start := time.Duration(p.Start) * time.Millisecond
	var out []sample
	for _, s := range run {
		at := start + s.at
		if at < p.from || at >= p.to {
			continue
		}
		for _, span := range spans {
			if from := time.Duration(span.From) * time.Millisecond; at >= from && at < time.Duration(span.To)*time.Millisecond {
				s.at = at - from + time.Duration(span.At)*time.Millisecond
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// rising sees to it that samples follow one another where files meet.
func rising(run []sample) []sample {
	for i := range run {
		if i > 0 && run[i].at <= run[i-1].at {
			run[i].at = run[i-1].at + frame.Least
		}
	}
	return run
}

// withParams puts what a decoder must know in front of a keyframe (ISO/IEC 14496-15,
// section 5.4: parameter sets in band).
func withParams(p frame.Params, key []byte) []byte {
	out := make([]byte, 0, len(key)+len(p.SPS)+len(p.PPS)+8)
	for _, nal := range [][]byte{p.SPS, p.PPS} {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(nal))), nal...)
	}
	return append(out, key...)
}

// together is the time without sound and picture that is no pause.
const together = 300 * time.Millisecond

// spansOf says which time of the recording is where in the clip: pauses, in
// which no piece has anything, are left out.
func spansOf(pieces []piece) []vtt.Span {
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
	var spans []vtt.Span
	at := int64(0)
	for _, p := range pieces {
		from, to := p.from.Milliseconds(), p.to.Milliseconds()
		if n := len(spans); n > 0 && from <= spans[n-1].To+together.Milliseconds() {
			at += max(0, to-spans[n-1].To)
			spans[n-1].To = max(spans[n-1].To, to)
			continue
		}
		spans = append(spans, vtt.Span{From: from, To: to, At: at})
		at += to - from
	}
	return spans
}

// pick chooses what a clip shows and what is heard in it: of the runs of files
// the one that has most of the time, and of its pictures those in one codec.
func pick(files []File, from, to time.Duration) (pictures, sounds []piece) {
	shared := func(f File) time.Duration {
		return max(0, min(f.end(), to)-max(f.start(), from))
	}
	type kind struct {
		set    string
		video  bool
		format format
	}
	has := map[kind]time.Duration{}
	for _, f := range files {
		has[kind{f.Set, f.Video, f.format()}] += shared(f)
	}
	best := func(set string, video bool) (found kind, length time.Duration) {
		for _, fm := range []format{formatMP4, formatWebM} {
			if k := (kind{set, video, fm}); has[k] > length {
				found, length = k, has[k]
			}
		}
		return found, length
	}
	screen, shown := best("screen", true)
	camera, seen := best("host", true)
	voice, heard := best("host", false)
	picture := screen
	switch {
	case shown > 0 && (seen == 0 || shown >= (to-from)/2):
	case seen > 0:
		picture = camera
	case heard > 0:
		picture = voice
	default:
		return nil, nil
	}
	sound := "host"
	if seen == 0 && heard == 0 {
		sound = picture.set
	}
	for _, f := range files {
		if shared(f) <= 0 {
			continue
		}
		p := piece{f, max(f.start(), from), min(f.end(), to)}
		if (kind{f.Set, f.Video, f.format()}) == picture {
			pictures = append(pictures, p)
		}
		if f.Set == sound {
			sounds = append(sounds, p)
		}
	}
	return inTurn(pictures), inTurn(sounds)
}

// inTurn has each piece end where the next begins.
func inTurn(pieces []piece) []piece {
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
	for i := range pieces {
		if i+1 < len(pieces) {
			pieces[i].to = min(pieces[i].to, pieces[i+1].from)
		}
	}
	return slices.DeleteFunc(pieces, func(p piece) bool { return p.to <= p.from })
}

func (f *File) start() time.Duration { return time.Duration(f.Start) * time.Millisecond }
func (f *File) end() time.Duration   { return time.Duration(f.Start+f.Length) * time.Millisecond }

// source is a file that a clip is cut from.
type source struct {
	File
	index *index
	c     container
	f     *os.File
}

func openSource(dir string, f File) (*source, error) {
	c, err := containerOf(f.format())
	if err != nil {
		return nil, err
	}
	d, err := os.Open(filepath.Join(dir, f.Name))
	if err != nil {
		return nil, err
	}
	info, err := d.Stat()
	var ix *index
	if err == nil {
		ix, err = c.scan(d, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &source{f, ix, c, d}, nil
}

// first is the part to begin with for a time of the recording, and when in the
// recording its first sample is.
func (s *source) first(from time.Duration) (int, time.Duration) {
	found, at := 0, s.start()
	for i, p := range s.index.parts {
		if p.key && (p.keyAt <= from-s.start() || at == s.start() && i == 0) {
			found, at = i, s.start()+p.keyAt
		}
	}
	return found, at
}

// each reads the parts from one on up to a time of the recording.
func (s *source) each(first int, to time.Duration, take func(*part)) error {
	for i := max(0, first-1); i < len(s.index.parts); i++ {
		at := s.index.parts[i]
		if at.begin > to-s.start()+time.Second {
			break
		}
		p, err := s.c.read(s.f, at)
		if err != nil {
			return err
		}
		if i < first {
			p.video = nil // only its sound may reach into the clip
		}
		take(p)
	}
	return nil
}

// writeClip writes a film as a finished file.
func writeClip(path string, l layout, film *part) (time.Duration, error) {
	_ = os.Remove(path) // of a crash
	d, err := createFile(path)
	if err != nil {
		return 0, err
	}
	f, err := newFile(unsynced{d}, l)
	if err != nil {
		return 0, errors.Join(err, d.Close())
	}
	now := time.Time{}
	v, a := film.video, film.sound
	for err == nil && len(v)+len(a) > 0 {
		if len(a) == 0 || len(v) > 0 && v[0].at <= a[0].at {
			err = f.add(false, v[0], now)
			v = v[1:]
		} else {
			err = f.add(true, a[0], now)
			a = a[1:]
		}
	}
	if err == nil {
		err = f.flush()
	}
	if err == nil {
		err = finish(d, f.c, f.end)
	}
	if err = errors.Join(err, d.Close()); err != nil {
		_ = os.Remove(path)
	}
	return f.length, err
}

// unsynced is a file that is written in one go and synced at its end.
type unsynced struct{ disk }

func (unsynced) Sync() error { return nil }
