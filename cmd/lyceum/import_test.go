package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/wire"
)

// printed runs a command of lyceum in a process of its own.
func printed(t *testing.T, command string, args ...string) (out, errs string, code int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{command}, args...)...)
	cmd.Env = append(os.Environ(), asLyceum+"=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImportPrintsTheContract(t *testing.T) {
	gift := file(t, "a.gift", "::One::1 \\+ 1?{=2#Yes ~%50%11}\n\n::Bad::Which?{~a ~b}\n")
	out, errs, code := printed(t, "import", "-json", gift)
	want := `{"questions":[{"type":"single","title":"One","text":"1 \\+ 1?","format":"plain",` +
		`"choices":[{"text":"2","weight":100,"feedback":"Yes"},{"text":"11","weight":50,"feedback":""}],` +
		`"accept":[],"ranges":[],"pairs":[],"feedback":"","tags":[],"category":""}],` +
		`"skipped":[{"line":3,"id":"Bad","reason":"it has no correct answer"}]}` + "\n"
	if out != want || errs != "" || code != 0 {
		t.Errorf("exit %d, %q\n got %s\nwant %s", code, errs, out, want)
	}
}

func TestImportExits(t *testing.T) {
	good := file(t, "good.gift", "Is it?{T}\n")
	prose := file(t, "prose.txt", "Dear all,\nthe class is at ten.\n")
	keyless := file(t, "keyless.gift", "::K::Which?{~a ~b}\n")
	large := file(t, "large.csv", "")
	if err := os.Truncate(large, 100<<20); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"read", []string{good}, 0, ""},
		{"several, one of them nothing", []string{good, prose}, 0, ""},
		{"none of these", []string{prose}, 2, "none of GIFT"},
		{"nothing sound in it", []string{keyless}, 2, "no correct answer"},
		{"too large", []string{large}, 2, "50 MiB"},
		{"another format", []string{"-format", "qti", good}, 2, "not QTI"},
		{"no file", []string{filepath.Join(t.TempDir(), "none")}, 1, "no such file"},
		{"no such format", []string{"-format", "word", good}, 1, "no format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs, code := printed(t, "import", append([]string{"-json"}, tt.args...)...)
			if tt.args[0] == "-format" {
				_, errs, code = printed(t, "import", tt.args...)
			}
			if code != tt.code || !strings.Contains(errs, tt.says) || strings.Count(errs, "\n") > 1 {
				t.Errorf("exit %d, %q; want %d, %q", code, errs, tt.code, tt.says)
			}
		})
	}
}

func TestImportSummary(t *testing.T) {
	var out bytes.Buffer
	path := file(t, "a.gift", "::Pi::About?{#3.1..3.2}\n\nMatch.{=a -> b =c -> d}\n\nOpen?{=a\n")
	if err := runImport([]string{path}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"numeric      Pi: About?", "✓ 3.1 to 3.2", "a → b", "skipped line 5: a { is not closed", "2 questions, 1 skipped"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// TestImportMergesFiles tells of which file each skipped item is.
func TestImportMergesFiles(t *testing.T) {
	var out bytes.Buffer
	one, two := file(t, "1.gift", "A?{T}\n\nB?{~x ~y}\n"), file(t, "2.csv", "题干,答案\n地球是平的,错\n")
	if err := runImport([]string{"-json", one, two}, &out); err != nil {
		t.Fatal(err)
	}
	var r formats.Result
	if err := wire.Decode(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Questions) != 2 || len(r.Skipped) != 1 || !strings.Contains(r.Skipped[0].Reason, "1.gift") {
		t.Errorf("got %+v", r)
	}
}
