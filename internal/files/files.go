// Package files keeps what hosts and moderators upload for their classes:
// pictures, sounds and films.
//
//	arriving ──whole, of a type that we know, within every bound──▶ kept
//	   └──anything else──▶ gone
//
// What a file is, is seen from its bytes and never believed: neither a name
// nor a type that somebody states is looked at. A file's id is the SHA-256 of
// what is kept, so that the same content is kept once, and that nobody can
// guess the address of what they were not shown. It is written beside its
// place, synced and renamed: what has an id is whole.
//
// Pictures are kept without what they say beside the picture: where and when
// they were taken, with what, and whatever is hung on behind. They are taken
// apart and put together again, part by part, and never encoded anew; of the
// Exif data of a JPEG the orientation alone is written back, so that what was
// taken upright is shown upright.
//
// It never removes what is kept, never reads an upload beyond its bound, and
// leaves the disk room to breathe: the classes' own data come first.
package files

import (
	"io"

	"github.com/lyceum-live/lyceum/internal/config"
	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a picture.
const (
	MaxImage  = 8 << 20    // bytes
	MaxPixels = 40_000_000 // of one picture, and of each frame of one that moves
)

// What an upload is refused with.
var (
	ErrType   = &wire.Error{Code: "file.type", Text: "only PNG, JPEG, GIF and WebP images, MP3, M4A, Ogg and WAV sounds and MP4 and WebM films can be uploaded"}
	ErrLarge  = &wire.Error{Code: "file.large", Text: "the file is too large"}
	ErrBroken = &wire.Error{Code: "file.broken", Text: "the file is damaged"}
	ErrCut    = &wire.Error{Code: "file.cut", Text: "the upload did not arrive whole"}
	ErrFull   = &wire.Error{Code: "file.full", Text: "there is no room for more files"}
	ErrQuota  = &wire.Error{Code: "file.quota", Text: "you have uploaded much within an hour; go on later"}
)

// Config bounds what is kept. The zero value means the defaults.
type Config struct {
	Audio  config.Size `yaml:"audio" default:"32MiB" doc:"largest sound that can be uploaded; 0: the default"`
	Video  config.Size `yaml:"video" default:"256MiB" doc:"largest film that can be uploaded; 0: the default"`
	Total  config.Size `yaml:"total" default:"10GiB" doc:"that all uploaded files may have together; 0: the default"`
	Spare  config.Size `yaml:"spare" default:"512MiB" doc:"that uploads leave free on the disk for the classes' own data; 0: the default"`
	Hourly config.Size `yaml:"hourly" default:"1GiB" doc:"that one person may upload within an hour; 0: the default"`
	Count  int         `yaml:"count" default:"200" unit:"files" min:"0" max:"1000000" doc:"that one person may upload within an hour; 0: the default"`
	Slots  int         `yaml:"slots" default:"8" unit:"uploads" min:"0" max:"1000" doc:"that may be under way at once; 0: the default"`
}

func (c Config) withDefaults() Config {
	or := func(size *config.Size, usual config.Size) {
		if *size <= 0 {
			*size = usual
		}
	}
	or(&c.Audio, 32<<20)
	or(&c.Video, 256<<20)
	or(&c.Total, 10<<30)
	or(&c.Spare, 512<<20)
	or(&c.Hourly, 1<<30)
	if c.Count <= 0 {
		c.Count = 200
	}
	if c.Slots <= 0 {
		c.Slots = 8
	}
	return c
}

// Kind says how a file is shown.
type Kind string

// The kinds of files.
const (
	Image Kind = "image"
	Audio Kind = "audio"
	Video Kind = "video"
)

// Format is what the bytes of a file are.
type Format struct {
	Kind Kind
	Type string // the media type, from our own list
}

// File is what is known of one that is kept.
type File struct {
	ID wire.FileID
	Format
	Bytes         int64
	Width, Height int // of a picture that has just been kept, as it is shown
}

// Content is a file that is being read.
type Content struct {
	File
	io.ReadSeekCloser
}
