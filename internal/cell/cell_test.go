package cell_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/cell"
)

func TestFormulas(t *testing.T) {
	for _, s := range []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\rx", "\nx", "＝1", "＋1", "－1", "＠a", "﹦1", "﹢1", "﹣1", "﹫a",
		" =1", "\u00a0=1", "\u3000＝1", "\u200b=1", "\ufeff=1", "'=1", "''=1", "' =1", `=cmd|' /C calc'!A0`, "\x00=1",
	} {
		if got := cell.Text(s); got != "'"+s {
			t.Errorf("%q is left as %q", s, got)
		}
	}
	for _, s := range []string{"", "a=1", "1+1", "'tis", "'", " ", "12", "为什么？", "😀", "\xff"} {
		if got := cell.Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// Whatever is written: it begins with none of the signs in any width, and
// comes back as it was.
func TestTextIsHarmlessAndComesBack(t *testing.T) {
	piece := rapid.SampledFrom([]string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "－", "'", " ", "\u200b", "a", "1", "\"", ",", ";"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), "") + rapid.String().Draw(t, "rest")
		got := cell.Text(s)
		folded := norm.NFKC.String(strings.TrimLeft(got, " \u200b\u00a0\u3000"))
		if folded != "" && strings.ContainsRune("=+-@\t\r\n", []rune(folded)[0]) {
			t.Fatalf("%q is written as %q", s, got)
		}
		if back := cell.Bare(got); back != s {
			t.Fatalf("%q is written as %q and read as %q", s, got, back)
		}
	})
}

// A file is read by others as it was written.
func TestCSVIsReadByOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(t, "width")
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab\",;\n' =漢")))
		rows := rapid.SliceOfN(rapid.SliceOfN(text, width, width), 1, 5).Draw(t, "rows")
		var b bytes.Buffer
		w := cell.NewCSV(&b)
		for _, row := range rows {
			w.Row(row)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		body, marked := strings.CutPrefix(b.String(), "\ufeff")
		if !marked {
			t.Fatal("no byte order mark")
		}
		r := csv.NewReader(strings.NewReader(body))
		r.FieldsPerRecord = width
		got, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			if strings.Join(got[i], "\x00") != strings.Join(rows[i], "\x00") {
				t.Fatalf("got %q, want %q", got[i], rows[i])
			}
		}
	})
}
