package hls

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/media/frame"
)

const soundName = "sound"

// run is one set of renditions: pictures with sound, or sound alone. It belongs
// to its origin's goroutine, but for its shelves.
type run struct {
	id       string
	line     frame.Timeline
	voice    voice
	pace     pace
	image    media.Source // "": no pictures
	sound    media.Source // "": none is on air
	hearing  tap
	air      air
	channels []*channel // the largest picture first, the sound last
	bytes    int64
}

// channel is a rendition with what it reads and where it puts it.
type channel struct {
	*rendition
	quality media.Quality
	tap     tap // nil: no pictures
	frames  frame.Assembler
	shelf   *shelf
	fresh   bool // something is to be shown
}

func newRun(now time.Time, pictures bool, bytes int64) *run {
	r := &run{id: newID(), line: frame.Timeline{Began: now}, pace: pace{pictures: pictures}, bytes: bytes}
	r.channels = []*channel{r.channel(soundName, "")}
	return r
}

func newID() string {
	var b [10]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func (r *run) channel(name string, q media.Quality) *channel {
	return &channel{
		rendition: &rendition{name: name, sight: q != "", number: r.pace.called}, quality: q,
		shelf: newShelf(name, r.line.Began, r.bytes/4),
	}
}

// follow turns to what is on air now.
func (r *run) follow(a air, image, sound media.Source, now time.Time) {
	if a == nil {
		return
	}
	if sound != r.sound || a != r.air {
		r.sound, r.hearing = sound, nil
		if sound != "" {
			r.hearing = a.tap(media.High, sound)
		}
	}
	if image != "" && (image != r.image || a != r.air) {
		r.image = image
		for _, c := range r.channels {
			if c.sight {
				c.tap, c.frames = a.tap(c.quality, image), frame.Assembler{}
			}
		}
	}
	r.air = a
	if !r.pace.pictures || image == "" {
		return
	}
	for _, q := range a.layers(image, now) {
		known := false
		for _, c := range r.channels {
			known = known || c.quality == q
		}
		if !known {
			c := r.channel(string(q), q)
			c.tap = a.tap(q, image)
			r.channels = append(r.channels, c)
			r.sort()
		}
	}
}

// sort puts the channels into their order.
func (r *run) sort() {
	rank := map[media.Quality]int{media.High: 0, media.Medium: 1, media.Low: 2, "": 3}
	sorted := make([]*channel, 0, len(r.channels))
	for at := range 4 {
		for _, c := range r.channels {
			if rank[c.quality] == at {
				sorted = append(sorted, c)
			}
		}
	}
	r.channels = sorted
}

// poll reads what has come and makes the parts that are due.
func (r *run) poll(now time.Time) error {
	at := now.Sub(r.line.Began)
	if r.hearing != nil {
		r.hearing.Read(now, func(u media.Unit) {
			var a frame.Assembler
			a.Take(u, func(f frame.Frame) { r.voice.add(r.line.Sound(f), f.Data) })
		})
	}
	r.voice.hush(at - soundLate)
	oldest := r.voice.end
	for _, c := range r.channels {
		if c.tap != nil {
			c.tap.Read(now, func(u media.Unit) {
				c.frames.Take(u, func(f frame.Frame) { c.take(shot{r.line.Picture(&c.track, f), f}) })
			})
		}
	}
	for _, c := range r.channels {
		err := c.cut(&r.pace, &r.voice, at, func(made cutting) {
			c.shelf.put(made)
			c.fresh = true
		})
		if err != nil {
			return err
		}
		if c.begun {
			oldest = min(oldest, c.from)
		}
	}
	r.voice.trim(min(oldest, r.voice.end-segmentTarget))
	r.show(false)
	return nil
}

// show gives out what is new.
func (r *run) show(ended bool) {
	shelves := r.shelves()
	for _, c := range r.channels {
		if c.fresh || ended {
			c.fresh = false
			c.shelf.show(shelves, ended)
		}
	}
}

func (r *run) shelves() []*shelf {
	list := make([]*shelf, 0, len(r.channels))
	for _, c := range r.channels {
		list = append(list, c.shelf)
	}
	return list
}
