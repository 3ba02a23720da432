package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/files"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/wire"
)

// uploaded puts n pictures into the installation in dir.
func uploaded(t *testing.T, dir string, n int) map[wire.FileID][]byte {
	t.Helper()
	s, err := files.Open(filepath.Join(dir, files.Folder), files.Config{})
	noError(t, err)
	kept := map[wire.FileID][]byte{}
	for i := range n {
		picture := image.NewGray(image.Rect(0, 0, 40+i, 30))
		picture.SetGray(i, 7, color.Gray{200})
		var b bytes.Buffer
		noError(t, png.Encode(&b, picture))
		f, err := s.Put(t.Context(), "maya", -1, bytes.NewReader(b.Bytes()))
		noError(t, err)
		kept[f.ID] = b.Bytes()
	}
	if len(kept) != n {
		t.Fatalf("%d files of %d", len(kept), n)
	}
	return kept
}

// checkUploads checks that the installation in dir has these and no others.
func checkUploads(t *testing.T, dir string, want map[wire.FileID][]byte) {
	t.Helper()
	s, err := files.Open(filepath.Join(dir, files.Folder), files.Config{})
	noError(t, err)
	for id, content := range want {
		c, err := s.Open(t.Context(), id)
		noError(t, err)
		b, err := io.ReadAll(c)
		noError(t, errors.Join(err, c.Close()))
		if !bytes.Equal(b, content) || c.Type != "image/png" {
			t.Errorf("%s: %d bytes of %s, want %d", id, len(b), c.Type, len(content))
		}
	}
	if names := strings.Fields(namesIn(t, filepath.Join(dir, files.Folder))); len(names) != len(want) {
		t.Errorf("there are %d files, want %d", len(names), len(want))
	}
}

func TestBackupHasUploadedFiles(t *testing.T) {
	dir := installed(t)
	want := uploaded(t, dir, 20)
	folder := filepath.Join(dir, files.Folder)
	noError(t, os.WriteFile(filepath.Join(folder, "arriving-1"), []byte("half"), 0o600)) // one is on its way
	file := filepath.Join(t.TempDir(), "backup.tar")
	var said strings.Builder
	noError(t, makeBackup(t.Context(), dir, file, true, &said))
	if !strings.Contains(said.String(), "uploads  20 files") {
		t.Errorf("it says %q", said.String())
	}
	to := filepath.Join(t.TempDir(), "restored")
	noError(t, makeInstallation(t.Context(), file, to, io.Discard))
	checkRestored(t, to, dir, make([]uint64, writtenRooms), map[string]bool{})
	checkUploads(t, to, want)

	// A restore that was cut off anywhere is made whole by the next.
	for placed := range places {
		to := t.TempDir()
		part := filepath.Join(to, sqlite.RestoreName)
		noError(t, os.Mkdir(part, 0o700))
		_, _, err := unpackBackup(t.Context(), file, part)
		noError(t, err)
		for _, name := range places[:placed] {
			noError(t, os.Rename(filepath.Join(part, name), filepath.Join(to, name)))
		}
		noError(t, makeInstallation(t.Context(), file, to, io.Discard))
		checkUploads(t, to, want)
	}

	// What somebody has is not taken for an old restore's.
	mine := t.TempDir()
	uploaded(t, mine, 1)
	if err := makeInstallation(t.Context(), file, mine, io.Discard); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("restored over uploaded files: %v", err)
	}
}

func TestRestoreRefusesOtherUploadedFiles(t *testing.T) {
	dir := installed(t)
	want := uploaded(t, dir, 4)
	good := filepath.Join(t.TempDir(), "backup.tar")
	noError(t, makeBackup(t.Context(), dir, good, true, io.Discard))
	const first = 3 // after the manifest, the key and the database
	for name, change := range map[string]func([]entry) []entry{
		"a bit of one":     func(e []entry) []entry { e[first].data[50] ^= 1; return e },
		"one missing":      func(e []entry) []entry { return append(e[:first:first], e[first+1:]...) },
		"the last missing": func(e []entry) []entry { return append(e[:len(e)-2:len(e)-2], e[len(e)-1]) },
		"none":             func(e []entry) []entry { return append(e[:first:first], e[len(e)-1]) },
		"one twice":        func(e []entry) []entry { e[first+1] = e[first]; return e },
		"another order":    func(e []entry) []entry { e[first], e[first+1] = e[first+1], e[first]; return e },
		"a way out":        func(e []entry) []entry { e[first].header.Name = "files/../../" + e[first].header.Name; return e },
		"no id":            func(e []entry) []entry { e[first].header.Name = "files/readme"; return e },
		"not in its place": func(e []entry) []entry { _, e[first].header.Name, _ = strings.Cut(e[first].header.Name, "/"); return e },
		"a link": func(e []entry) []entry {
			e[first].header.Typeflag, e[first].header.Linkname, e[first].data = tar.TypeSymlink, "/etc/passwd", nil
			return e
		},
		"one that is another": func(e []entry) []entry { // whole by itself, and not what was there
			id := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
			e[first] = entry{tar.Header{Typeflag: tar.TypeReg, Name: "files/" + id, Mode: 0o600}, []byte("abc")}
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			to := refused(t, change(readTar(t, good)))
			noError(t, makeInstallation(t.Context(), good, to, io.Discard))
			checkUploads(t, to, want)
		})
	}
}

// Backups from before there were uploaded files, and from before there were
// recordings, are restored as they were.
func TestRestoreOfEarlierLayouts(t *testing.T) {
	for _, layout := range []string{manifestFirst, manifestSecond} {
		dir := installed(t)
		want := map[wire.FileID][]byte{}
		if layout == manifestSecond {
			want = uploaded(t, dir, 3)
		}
		good, old := filepath.Join(t.TempDir(), "backup.tar"), filepath.Join(t.TempDir(), "old.tar")
		noError(t, makeBackup(t.Context(), dir, good, true, io.Discard))
		entries := readTar(t, good)
		if n := len(entries); n != 3+len(want)+1 || bytes.Contains(entries[0].data, []byte("uploads")) != (len(want) > 0) || entries[n-1].header.Name != recordingsIndex {
			t.Fatalf("%d entries, %s", n, entries[0].data)
		}
		entries = entries[:len(entries)-1]
		entries[0].header.Name = layout
		writeTar(t, old, entries)
		to := filepath.Join(t.TempDir(), "restored")
		noError(t, makeInstallation(t.Context(), old, to, io.Discard))
		checkRestored(t, to, dir, make([]uint64, writtenRooms), map[string]bool{})
		checkUploads(t, to, want)
	}
}

// A file that has rotted on the disk is named, and no backup is taken for one.
func TestBackupOfARottenFile(t *testing.T) {
	dir := installed(t)
	for id, content := range uploaded(t, dir, 1) {
		content[len(content)-1] ^= 1
		noError(t, os.WriteFile(filepath.Join(dir, files.Folder, string(id)), content, 0o600))
		file := filepath.Join(t.TempDir(), "backup.tar")
		err := makeBackup(t.Context(), dir, file, true, io.Discard)
		if !errors.Is(err, errDamagedArchive) || !strings.Contains(fmt.Sprint(err), string(id)) {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("there is a backup")
		}
	}
}

// refused checks that a damaged backup makes no installation, and returns the
// folder that was to become one.
func refused(t *testing.T, entries []entry) (to string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.tar")
	writeTar(t, file, entries)
	to = filepath.Join(t.TempDir(), "data")
	if err := makeInstallation(t.Context(), file, to, io.Discard); !errors.Is(err, errDamagedArchive) {
		t.Fatalf("got %v", err)
	}
	if left := namesIn(t, to); left != "lyceum.lock" {
		t.Errorf("it leaves %s", left)
	}
	return to
}
