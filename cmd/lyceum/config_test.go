package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/internal/config"
)

// TestSampleConfiguration holds configs/lyceum.yaml to the options there are.
func TestSampleConfiguration(t *testing.T) {
	if err := config.CheckSample(&Config{}, "../../configs/lyceum.yaml"); err != nil {
		t.Error(err)
	}
}

func TestSourcesInTheirOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.yaml")
	if err := os.WriteFile(file, []byte("http:\n  addr: \":1\"\nroom:\n  history: 7\n  grace: 3s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LYCEUM_HTTP_ADDR", ":2")
	t.Setenv("LYCEUM_ROOM_HISTORY", "8")
	c, _, err := loadConfig("serve", []string{"--config", file, "--http.addr", ":3"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTP.Addr != ":3" || c.Room.History != 8 || c.Room.Grace.Seconds() != 3 || c.Access.Room != "first-class" {
		t.Errorf("flag %s, environment %d, file %v, default %s", c.HTTP.Addr, c.Room.History, c.Room.Grace, c.Access.Room)
	}
}

func TestBadConfigurationNamesFileAndLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my.yaml")
	for text, want := range map[string]string{
		"http:\n  adr: \":1\"\n":       "my.yaml:2: http.adr",
		"room:\n  history: many\n":     "my.yaml:2: room.history",
		"http:\n  addr: \":1\"\nhttps": "my.yaml:3",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := loadConfig("serve", []string{"--config", file}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, _, err := loadConfig("serve", []string{"--config", file + "x"}, nil); err == nil {
		t.Error("a file that is not there is no error")
	}
	if _, _, err := loadConfig("serve", []string{"--access.room", "My Class"}, nil); err == nil {
		t.Error("a room that cannot be is no error")
	}
	if _, _, err := loadConfig("serve", []string{"--no.such", "1"}, func(fs *flag.FlagSet) { fs.SetOutput(new(strings.Builder)) }); err == nil {
		t.Error("an unknown flag is no error")
	}
}
