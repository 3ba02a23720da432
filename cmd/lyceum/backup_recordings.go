package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/wire"
)

// Recordings are the last in an archive: of each its films, its clips and what
// goes with them, and then its manifest, by which it counts. Films are large,
// and are read once; so their digests are in a list behind them.
const (
	recordingsIndex  = "recordings.json"
	maxIndex         = 64 << 20 // bytes
	recordingsPrefix = recordings + "/"
)

// recordingsList is that list.
type recordingsList struct {
	Recordings int            `json:"recordings"`
	Bytes      int64          `json:"bytes"`
	Files      []manifestFile `json:"files"`
}

func (l *recordingsList) add(name string, size int64, sum []byte) {
	l.Files = append(l.Files, manifestFile{name, size, hex.EncodeToString(sum)})
	l.Bytes += size
	if strings.HasSuffix(name, "/"+record.ManifestName) {
		l.Recordings++
	}
}

// writeRecordings writes those of the installation in dir by entry.
func writeRecordings(dir string, entry func(name string, size int64, from io.Reader) error) error {
	var list recordingsList
	put := func(name string, size int64, from io.Reader) error {
		sum := sha256.New()
		if err := entry(recordingsPrefix+name, size, io.TeeReader(from, sum)); err != nil {
			return err
		}
		list.add(name, size, sum.Sum(nil))
		return nil
	}
	folder := filepath.Join(dir, recordings)
	stored, err := record.ListStored(folder)
	if err != nil {
		return err
	}
	for _, s := range stored {
		if err := writeRecording(folder, s, put); err != nil {
			return fmt.Errorf("recording %s: %w", s.Name, err)
		}
	}
	b, err := wire.Encode(list)
	if err != nil {
		return err
	}
	return entry(recordingsIndex, int64(len(b)), bytes.NewReader(b))
}

// writeRecording writes one. What is deleted meanwhile has no manifest there,
// and counts as little as what a crash leaves.
func writeRecording(folder string, s record.Stored, put func(name string, size int64, from io.Reader) error) error {
	for _, name := range s.Files {
		from, err := os.Open(filepath.Join(folder, filepath.FromSlash(s.Name), name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := from.Stat()
		if err == nil {
			err = put(s.Name+"/"+name, info.Size(), io.LimitReader(from, info.Size()))
		}
		if err := errors.Join(err, from.Close()); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Small)) {
		if err := put(s.Name+"/"+name, int64(len(s.Small[name])), bytes.NewReader(s.Small[name])); err != nil {
			return err
		}
	}
	return put(s.Name+"/"+record.ManifestName, int64(len(s.Manifest)), bytes.NewReader(s.Manifest))
}

// readRecordings reads what writeRecordings has written and puts it into dir,
// synced, or only checks it where dir is "".
func readRecordings(ctx context.Context, in *tar.Reader, dir string) (list recordingsList, err error) {
	var seen recordingsList
	whole, names := map[string]bool{}, map[string]bool{}
	for {
		h, err := in.Next()
		if err != nil {
			return list, whatIsWrong(ctx, err)
		}
		if h.Name == recordingsIndex && h.Typeflag == tar.TypeReg {
			if h.Size > maxIndex {
				return list, fmt.Errorf("%w: its list of recordings has %d bytes", errDamagedArchive, h.Size)
			}
			b, err := io.ReadAll(in)
			if err != nil {
				return list, whatIsWrong(ctx, err)
			}
			if err := wire.Decode(b, &list); err != nil {
				return list, fmt.Errorf("%w: its list of recordings: %w", errDamagedArchive, err)
			}
			break
		}
		name, found := strings.CutPrefix(h.Name, recordingsPrefix)
		if h.Typeflag != tar.TypeReg || !found || !record.ValidStored(name) || names[name] {
			return list, fmt.Errorf("%w: %q is not what its manifest says", errDamagedArchive, h.Name)
		}
		names[name] = true
		sum, err := extractRecorded(in, dir, name)
		if err != nil {
			return list, whatIsWrong(ctx, err)
		}
		seen.add(name, h.Size, sum)
		whole[filepath.Dir(name)] = whole[filepath.Dir(name)] || strings.HasSuffix(name, "/"+record.ManifestName)
	}
	if list.Recordings != seen.Recordings || list.Bytes != seen.Bytes || !slices.Equal(list.Files, seen.Files) {
		return list, fmt.Errorf("%w: it has other recordings than its list says", errDamagedArchive)
	}
	if dir == "" {
		return list, nil
	}
	return list, settleRecordings(dir, whole)
}

// settleRecordings makes the folders durable, and removes those of recordings
// that were deleted while they were backed up.
func settleRecordings(dir string, whole map[string]bool) error {
	folder := filepath.Join(dir, recordings)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	rooms := map[string]bool{}
	for name, is := range whole {
		at := filepath.Join(folder, name)
		if !is {
			if err := os.RemoveAll(at); err != nil {
				return err
			}
		} else if err := syncFolder(at); err != nil {
			return err
		}
		rooms[filepath.Dir(at)] = true
	}
	for room := range rooms {
		if err := syncFolder(room); err != nil {
			return err
		}
	}
	return errors.Join(syncFolder(folder), syncFolder(dir))
}

// extractRecorded reads one file, writes it into dir if there is one, and
// returns its digest.
func extractRecorded(in io.Reader, dir, name string) (digest []byte, err error) {
	sum := sha256.New()
	if dir == "" {
		_, err := io.Copy(sum, in)
		return sum.Sum(nil), err
	}
	path := filepath.Join(dir, recordings, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := io.Copy(io.MultiWriter(sum, f), in); err != nil {
		return nil, err
	}
	return sum.Sum(nil), f.Sync()
}
