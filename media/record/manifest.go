package record

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lyceum-live/lyceum/internal/vtt"
	"github.com/lyceum-live/lyceum/wire"
)

// Manifest says what a recording has. Times within it are milliseconds from
// its beginning.
type Manifest struct {
	V        int         `json:"v"`
	ID       uint64      `json:"id"`
	Room     wire.RoomID `json:"room"`
	Title    string      `json:"title"`
	Started  wire.Millis `json:"started"`
	Ended    wire.Millis `json:"ended,omitzero"`  // 0: it goes on
	Reason   string      `json:"reason,omitzero"` // why it ended, unless it was told to
	Files    []File      `json:"files,omitzero"`
	Chapters []Chapter   `json:"chapters,omitzero"`
	Clips    []Clip      `json:"clips,omitzero"`
	Moments  []Moment    `json:"moments,omitzero"` // that may make good clips
	Poster   bool        `json:"poster,omitzero"`
	Captions []string    `json:"captions,omitzero"` // languages; the words are beside it, sealed
	Lost     int         `json:"lost,omitzero"`     // times that packets were missing
}

// File is one file of a recording.
type File struct {
	Name   string `json:"name"`
	Set    string `json:"set"` // "host" or "screen"
	Start  int64  `json:"start"`
	Length int64  `json:"length"`
	Video  bool   `json:"video,omitzero"`
	Width  int    `json:"width,omitzero"`
	Height int    `json:"height,omitzero"`
	Done   bool   `json:"done,omitzero"` // it has its index
}

func (f *File) format() format { return format(strings.TrimPrefix(filepath.Ext(f.Name), ".")) }

// Chapter is something that happened in the class. It has no words: Ref is the
// position in the room's log where they are, so that who is forgotten there is
// forgotten here.
type Chapter struct {
	At   int64  `json:"at"`
	Kind string `json:"kind"` // "segment", "question", "poll", "quiz"
	Ref  uint64 `json:"ref"`
}

// Clip is a piece to be cut, or that was.
type Clip struct {
	ID    uint64 `json:"id"`
	Title string `json:"title,omitzero"`
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Name  string `json:"name,omitzero"` // of its file; "": not cut yet
	Gone  bool   `json:"gone,omitzero"` // nothing was recorded there

	Length int64 `json:"length,omitzero"` // how long it plays

	Spans []vtt.Span `json:"spans,omitzero"` // of the recording that it shows, and when in it
}

// Length is how long the recording plays, in milliseconds.
func (m *Manifest) Length() int64 {
	end := int64(0)
	for _, f := range m.Files {
		end = max(end, f.Start+f.Length)
	}
	return end
}

const (
	manifestVersion = 1
	manifestName    = "manifest.json"
	posterName      = "poster.jpg"
)

func loadManifest(dir string) (*Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := wire.Decode(b, m); err != nil {
		return nil, err
	}
	if m.V != manifestVersion {
		return nil, errors.New("the manifest is of another version")
	}
	return m, nil
}

func (m *Manifest) save(dir string) error {
	b, err := wire.Encode(m)
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, manifestName), b)
}

// replace writes a file whole or not at all.
func replace(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return err
	}
	return syncDir(filepath.Dir(path))
}
