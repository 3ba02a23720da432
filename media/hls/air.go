package hls

import (
	"time"

	"github.com/lyceum-live/lyceum/media"
)

// air is what a room has on air, as an origin reads it.
type air interface {
	codec(media.Source) (mime string, ok bool)
	layers(picture media.Source, now time.Time) []media.Quality
	tap(media.Quality, media.Source) tap
}

// tap is a [media.Tap].
type tap interface {
	Read(now time.Time, take func(media.Unit))
}

// stageAir is a real stage.
type stageAir struct{ stage *media.Stage }

func (s stageAir) codec(source media.Source) (string, bool) { return s.stage.Codec(source) }

func (s stageAir) layers(picture media.Source, now time.Time) []media.Quality {
	return s.stage.Layers(picture, now)
}

func (s stageAir) tap(q media.Quality, source media.Source) tap { return s.stage.TapAt(q, source) }
