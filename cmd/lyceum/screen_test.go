package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/screen"
)

func TestScreenOfTheConfiguration(t *testing.T) {
	if check, err := openScreen(screen.Config{}); check != nil || err != nil {
		t.Errorf("nothing is asked for, and checked: %v", err)
	}
	file := filepath.Join(t.TempDir(), "ours.txt")
	if err := os.WriteFile(file, []byte("homework for sale\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check, err := openScreen(screen.Config{Lists: []string{"en=mask", "zh=hold", file + "=block"}, Links: screen.Hold})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		shown, rule string
		hold, block bool
	}{
		"a fine day":                  {"a fine day", "", false, false},
		"oh sh1t":                     {"oh ****", "en", false, false},
		"刷 單":                         {"刷 單", "zh", true, false},
		"shit, 刷单":                    {"****, 刷单", "zh", true, false}, // the sternest is the reason
		"shit, HOMEWORK for sale, 刷单": {"****, HOMEWORK for sale, 刷单", "ours", false, true},
		"see evil.com":                {"see evil.com", "links", true, false},
	} {
		if got := check(text); got.Text != want.shown || got.Rule != want.rule || got.Hold != want.hold || got.Block != want.block {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// A list that cannot be read keeps the server from starting, and says where it
// is wrong.
func TestBrokenListsStopTheServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ours.txt")
	if err := os.WriteFile(file, []byte("fine\n\n***\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for entry, want := range map[string]string{
		file + "=mask": "ours.txt:3: ", file + ".missing=mask": "ours.txt.missing", file: "is not file=action", "en=shout": "mask, hold or block",
	} {
		if _, err := openScreen(screen.Config{Lists: []string{entry}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", entry, err, want)
		}
	}
}
