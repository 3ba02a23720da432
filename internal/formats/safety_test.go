package formats_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
)

// endless is a file of that size which must not be read.
type endless struct{ t *testing.T }

func (e endless) ReadAt([]byte, int64) (int, error) {
	e.t.Error("read although it is too large")
	return 0, io.EOF
}

func TestHundredMegabytesAreRefusedUnread(t *testing.T) {
	_, err := formats.Read("large.gift", endless{t}, 100<<20, formats.Auto)
	if err == nil || !strings.Contains(err.Error(), "large.gift: the file is larger than 50 MiB") {
		t.Errorf("got %v", err)
	}
}

// archive is a zip archive of files, by name.
func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZipBombs(t *testing.T) {
	many := make([]string, 0, 2*(bounded.MaxEntries+1))
	for i := range bounded.MaxEntries + 1 {
		many = append(many, fmt.Sprintf("%d.xml", i), "")
	}
	zeros := strings.Repeat("\x00", 4<<20)
	wide := archive(t, "1.xml", "", "2.xml", "", "3.xml", "", "4.xml", "")
	for at := 0; ; { // 60 MiB each, if one believes the directory
		next := bytes.Index(wide[at:], []byte("PK\x01\x02"))
		if next < 0 {
			break
		}
		at += next + 4
		binary.LittleEndian.PutUint32(wide[at+16:], 1<<20)
		binary.LittleEndian.PutUint32(wide[at+20:], 60<<20)
	}
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"too many files", archive(t, many...), "more than 20000 files"},
		{"packed too well", archive(t, "a.xml", zeros), "200 to 1"},
		{"too much together", wide, "200 MiB"},
		{"cut off", archive(t, "a.xml", "<a/>")[:30], "damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := formats.ReadBytes("bomb.zip", tt.file, formats.Auto)
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(r.Questions) > 0 {
				t.Errorf("got %v, %v; want %q", r, err, tt.want)
			}
		})
	}
}

// TestZipThatLies has more in a file than its directory says.
func TestZipThatLies(t *testing.T) {
	item := `<assessmentItem identifier="a" title="t"><itemBody>` + strings.Repeat("<p>x</p>", 1000) + `</itemBody></assessmentItem>`
	b := archive(t, "a.xml", item)
	at := bytes.Index(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[at+24:], 10) // the size, unpacked
	r, err := formats.ReadBytes("lie.zip", b, formats.Auto)
	if err == nil || len(r.Questions) > 0 {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestForeignXML(t *testing.T) {
	question := `<question type="truefalse"><name><text>%s</text></name><questiontext><text>&x;</text></questiontext>` +
		`<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question>`
	tests := []struct{ name, file, want string }{
		{"external entity", `<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz>` + question + `</quiz>`, "DTD"},
		{"external DTD", `<!DOCTYPE quiz SYSTEM "http://127.0.0.1/quiz.dtd"><quiz>` + question + `</quiz>`, "DTD"},
		{"billion laughs", `<!DOCTYPE quiz [<!ENTITY a "ha"><!ENTITY x "&a;&a;">]><quiz>` + question + `</quiz>`, "DTD"},
		{"in QTI", `<!DOCTYPE assessmentItem [<!ENTITY x "y">]><assessmentItem/>`, "DTD"},
		{"QTI 1.2 with a subset", `<!DOCTYPE questestinterop SYSTEM "ims_qtiasiv1p2.dtd" [<!ENTITY x "y">]><questestinterop/>`, "DTD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := formats.ReadBytes("x.xml", []byte(tt.file), formats.Auto)
			if !errors.Is(err, bounded.ErrDTD) || len(r.Questions) > 0 {
				t.Errorf("got %v, %v", r, err)
			}
		})
		t.Run(tt.name+" in a package", func(t *testing.T) {
			if !strings.Contains(tt.file, "quiz") {
				if r, err := formats.ReadBytes("x.zip", archive(t, "i.xml", tt.file), formats.Auto); !errors.Is(err, bounded.ErrDTD) {
					t.Errorf("got %v, %v", r, err)
				}
			}
		})
	}
}

func TestDeepXML(t *testing.T) {
	deep := strings.Repeat("<b>", 100_000)
	for _, file := range []string{
		`<quiz>` + deep + `</quiz>`,
		`<quiz><question type="essay"><questiontext>` + deep,
		`<assessmentItem identifier="a"><itemBody>` + deep,
		`<questestinterop><item ident="a">` + deep,
	} {
		r, err := formats.ReadBytes("deep.xml", []byte(file), formats.Auto)
		if err != nil || len(r.Questions) > 0 || len(r.Skipped) == 0 || !strings.Contains(r.Skipped[0].Reason, "deep") {
			t.Errorf("got %.200v, %v", r, err)
		}
	}
}

// TestHostileSizes has what costs a careless reader the square of its size.
func TestHostileSizes(t *testing.T) {
	const n = 1 << 19
	files := map[string]string{
		"cdata":    "<quiz>" + strings.Repeat("<question ><![CDATA[", n/20),
		"comments": "<quiz><question type='essay'><questiontext><text>" + strings.Repeat("a<!---->", n/8) + "</text></questiontext></question></quiz>",
		"braces":   "x {=a}\n" + strings.Repeat("{\n", n/2),
		"blank":    "x {=a}\n" + strings.Repeat("{\n\n", n/3),
		"quotes":   "question,answer\n" + strings.Repeat("\"a\n", n/3),
		"choices":  "x {" + strings.Repeat("~a", n/2) + "}",
		"aiken":    strings.Repeat("A. x\n", n/5) + "ANSWER: A\n",
		"file": `<quiz><question type="essay"><questiontext format="html"><text>` + strings.Repeat("@@PLUGINFILE@@/a.png", n/20) +
			`</text><file name="a.png" encoding="base64">` + strings.Repeat("AAAA", n/4) + `</file></questiontext></question></quiz>`,
	}
	for name, file := range files {
		t.Run(name, func(*testing.T) { // the square would take hours
			_, _ = formats.ReadBytes(name, []byte(file), formats.Auto)
		})
	}
}

func workbook(t testing.TB, rows [][]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, cells := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWideWorkbook repeats one long text in many cells, which costs the file
// nothing.
func TestWideWorkbook(t *testing.T) {
	b := workbook(t, [][]any{{"Question", "Answer"}, {"a", "b"}})
	row := `<row r="3">` + strings.Repeat(`<c t="s"><v>0</v></c>`, 3000) + `</row>`
	b = edited(t, b, "xl/worksheets/sheet1.xml", func(s string) string {
		return strings.Replace(s, "</sheetData>", row+"</sheetData>", 1)
	})
	if r, err := formats.ReadBytes("wide.xlsx", b, formats.Auto); err == nil || !strings.Contains(err.Error(), "too many cells") {
		t.Errorf("got %v, %v", r, err)
	}
}

// edited is an archive with one of its files changed.
func edited(t *testing.T, b []byte, name string, change func(string) string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == name {
			text = []byte(change(string(text)))
		}
		files = append(files, f.Name, string(text))
	}
	return archive(t, files...)
}

// TestEndlessBanksAreRefused gives each reader of text more questions than
// anybody has: the file is refused, and soon.
func TestEndlessBanksAreRefused(t *testing.T) {
	for name, item := range map[string]string{
		"gift":   "Is it?{T}\n\n",
		"aiken":  "Q\nA. a\nB. b\nANSWER: A\n\n",
		"moodle": `<question type="essay"><questiontext><text>q</text></questiontext></question>`,
		"qti":    `<item ident="a"><presentation><material><mattext>q</mattext></material></presentation></item>`,
	} {
		text := strings.Repeat(item, bank.MaxItems+1)
		switch name {
		case "moodle":
			text = "<quiz>" + text + "</quiz>"
		case "qti":
			text = "<questestinterop>" + text + "</questestinterop>"
		}
		r, err := formats.ReadBytes(name, []byte(text), formats.Auto)
		if !errors.Is(err, formats.ErrTooMuch) || len(r.Questions) > 0 {
			t.Errorf("%s: %d questions, %v", name, len(r.Questions), err)
		}
	}
}
