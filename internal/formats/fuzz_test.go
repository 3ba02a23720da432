package formats_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// seeds gives a fuzzer the files of testdata with those endings.
func seeds(f *testing.F, endings ...string) {
	files, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for _, e := range endings {
			if !strings.HasSuffix(file, e) {
				continue
			}
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
}

// sound says that whatever was read is sound, and the same when it is written
// as a table and read again.
func sound(t *testing.T, b []byte, format formats.Format) {
	if len(b) > 64<<10 {
		return // long files are a matter of TestHostileSizes
	}
	r, err := formats.ReadBytes("fuzzed", b, format)
	if err != nil && len(r.Questions)+len(r.Skipped) > 0 {
		t.Fatalf("refused and read: %v", err)
	}
	var held []formats.Question
	for _, q := range r.Questions {
		if err := bank.Check(&q); err != nil {
			t.Fatalf("%v: %+v", err, q)
		}
		var file bytes.Buffer
		left, err := formats.Write(&file, formats.CSV, []formats.Question{q})
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			held = append(held, q)
		}
	}
	if len(held) > 0 {
		var file bytes.Buffer
		if _, err := formats.Write(&file, formats.CSV, held); err != nil {
			t.Fatal(err)
		}
		again, err := formats.ReadBytes("again", file.Bytes(), formats.CSV)
		if err != nil || !reflect.DeepEqual(again.Questions, held) {
			t.Fatalf("%v, %v\n got %+v\nwant %+v\n%s", err, again.Skipped, again.Questions, held, file.Bytes())
		}
	}
	for _, s := range r.Skipped {
		if s.Reason == "" || s.Line < 0 || s.Line > bytes.Count(b, []byte("\n"))+bytes.Count(b, []byte("\r"))+1 && format != formats.Kahoot {
			t.Fatalf("skipped %+v of %d bytes", s, len(b))
		}
	}
}

func FuzzGIFT(f *testing.F) {
	seeds(f, ".gift")
	f.Fuzz(func(t *testing.T, b []byte) { sound(t, b, formats.GIFT) })
}

func FuzzAiken(f *testing.F) {
	seeds(f, ".aiken.txt")
	f.Fuzz(func(t *testing.T, b []byte) { sound(t, b, formats.Aiken) })
}

func FuzzMoodle(f *testing.F) {
	seeds(f, ".moodle.xml")
	f.Fuzz(func(t *testing.T, b []byte) { sound(t, b, formats.Moodle) })
}

func FuzzQTI(f *testing.F) {
	seeds(f, ".qti12.xml", ".qti21.xml", ".qti3.xml")
	err := fs.WalkDir(os.DirFS("testdata/package"), "items", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join("testdata/package", path))
		f.Add(b)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) { sound(t, b, formats.QTI) })
}

func FuzzCSV(f *testing.F) {
	seeds(f, ".csv")
	f.Fuzz(func(t *testing.T, b []byte) { sound(t, b, formats.CSV) })
}

// FuzzArchive changes a workbook and a package.
func FuzzArchive(f *testing.F) {
	f.Add(workbook(f, [][]any{kahootHeader, {1, "Which?", "a", "b", "", "", 20, 1}}))
	f.Add(archive(f, "imsmanifest.xml", `<manifest><resources><resource href="a.xml"/></resources></manifest>`,
		"a.xml", `<assessmentItem identifier="a" title="b"><itemBody><p>c</p></itemBody></assessmentItem>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		r, err := formats.ReadBytes("fuzzed", b, formats.Auto)
		if err != nil && len(r.Questions)+len(r.Skipped) > 0 {
			t.Fatalf("refused and read: %v", err)
		}
	})
}

// FuzzAuto reads anything as whatever it looks like.
func FuzzAuto(f *testing.F) {
	seeds(f, ".gift", ".csv", ".txt", ".xml")
	f.Fuzz(func(t *testing.T, b []byte) { sound(t, b, formats.Auto) })
}
