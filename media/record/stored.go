package record

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/wire"
)

// Stored is a recording as a backup takes it, while the server runs. What is
// being written is not in it, and neither is a clip that waits to be cut: what
// is named never changes any more, and is there unless the recording is deleted.
type Stored struct {
	Name     string            // of its folder within that of the recordings
	Files    []string          // films that are whole, and clips
	Small    map[string][]byte // what is replaced or grows, as it was when it was listed
	Manifest []byte            // of just these
}

// ManifestName is the name of a recording's manifest among its files.
const ManifestName = manifestName

// ListStored lists the recordings in a folder, in order. Manifests are read
// first, for what they name is there.
func ListStored(dir string) ([]Stored, error) {
	var list []Stored
	err := eachFolder(dir, func(room, name string) error {
		if _, err := strconv.ParseUint(name, 10, 64); err != nil {
			return nil
		}
		s, err := storedIn(dir, room+"/"+name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted just now, or not begun
		}
		if err == nil {
			list = append(list, s)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// eachFolder calls each with what there is in the folders of rooms, in order. A
// folder that is not there has none.
func eachFolder(dir string, each func(room, name string) error) error {
	rooms, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, r := range rooms {
		if !r.IsDir() || !wire.RoomID(r.Name()).Valid() {
			continue
		}
		recordings, err := os.ReadDir(filepath.Join(dir, r.Name()))
		if err != nil {
			return err
		}
		for _, rec := range recordings {
			if err := each(r.Name(), rec.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

func storedIn(dir, name string) (Stored, error) {
	at := filepath.Join(dir, filepath.FromSlash(name))
	m, err := loadManifest(at)
	if err != nil {
		return Stored{}, err
	}
	s := Stored{Name: name, Small: map[string][]byte{}}
	m.Files = slices.DeleteFunc(m.Files, func(f File) bool { return !f.Done })
	m.Clips = slices.DeleteFunc(m.Clips, func(c Clip) bool { return c.Name == "" })
	for _, f := range m.Files {
		s.Files = append(s.Files, f.Name)
	}
	for _, c := range m.Clips {
		s.Files = append(s.Files, c.Name)
	}
	for _, small := range []string{posterName, captionsName} {
		b, err := os.ReadFile(filepath.Join(at, small))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Stored{}, err
		}
		if small == captionsName { // a line may just be on its way
			b = b[:bytes.LastIndexByte(b, '\n')+1]
		}
		s.Small[small] = b
	}
	_, m.Poster = s.Small[posterName]
	s.Manifest, err = wire.Encode(m)
	return s, err
}

var storedNames = regexp.MustCompile(`^((host|screen)-[0-9]{3,9}|clip-[0-9]{1,20})\.(mp4|webm)$`)

// ValidStored reports whether a path within the folder of recordings, with
// slashes, is one that a recording's file can have.
func ValidStored(path string) bool {
	parts := strings.Split(path, "/")
	if len(parts) != 3 || !wire.RoomID(parts[0]).Valid() {
		return false
	}
	if n, err := strconv.ParseUint(parts[1], 10, 64); err != nil || strconv.FormatUint(n, 10) != parts[1] {
		return false
	}
	switch parts[2] {
	case manifestName, posterName, captionsName:
		return true
	}
	return storedNames.MatchString(parts[2])
}
