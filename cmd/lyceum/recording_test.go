package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/fanout"
	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/media/record"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// TestOldRecordingsGo: those that are older than they are kept go, with their
// clips, and their classes' records say so; the others stay.
func TestOldRecordingsGo(t *testing.T) {
	store, err := sqlite.Open(t.Context(), t.TempDir(), sqlite.Config{}, zap.NewNop())
	noError(t, err)
	defer func() { noError(t, store.Close()) }()
	pool := fanout.NewPool(fanout.Config{})
	defer pool.Close()
	house := room.NewHouse(room.Config{}, store, room.NewVault(store), pool, zap.NewNop())
	defer house.Close()
	dir := t.TempDir()
	now := time.Now()
	put := func(id, ended string) {
		at := filepath.Join(dir, "go-101", id)
		noError(t, os.MkdirAll(at, 0o700))
		noError(t, os.WriteFile(filepath.Join(at, "manifest.json"), []byte(`{"v":1,"id":`+id+`,"room":"go-101","title":"Go","started":1000`+ended+
			`,"files":[{"name":"host-001.mp4","set":"host","start":0,"length":9000,"done":true}],"clips":[{"id":`+id+`0,"from":0,"to":9000,"name":"clip-1.mp4"}]}`), 0o600))
	}
	put("7", `,"ended":61000`)
	put("8", `,"ended":`+strconv.FormatInt(int64(wire.At(now.Add(-time.Hour))), 10))
	put("9", "") // goes on
	archive, err := record.Open(dir, record.Config{}, record.Told{}, zap.NewNop())
	noError(t, err)
	defer archive.Close()

	for _, m := range archive.Ended(wire.At(now.Add(-24 * time.Hour))) {
		clips, err := expireOne(t.Context(), archive, house, m)
		noError(t, err)
		if !slices.Equal(clips, []string{record.Public("go-101", 70)}) {
			t.Errorf("gone with recording %d: %v", m.ID, clips)
		}
	}
	var left []uint64
	for _, m := range archive.List("go-101") {
		left = append(left, m.ID)
	}
	if !slices.Equal(left, []uint64{9, 8}) {
		t.Errorf("left are %v", left)
	}
	if got := namesIn(t, filepath.Join(dir, "go-101")); got != "8 9" {
		t.Errorf("on the disk are %s", got)
	}
	events, err := house.Events(t.Context(), "go-101", 0)
	noError(t, err)
	noted := slices.ContainsFunc(events, func(h room.Happened) bool {
		a, ok := h.Event.(room.Acted)
		return ok && a.Act == "record.expire" && a.Item == 7
	})
	if !noted {
		t.Errorf("the class's record does not say so: %v", events)
	}
}
