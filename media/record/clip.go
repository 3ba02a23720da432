package record

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

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
		length, name, err := cutClip(e.dir, m, c)
		if err != nil {
			a.log.Warn("a clip cannot be cut", e.fields(err)...)
		}
		e.change(func(m *Manifest) {
			i := slices.IndexFunc(m.Clips, func(o Clip) bool { return o.ID == c.ID })
			m.Clips[i].Name, m.Clips[i].Gone, m.Clips[i].Length = name, err != nil, length.Milliseconds()
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
	found := ""
	a.eachClip(func(e *entry, c Clip) {
		if Public(e.m.Room, c.ID)+filepath.Ext(c.Name) == name {
			found = filepath.Join(e.dir, c.Name)
		}
	})
	if found == "" {
		return "", ErrNone
	}
	return found, nil
}

// Clips calls each with every clip that was cut.
func (a *Archive) Clips(each func(Manifest, Clip)) {
	type cut struct {
		m Manifest
		c Clip
	}
	var list []cut
	a.eachClip(func(e *entry, c Clip) { list = append(list, cut{e.m, c}) })
	for _, l := range list {
		each(l.m, l.c)
	}
}

func (a *Archive) eachClip(do func(*entry, Clip)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, room := range a.entries {
		for _, e := range room {
			e.mu.Lock()
			for _, c := range e.m.Clips {
				if c.Name != "" {
					do(e, c)
				}
			}
			e.mu.Unlock()
		}
	}
}

// source is a file that a clip is cut from.
type source struct {
	File
	index *index
	c     container
	f     *os.File
}

// cutClip writes a clip into a file of its own, without coding anything anew.
// It begins with the last keyframe before its beginning. What is to be seen is
// the screen if that was shown, else the camera; what is to be heard is always
// the microphone.
func cutClip(dir string, m Manifest, c Clip) (length time.Duration, name string, err error) {
	from, to := time.Duration(c.From)*time.Millisecond, time.Duration(c.To)*time.Millisecond
	to = min(to, from+clipMost)
	picture, sound := pick(m.Files, from, to)
	if picture == nil {
		return 0, "", errors.New("nothing was recorded then")
	}
	var opened []*source
	defer func() {
		for _, s := range opened {
			err = errors.Join(err, s.f.Close())
		}
	}()
	open := func(f *File) (*source, error) {
		s, err := openSource(dir, *f)
		if err == nil {
			opened = append(opened, s)
		}
		return s, err
	}
	p, err := open(picture)
	if err != nil {
		return 0, "", err
	}
	first, zero := p.first(from)
	l := layout{Format: p.index.layout.Format, Video: p.index.layout.Video, Sound: true, params: p.index.layout.params}
	var film part
	err = p.each(first, to, func(piece *part) {
		film.video = append(film.video, window(piece.video, p.start()-zero, 0, to-zero)...)
		if sound != nil && sound.Name == picture.Name || sound == nil {
			film.sound = append(film.sound, window(piece.sound, p.start()-zero, 0, to-zero)...)
		}
	})
	if err == nil && sound != nil && sound.Name != picture.Name {
		var s *source
		if s, err = open(sound); err == nil {
			at, _ := s.first(zero - time.Second)
			err = s.each(at, to, func(piece *part) {
				film.sound = append(film.sound, window(piece.sound, s.start()-zero, 0, to-zero)...)
			})
		}
	}
	if err != nil {
		return 0, "", err
	}
	if film.empty() {
		return 0, "", errors.New("nothing was recorded then")
	}
	l.Sound = len(film.sound) > 0
	name = fmt.Sprintf("clip-%d.%s", c.ID, l.Format)
	length, err = writeClip(filepath.Join(dir, name), l, &film)
	return length, name, err
}

// pick chooses what a clip shows and what is heard in it: of each run of files
// the one that has most of the time.
func pick(files []File, from, to time.Duration) (picture, sound *File) {
	shared := func(f *File) int64 {
		return min(f.Start+f.Length, to.Milliseconds()) - max(f.Start, from.Milliseconds())
	}
	best := func(set string, video bool) (found *File) {
		for i := range files {
			f := &files[i]
			if f.Set == set && f.Video == video && shared(f) > 0 && (found == nil || shared(f) > shared(found)) {
				found = f
			}
		}
		return found
	}
	screen, camera, voice := best("screen", true), best("host", true), best("host", false)
	heard := cmp.Or(camera, voice)
	if camera != nil && voice != nil && shared(voice) > shared(camera) {
		heard = voice
	}
	half := (to - from).Milliseconds() / 2
	switch {
	case screen != nil && (camera == nil || shared(screen) >= half):
		return screen, heard
	case camera != nil:
		return camera, camera
	}
	return voice, voice
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

func (s *source) start() time.Duration { return time.Duration(s.Start) * time.Millisecond }

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

// window moves samples by a time, and keeps those that are then within bounds.
func window(run []sample, by, from, to time.Duration) []sample {
	var out []sample
	for _, s := range run {
		if s.at += by; s.at >= from && s.at < to {
			out = append(out, s)
		}
	}
	return out
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
