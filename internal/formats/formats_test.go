package formats_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// TestEncodings reads the same files in every encoding.
func TestEncodings(t *testing.T) {
	encodings := map[string]encoding.Encoding{
		"UTF-8 with a mark":     unicode.UTF8BOM,
		"UTF-16 LE with a mark": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
		"UTF-16 BE with a mark": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"UTF-16 LE":             unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		"UTF-16 BE":             unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		"GB18030":               simplifiedchinese.GB18030,
	}
	for _, file := range []string{"testdata/bank.zh.csv", "testdata/grammar.gift", "testdata/bank.moodle.xml"} {
		plain, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plain = append(plain, "\n<!-- 中文 -->"...)
		want, err := formats.ReadBytes(file, plain, formats.Auto)
		if err != nil {
			t.Fatal(err)
		}
		for name, e := range encodings {
			t.Run(file+" "+name, func(t *testing.T) {
				b, err := e.NewEncoder().Bytes(plain)
				if err != nil {
					t.Fatal(err)
				}
				got, err := formats.ReadBytes(file, b, formats.Auto)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, %v", got, err)
				}
			})
		}
	}
}

func TestWesternAndDeclaredEncodings(t *testing.T) {
	b, err := charmap.Windows1252.NewEncoder().Bytes([]byte("Où est le café? {=à côté ~loin}"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := formats.ReadBytes("fr.gift", b, formats.Auto)
	if err != nil || len(r.Questions) != 1 || r.Questions[0].Text != "Où est le café?" {
		t.Errorf("got %v, %v", r, err)
	}
	b, err = charmap.KOI8R.NewEncoder().Bytes([]byte(`<?xml version="1.0" encoding="KOI8-R"?><quiz><question type="essay"><questiontext><text>Почему?</text></questiontext></question></quiz>`))
	if err != nil {
		t.Fatal(err)
	}
	r, err = formats.ReadBytes("ru.xml", b, formats.Auto)
	if err != nil || len(r.Questions) != 1 || r.Questions[0].Text != "Почему?" {
		t.Errorf("got %v, %v", r, err)
	}
}

// TestNoneOfThese refuses what is none of the formats.
func TestNoneOfThese(t *testing.T) {
	files := map[string]string{
		"empty":     "",
		"blank":     " \n\n",
		"prose":     "Dear all,\n\nthe class is at ten.\n\nBest, M.",
		"JSON":      `{"questions": [{"text": "a", "answer": "b"}]}`,
		"HTML":      "<!DOCTYPE html><html><body><p>Hello {=a ~b}</p></body></html>",
		"other XML": `<?xml version="1.0"?><feed><entry/></feed>`,
		"C":         "int main(void) {\n\treturn a == b ? 1 : 0;\n}\n",
		"a table":   "name,age\nAna,7\nBen,8\n",
		"picture":   "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01",
		"noise":     "\x01\x02\x03\x04\xff\xfa\x00\x9c",
		"old sheet": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
		"a zip":     string(archive(t, "hello.txt", "hello")),
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			r, err := formats.ReadBytes(name, []byte(file), formats.Auto)
			if refused, ok := errors.AsType[*formats.Error](err); !ok || strings.Contains(refused.Error(), "\n") {
				t.Errorf("got %v, %v; want a refusal of one line", r, err)
			}
		})
	}
}

// TestAskedFor refuses a file that is not in the format that was asked for.
func TestAskedFor(t *testing.T) {
	b, err := os.ReadFile("testdata/bank.moodle.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []formats.Format{formats.Aiken, formats.QTI, formats.Kahoot, formats.CSV} {
		if r, err := formats.ReadBytes("bank.xml", b, f); err == nil {
			t.Errorf("as %s: got %d questions", f, len(r.Questions))
		}
	}
}

var kahootHeader = []any{"", "Question - max 120 characters", "Answer 1 - max 75 characters", "Answer 2 - max 75 characters",
	"Answer 3 - max 75 characters", "Answer 4 - max 75 characters", "Time limit (sec) – 5, 10, 20, 30, 60, 90, 120, or 240 secs",
	"Correct answer(s) - choose at least one"}

func TestKahoot(t *testing.T) {
	b := workbook(t, [][]any{
		{}, {"", "Quiz template"}, {"", "Add questions, at least two answer alternatives, time limit and choose correct answers (at least one)."},
		{}, {}, {"", "Remember: questions have a limit of 120 characters"}, {},
		kahootHeader,
		{1, "What is 2+2?", "4", "3", "2", "1", 20, "1"},
		{2, "Which are primes?", 2, 3, 4, "", 30, "1,2"},
		{3, "The moon shines by itself.", "True", "False", "", "", 10, 2},
		{4, "No key", "a", "b", "", "", 10, ""},
		{5, "Key of nothing", "a", "b", "", "", 10, "4"},
		{6, "", "", "", "", "", "", ""},
	})
	for _, f := range []formats.Format{formats.Auto, formats.Kahoot} {
		r, err := formats.ReadBytes("kahoot.xlsx", b, f)
		if err != nil {
			t.Fatal(err)
		}
		want := []formats.Question{
			{Type: bank.Single, Text: "What is 2+2?", Format: bank.Plain, Choices: []formats.Choice{{Text: "4", Weight: 100}, {Text: "3"}, {Text: "2"}, {Text: "1"}}, Seconds: 20},
			{Type: bank.Multi, Text: "Which are primes?", Format: bank.Plain, Choices: []formats.Choice{{Text: "2", Weight: 50}, {Text: "3", Weight: 50}, {Text: "4"}}, Seconds: 30},
			{Type: bank.TrueFalse, Text: "The moon shines by itself.", Format: bank.Plain, Choices: []formats.Choice{{Text: "True"}, {Text: "False", Weight: 100}}, Seconds: 10},
		}
		if !reflect.DeepEqual(r.Questions, want) {
			t.Errorf("%s: got %+v", f, r.Questions)
		}
		if len(r.Skipped) != 2 || r.Skipped[0].Line != 12 || r.Skipped[1].Line != 13 {
			t.Errorf("%s: skipped %v", f, r.Skipped)
		}
	}
}

// TestFormulas never computes one, and writes none.
func TestFormulas(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for cell, value := range map[string]string{"A1": "Question", "B1": "Answer", "B2": "x", "B3": "y"} {
		if err := f.SetCellStr("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellFormula("Sheet1", "A2", `HYPERLINK("http://example.invalid","a")`); err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellStr("Sheet1", "A3", "'=1+1"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	r, err := formats.ReadBytes("formulas.xlsx", b.Bytes(), formats.Auto)
	if err != nil || len(r.Questions) != 2 {
		t.Fatalf("got %v, %v", r, err)
	}
	if got := r.Questions[0].Text; got != `=HYPERLINK("http://example.invalid","a")` {
		t.Errorf("the formula is %q", got)
	}
	if got := r.Questions[1].Text; got != "=1+1" {
		t.Errorf("the text is %q", got)
	}

	evil := formats.Question{Type: bank.Text, Text: "@SUM(A1)", Title: "-1+1", Feedback: "+1", Format: bank.Plain,
		Category: "＝1", Tags: []string{"=cmd|' /C calc'!A0"}, Accept: []formats.Accept{{Text: "=1;=2", Weight: 100}}}
	for _, format := range []formats.Format{formats.CSV, formats.XLSX} {
		var out bytes.Buffer
		if _, err := formats.Write(&out, format, []formats.Question{evil}); err != nil {
			t.Fatal(err)
		}
		var cells []string
		if format == formats.CSV {
			rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(out.Bytes(), []byte("\ufeff")))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			cells = rows[1]
		} else {
			book, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			rows, err := book.GetRows("Questions")
			if err != nil {
				t.Fatal(err)
			}
			cells = rows[1]
		}
		for _, c := range cells {
			if c != "" && strings.ContainsRune("=+-@\t\r＝", []rune(c)[0]) {
				t.Errorf("%s: the cell %q begins a formula", format, c)
			}
		}
	}
}

// TestNothingHalf keeps no part of an item that is skipped.
func TestNothingHalf(t *testing.T) {
	r, err := formats.ReadBytes("x.gift", []byte("A? {=a ~%200%b}\n\nB? {=b ~c}"), formats.Auto)
	if err != nil || len(r.Questions) != 1 || r.Questions[0].Text != "B?" || len(r.Skipped) != 1 || r.Skipped[0].Line != 1 {
		t.Errorf("got %v, %v", r, err)
	}
}
