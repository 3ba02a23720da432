package formats_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lyceum-live/lyceum/internal/formats"
)

var update = flag.Bool("update", false, "write what is read as what is expected")

// TestFiles reads every file of testdata and compares what is in it, and what
// was skipped and why, with the JSON beside it.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if ext := filepath.Ext(file); ext == ".json" || ext == ".md" || file == filepath.Join("testdata", "fuzz") {
			continue
		}
		read++
		t.Run(filepath.Base(file), func(t *testing.T) {
			var b []byte
			if info.IsDir() {
				b = zipped(t, os.DirFS(file))
			} else if b, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
			r, err := formats.ReadBytes(file, b, formats.Auto)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(r, jsontext.WithIndent("  "))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			if *update {
				if err := os.WriteFile(file+".json", got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("read otherwise than %s.json says:\n%s", file, got)
			}
		})
	}
	if read < 9 {
		t.Errorf("only %d files in testdata", read)
	}
}

// zipped is a folder as a zip archive.
func zipped(t *testing.T, dir fs.FS) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := z.AddFS(dir); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
