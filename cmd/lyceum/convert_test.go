package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/formats"
)

// Whatever format a bank is written in, reading it again gives the same.
func TestConvertThereAndBack(t *testing.T) {
	gift := file(t, "a.gift", "// [tag:sums]\n::One::1 + 1 \\= ?{=2#Yes. ~11}\n\nIs it?{F}\n\nAbout?{#3.1..3.2}\n\nCapital?{=北京 =Peking}\n\nMatch.{=a -> b =c -> d}\n\nOpen?{=a\n")
	want, err := formats.ReadBytes("a", []byte(contentsOf(t, gift)), formats.GIFT)
	if err != nil {
		t.Fatal(err)
	}
	for ending, format := range endings {
		name := filepath.Join(t.TempDir(), "b"+ending)
		out, errs, code := printed(t, "convert", "-o", name, gift)
		if code != 0 || out != "" || !strings.Contains(errs, "not read: line 12: a { is not closed") || !strings.Contains(errs, "5 questions in ") {
			t.Errorf("%s: exit %d, %q, %q", format, code, out, errs)
		}
		got, err := formats.ReadBytes(name, []byte(contentsOf(t, name)), format)
		if err != nil || len(got.Skipped) > 0 || !reflect.DeepEqual(got.Questions, want.Questions) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", format, err, got, want.Questions)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".convert-*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if out, errs, code := printed(t, "convert", "-to", "csv", gift); code != 0 || !strings.HasPrefix(out, "\ufeff\"Type\"") || strings.Contains(errs, "questions in") {
		t.Errorf("to the standard output: exit %d, %.80q, %q", code, out, errs)
	}
}

func TestConvertExits(t *testing.T) {
	good := file(t, "good.gift", "Is it?{T}\n")
	prose := file(t, "prose.txt", "Dear all,\nthe class is at ten.\n")
	gaps := file(t, "gaps.csv", "Type,Question,Answer\ngaps,[[1]] is it,this\n")
	kept := file(t, "kept.gift", "what was here")
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"written", []string{"-to", "gift", good}, 0, ""},
		{"none of these", []string{"-to", "gift", "-o", kept, prose}, 2, "none of GIFT"},
		{"no place for it", []string{"-to", "gift", "-o", kept, gaps}, 2, "nothing of"},
		{"nothing to write", []string{good}, 1, "-to"},
		{"a format that is only read", []string{"-to", "kahoot", good}, 1, "no format"},
		{"nowhere to write", []string{"-to", "gift", "-o", filepath.Join(kept, "x"), good}, 1, "x"},
		{"no file", []string{"-to", "gift"}, 1, "name the files"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs, code := printed(t, "convert", tt.args...)
			if code != tt.code || !strings.Contains(errs, tt.says) {
				t.Errorf("exit %d, %q; want %d, %q", code, errs, tt.code, tt.says)
			}
		})
	}
	if got := contentsOf(t, kept); got != "what was here" {
		t.Errorf("a refusal wrote %q", got)
	}
}

func contentsOf(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
