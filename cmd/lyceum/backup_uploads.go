package main

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/wire"
)

// uploads are the uploaded files of an installation, in the order of their
// ids. What has an id is whole and never changes or goes, so that they are
// read where they are, while the server runs: whatever the copy of the
// database names is among those that are there after it was made.
type uploads struct {
	dir   string
	list  []upload
	bytes int64
}

type upload struct {
	id   wire.FileID
	size int64
}

// manifestUploads says which uploaded files a backup holds. Each is checked by
// its own name, so that the list itself need not be there.
type manifestUploads struct {
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of their names, each with a line's end
}

// uploadsOf lists the uploaded files of the installation in dir.
func uploadsOf(dir string) (u uploads, err error) {
	u.dir = filepath.Join(dir, files.Folder)
	entries, err := os.ReadDir(u.dir) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return u, err
	}
	for _, e := range entries {
		if id := wire.FileID(e.Name()); id.Valid() {
			info, err := e.Info()
			if err != nil {
				return u, err
			}
			u.list = append(u.list, upload{id, info.Size()})
			u.bytes += info.Size()
		}
	}
	return u, nil
}

// manifest describes them.
func (u uploads) manifest() manifestUploads {
	var seen seenUploads
	for _, file := range u.list {
		seen.add(file.id, file.size)
	}
	return seen.manifest()
}

// seenUploads adds uploaded files up as they come.
type seenUploads struct {
	files int
	bytes int64
	last  wire.FileID
	names hash.Hash
}

func (s *seenUploads) add(id wire.FileID, size int64) {
	if s.names == nil {
		s.names = sha256.New()
	}
	_, _ = fmt.Fprintln(s.names, id)
	s.files, s.bytes, s.last = s.files+1, s.bytes+size, id
}

func (s *seenUploads) manifest() manifestUploads {
	if s.files == 0 {
		return manifestUploads{}
	}
	return manifestUploads{s.files, s.bytes, hex.EncodeToString(s.names.Sum(nil))}
}

// uploadName is the name of an uploaded file in an archive.
func uploadName(id wire.FileID) string { return files.Folder + "/" + string(id) }

// write writes them by entry.
func (u uploads) write(entry func(name string, size int64, from io.Reader) error) error {
	for _, file := range u.list {
		from, err := os.Open(filepath.Join(u.dir, string(file.id)))
		if err != nil {
			return err
		}
		if err := errors.Join(entry(uploadName(file.id), file.size, from), from.Close()); err != nil {
			return err
		}
	}
	return nil
}

// readUploads reads as many uploaded files as the manifest says and writes
// them into dir's folder of them, synced, or only checks them where dir is "".
func readUploads(ctx context.Context, in *tar.Reader, dir string, want manifestUploads) error {
	if dir != "" {
		if err := os.Mkdir(filepath.Join(dir, files.Folder), 0o700); err != nil {
			return err
		}
	}
	var seen seenUploads
	for range want.Files {
		h, err := in.Next()
		if err != nil {
			return whatIsWrong(ctx, err)
		}
		name, _ := strings.CutPrefix(h.Name, files.Folder+"/")
		id := wire.FileID(name)
		if h.Typeflag != tar.TypeReg || !id.Valid() || h.Name != uploadName(id) || id <= seen.last {
			return fmt.Errorf("%w: %q is not what its manifest says", errDamagedArchive, h.Name)
		}
		if err := extract(in, dir, manifestFile{Name: uploadName(id), Size: h.Size, SHA256: string(id)}); err != nil {
			return whatIsWrong(ctx, err)
		}
		seen.add(id, h.Size)
	}
	if seen.manifest() != want {
		return fmt.Errorf("%w: it has other uploaded files than its manifest says", errDamagedArchive)
	}
	if dir == "" {
		return nil
	}
	return syncFolder(filepath.Join(dir, files.Folder))
}
