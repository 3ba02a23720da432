package main

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/media/record"
)

func noFilms(entry func(string, int64, io.Reader) error) error { return writeRecordings("", entry) }

// filmed puts recordings into the installation in dir: one that has ended, and
// one that goes on.
func filmed(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{
		"go-101/7/manifest.json": `{"v":1,"id":7,"room":"go-101","title":"Go","started":1000,"ended":61000,"files":[{"name":"host-001.mp4","set":"host","start":0,"length":60000,"video":true,"done":true}],"clips":[{"id":8,"from":0,"to":9000,"name":"clip-8.mp4","length":9000},{"id":9,"from":0,"to":9000}],"poster":true,"captions":["en"]}`,
		"go-101/7/host-001.mp4":  strings.Repeat("a film", 100_000), "go-101/7/clip-8.mp4": "a clip", "go-101/7/poster.jpg": "a poster",
		"go-101/7/captions.jsonl":         "{\"seq\":1}\n{\"se",
		"algebra/21/manifest.json":        `{"v":1,"id":21,"room":"algebra","title":"Sets","started":5000,"files":[{"name":"host-001.mp4","set":"host","start":0,"length":9000,"video":true,"done":true},{"name":"host-002.webm","set":"host","start":9000,"length":4000,"video":true}]}`,
		"algebra/21/host-001.mp4":         "whole",
		"algebra/21/host-002.webm":        "being written",
		"algebra/20.deleted/host-001.mp4": "deleted",
		"algebra/.new-1":                  "half",
	}
	for name, text := range all {
		path := filepath.Join(dir, recordings, name)
		noError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		noError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return all
}

// films are the files of the recordings in dir.
func films(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := filepath.Join(dir, recordings)
	noError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		found[filepath.ToSlash(name)] = string(b)
		return err
	}))
	return found
}

// TestBackupHasRecordings: what is whole of them, and no more, is restored and
// can be played; a restore that is cut off is made whole by the next.
func TestBackupHasRecordings(t *testing.T) {
	dir := installed(t)
	want := filmed(t, dir)
	file := filepath.Join(t.TempDir(), "backup.tar")
	var said strings.Builder
	noError(t, makeBackup(t.Context(), dir, file, true, &said))
	if !strings.Contains(said.String(), "films    2 recordings") {
		t.Errorf("it says %q", said.String())
	}
	to := filepath.Join(t.TempDir(), "restored")
	noError(t, makeInstallation(t.Context(), file, to, io.Discard))
	checkRestored(t, to, dir, make([]uint64, writtenRooms), map[string]bool{})
	got := films(t, to)
	for _, gone := range []string{"algebra/21/host-002.webm", "algebra/20.deleted/host-001.mp4", "algebra/.new-1"} {
		delete(want, gone)
	}
	want["go-101/7/captions.jsonl"] = "{\"seq\":1}\n"
	for name, text := range want {
		if !strings.HasSuffix(name, "manifest.json") && got[name] != text {
			t.Errorf("%s has %d bytes, want %d", name, len(got[name]), len(text))
		}
	}
	if len(got) != len(want) {
		t.Errorf("there are %v", maps.Keys(got))
	}
	archive, err := record.Open(filepath.Join(to, recordings), record.Config{}, record.Told{}, zap.NewNop())
	noError(t, err)
	list := archive.List("go-101")
	if len(list) != 1 || list[0].Length() != 60_000 || len(list[0].Clips) != 1 || !list[0].Poster || list[0].Ended != 61_000 {
		t.Errorf("%+v", list)
	}
	if on := archive.List("algebra"); len(on) != 1 || len(on[0].Files) != 1 || on[0].Ended != 0 {
		t.Errorf("the one that goes on: %+v", on)
	}
	archive.Close()
	if err := makeInstallation(t.Context(), file, filepath.Dir(filepath.Join(to, recordings)), io.Discard); err == nil {
		t.Error("restored over recordings")
	}

	noError(t, makeBackup(t.Context(), dir, file+"-2", false, io.Discard))
	bare := filepath.Join(t.TempDir(), "bare")
	noError(t, makeInstallation(t.Context(), file+"-2", bare, io.Discard))
	if got := films(t, bare); len(got) > 0 {
		t.Errorf("asked to have none: %v", got)
	}
}

// TestDeletedWhileBackedUp: a recording that goes while it is copied is none in
// the backup, and the others are whole.
func TestDeletedWhileBackedUp(t *testing.T) {
	dir := t.TempDir()
	filmed(t, dir)
	var b bytes.Buffer
	out := tar.NewWriter(&b)
	noError(t, writeRecordings(dir, func(name string, size int64, from io.Reader) error {
		if strings.HasSuffix(name, "go-101/7/host-001.mp4") {
			noError(t, os.RemoveAll(filepath.Join(dir, recordings, "go-101", "7")))
		}
		err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600})
		if err == nil {
			_, err = io.Copy(out, from)
		}
		return err
	}))
	noError(t, out.Close())
	to := t.TempDir()
	list, err := readRecordings(t.Context(), tar.NewReader(&b), to)
	noError(t, err)
	if got := films(t, to); list.Recordings != 1 || len(got) != 2 || got["algebra/21/host-001.mp4"] != "whole" {
		t.Errorf("%d recordings, %v", list.Recordings, got)
	}
}

func TestRestoreRefusesOtherRecordings(t *testing.T) {
	dir := installed(t)
	filmed(t, dir)
	good := filepath.Join(t.TempDir(), "backup.tar")
	noError(t, makeBackup(t.Context(), dir, good, true, io.Discard))
	const first = 3 // after the manifest, the key and the database
	rename := func(to string) func([]entry) []entry {
		return func(e []entry) []entry { e[first].header.Name = to; return e }
	}
	for name, change := range map[string]func([]entry) []entry{
		"a bit of one":     func(e []entry) []entry { e[first].data[2] ^= 1; return e },
		"one missing":      func(e []entry) []entry { return append(e[:first:first], e[first+1:]...) },
		"no list":          func(e []entry) []entry { return e[:len(e)-1] },
		"one twice":        func(e []entry) []entry { e[first+1] = e[first]; return e },
		"another order":    func(e []entry) []entry { e[first], e[first+1] = e[first+1], e[first]; return e },
		"a way out":        rename("recordings/../7/host-001.mp4"),
		"a deep way out":   rename("recordings/go-101/7/../../../../x"),
		"no recording's":   rename("recordings/go-101/7/run.sh"),
		"no number":        rename("recordings/go-101/007/host-001.mp4"),
		"not in its place": rename("host-001.mp4"),
		"one more": func(e []entry) []entry {
			n := len(e) - 1
			return append(e[:n:n], entry{tar.Header{Typeflag: tar.TypeReg, Name: "recordings/go-101/9/clip-1.mp4", Mode: 0o600}, []byte("x")}, e[n])
		},
		"a link": func(e []entry) []entry {
			e[first].header.Typeflag, e[first].header.Linkname, e[first].data = tar.TypeSymlink, "/etc/passwd", nil
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, change(readTar(t, good)))
		})
	}
}
