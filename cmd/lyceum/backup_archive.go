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
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/wire"
)

// A backup is a tar of exactly these files in this order, after them the
// uploaded ones, and then the recordings. A later layout gets another
// manifest's name, by which it is told from what is no backup at all. The first
// had no uploaded files, and the second no recordings.
const (
	manifestName   = "lyceum-backup-3.json"
	manifestSecond = "lyceum-backup-2.json"
	manifestFirst  = "lyceum-backup-1.json"
	manifestPrefix = "lyceum-backup-"
)

// backedUp are the files that a backup holds after its manifest.
var backedUp = []string{keyFile, sqlite.FileName}

const (
	maxManifest = 64 << 10 // bytes
	maxKeyFile  = 16 << 10
)

// What may be wrong with an archive.
var (
	errForeignArchive = errors.New("this file is not a Lyceum backup")
	errDamagedArchive = errors.New("this backup is damaged")
	errNewerArchive   = errors.New("this backup was made by a newer version of Lyceum")
)

// manifest says what is in a backup.
type manifest struct {
	Lyceum string         `json:"lyceum"` // the program's version, for people
	Made   string         `json:"made"`   // RFC 3339
	Schema int64          `json:"schema"` // the database's version
	Files  []manifestFile `json:"files"`

	Uploads manifestUploads `json:"uploads,omitzero"`

	recorded bool // recordings follow, though perhaps none; known by the layout
	films    recordingsList
}

type manifestFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// newManifest describes the files in dir and the uploaded ones.
func newManifest(ctx context.Context, dir string, u uploads, schema int64, made time.Time) (manifest, error) {
	m := manifest{Lyceum: "unknown", Made: made.UTC().Format(time.RFC3339), Schema: schema, Uploads: u.manifest()}
	if info, ok := debug.ReadBuildInfo(); ok {
		m.Lyceum = info.Main.Version
	}
	for _, name := range backedUp {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return m, err
		}
		sum := sha256.New()
		size, err := io.Copy(sum, reader{ctx, f})
		if err := errors.Join(err, f.Close()); err != nil {
			return m, err
		}
		m.Files = append(m.Files, manifestFile{name, size, hex.EncodeToString(sum.Sum(nil))})
	}
	return m, nil
}

// check refuses what cannot be the manifest of a backup.
func (m manifest) check() error {
	if len(m.Files) != len(backedUp) {
		return fmt.Errorf("%w: its manifest names %d files", errDamagedArchive, len(m.Files))
	}
	if m.Uploads.Files < 0 {
		return fmt.Errorf("%w: its manifest names %d uploaded files", errDamagedArchive, m.Uploads.Files)
	}
	for i, f := range m.Files {
		if f.Name != backedUp[i] || f.Size < 0 || f.Name == keyFile && f.Size > maxKeyFile {
			return fmt.Errorf("%w: its manifest has no %s where it should be", errDamagedArchive, backedUp[i])
		}
	}
	return nil
}

// writeArchive writes the files in dir and the uploaded ones, which m
// describes, and the recordings to a new file, synced.
func writeArchive(ctx context.Context, path, dir string, u uploads, m manifest, films func(entry func(name string, size int64, from io.Reader) error) error) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head, err := wire.Encode(m)
	if err != nil {
		return err
	}
	made, err := time.Parse(time.RFC3339, m.Made)
	if err != nil {
		return err
	}
	out := tar.NewWriter(f)
	entry := func(name string, size int64, from io.Reader) error {
		err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: made})
		if err == nil {
			_, err = io.Copy(out, reader{ctx, from})
		}
		return err
	}
	if err := entry(manifestName, int64(len(head)), bytes.NewReader(head)); err != nil {
		return err
	}
	for _, file := range m.Files {
		from, err := os.Open(filepath.Join(dir, file.Name))
		if err != nil {
			return err
		}
		if err := errors.Join(entry(file.Name, file.Size, from), from.Close()); err != nil {
			return err
		}
	}
	if err := u.write(entry); err != nil {
		return err
	}
	if err := films(entry); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return f.Sync()
}

// readArchive reads a backup from end to end and returns its manifest. The
// files are written into dir, synced, or only checked where dir is "". Of an
// archive's names only those are used that are ids of uploaded files, or such
// as a recording's files have.
func readArchive(ctx context.Context, path, dir string) (m manifest, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	in := tar.NewReader(reader{ctx, f})
	if m, err = readManifest(in); err != nil {
		return m, whatIsWrong(ctx, err)
	}
	for _, file := range m.Files {
		h, err := in.Next()
		if err != nil {
			return m, whatIsWrong(ctx, err)
		}
		if h.Typeflag != tar.TypeReg || h.Name != file.Name || h.Size != file.Size {
			return m, fmt.Errorf("%w: %q is not what its manifest says", errDamagedArchive, h.Name)
		}
		if err := extract(in, dir, file); err != nil {
			return m, whatIsWrong(ctx, err)
		}
	}
	if err := readUploads(ctx, in, dir, m.Uploads); err != nil {
		return m, err
	}
	if m.recorded {
		if m.films, err = readRecordings(ctx, in, dir); err != nil {
			return m, err
		}
	} else if dir != "" {
		if err := settleRecordings(dir, nil); err != nil {
			return m, err
		}
	}
	switch h, err := in.Next(); {
	case err == nil:
		return m, fmt.Errorf("%w: it also has %q", errDamagedArchive, h.Name)
	case !errors.Is(err, io.EOF):
		return m, whatIsWrong(ctx, err)
	}
	return m, nil
}

func readManifest(in *tar.Reader) (m manifest, err error) {
	h, err := in.Next()
	if err != nil {
		if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errForeignArchive
		}
		return m, err
	}
	if !slices.Contains([]string{manifestName, manifestSecond, manifestFirst}, h.Name) || h.Typeflag != tar.TypeReg {
		if strings.HasPrefix(h.Name, manifestPrefix) {
			return m, errNewerArchive
		}
		return m, errForeignArchive
	}
	if h.Size > maxManifest {
		return m, fmt.Errorf("%w: its manifest has %d bytes", errDamagedArchive, h.Size)
	}
	b, err := io.ReadAll(in)
	if err != nil {
		return m, err
	}
	if err := wire.Decode(b, &m); err != nil {
		return m, fmt.Errorf("%w: its manifest: %w", errDamagedArchive, err)
	}
	m.recorded = h.Name == manifestName
	return m, m.check()
}

// extract reads one file, which must be what the manifest says, and writes it
// into dir if there is one.
func extract(in io.Reader, dir string, file manifestFile) (err error) {
	sum := sha256.New()
	to := io.Writer(sum)
	sync := func() error { return nil }
	if dir != "" {
		f, err := os.OpenFile(filepath.Join(dir, file.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to, sync = io.MultiWriter(sum, f), f.Sync
	}
	if _, err := io.Copy(to, in); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != file.SHA256 {
		return fmt.Errorf("%w: %s is not what was backed up", errDamagedArchive, file.Name)
	}
	return sync()
}

// whatIsWrong says of an error of reading whether the archive is to blame.
func whatIsWrong(ctx context.Context, err error) error {
	if ctx.Err() == nil && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return fmt.Errorf("%w: %w", errDamagedArchive, err)
	}
	return err
}

// reader reads until its context ends.
type reader struct {
	ctx  context.Context
	from io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
