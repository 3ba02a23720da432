package static_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/lyceum-live/lyceum/static"
)

// What others wrote is as they published it: each file has the digest that is
// written down, and is the same as in the package that npm has installed, if
// it has. Nothing lies there that is not written down.
func TestVendoredAsPublished(t *testing.T) {
	b, err := fs.ReadFile(static.FS, "vendor/vendor.json")
	if err != nil {
		t.Fatal(err)
	}
	var packages []struct {
		Name, Version, Licence, Home string
		Files                        []struct{ File, From, SHA256 string }
	}
	read := json.NewDecoder(bytes.NewReader(b))
	read.DisallowUnknownFields()
	if err := read.Decode(&packages); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"vendor.json": true}
	for _, p := range packages {
		if p.Version == "" || p.Licence == "" || p.Home == "" {
			t.Errorf("%s: its version, licence or home is not written down", p.Name)
		}
		installed := filepath.Join("..", "node_modules", p.Name)
		if version, ok := versionOf(t, installed); ok && version != p.Version {
			t.Errorf("%s: version %s is vendored and %s installed", p.Name, p.Version, version)
		}
		for _, f := range p.Files {
			known[f.File] = true
			ours, err := fs.ReadFile(static.FS, "vendor/"+f.File)
			if err != nil {
				t.Error(err)
				continue
			}
			sum := sha256.Sum256(ours)
			if got := hex.EncodeToString(sum[:]); got != f.SHA256 {
				t.Errorf("%s has the digest %s, and %s is written down", f.File, got, f.SHA256)
			}
			theirs, err := os.ReadFile(filepath.Join(installed, f.From))
			if errors.Is(err, fs.ErrNotExist) && !exists(installed) {
				continue // npm has not been run here
			}
			if err != nil || !bytes.Equal(ours, theirs) {
				t.Errorf("%s is not %s of %s %s (%v)", f.File, f.From, p.Name, p.Version, err)
			}
		}
	}
	entries, err := fs.ReadDir(static.FS, "vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("vendor/%s is of no package that vendor.json names", e.Name())
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// versionOf reads the version of an installed package.
func versionOf(t *testing.T, dir string) (string, bool) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false
	}
	var about struct{ Version string }
	if err == nil {
		err = json.Unmarshal(b, &about)
	}
	if err != nil {
		t.Fatal(err)
	}
	return about.Version, true
}
