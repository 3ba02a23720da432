package main

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/wire"
)

// told is what a house is told of the server before.
type told map[wire.RoomID]wire.Millis

func (t told) Attended(id wire.RoomID, at wire.Millis) { t[id] = at }

func TestAttendedRoomsAreNoted(t *testing.T) {
	in := holdServer(t)
	pass, err := in.pass("full", "Ana", wire.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := bot.Dial(t.Context(), in.url, "full", pass, "en")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		for range c.Messages() { // ends with the socket
		}
	}()
	if _, err := in.house.Open(t.Context(), "empty"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), attendedFile)
	now := attendanceOf(in.house)
	if err := now.write(path); err != nil {
		t.Fatal(err)
	}
	log, lines := observer.New(zap.WarnLevel)
	after := told{}
	recall(after, path, zap.New(log))
	if len(after) != 1 || after["full"] != now.At {
		t.Errorf("of two rooms, one of which is empty, it recalls %v", after)
	}
	if err := os.WriteFile(path, []byte(`{"at":1,"rooms":["fu`), 0o600); err != nil {
		t.Fatal(err)
	}
	after = told{}
	if recall(after, path, zap.New(log)); len(after) != 0 || lines.Len() != 1 {
		t.Errorf("of half a file it recalls %v and warns %d times", after, lines.Len())
	}
}
