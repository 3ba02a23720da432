package sqlite_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/internal/store/sqlite/faultfs"
)

// A power cut while an older file is brought up to date leaves all that was
// in it.
func TestPowerCutWhileMigrating(t *testing.T) {
	dir, want := unpack(t, 1)
	disk, err := faultfs.Watch(dir)
	must(t, err)
	defer disk.Close()
	must(t, open(t, dir, sqlite.Config{}).Close())
	journal, err := disk.Journal()
	must(t, err)
	if len(journal.Ops) == 0 {
		t.Fatal("nothing was migrated")
	}
	images := 0
	replay := faultfs.NewReplay(journal, rand.New(rand.NewPCG(7, 8)))
	for at := 0; at <= len(journal.Ops); at += (thin + 3) / 4 {
		replay.To(at)
		for _, image := range []faultfs.Image{replay.Synced(), replay.Some(), replay.Some()} {
			images++
			if err := migrated(t, image, want); err != nil {
				t.Errorf("cut at %d of %d, after %v: %v", at, len(journal.Ops), journal.Ops[max(0, at-3):at], err)
			}
		}
	}
	t.Logf("%d disk operations, %d images", len(journal.Ops), images)
}

func migrated(t *testing.T, image faultfs.Image, want content) error {
	t.Helper()
	dir, remove, err := scratch()
	if err != nil {
		return err
	}
	defer remove()
	if err := image.Save(dir); err != nil {
		return err
	}
	s, err := sqlite.Open(t.Context(), dir, sqlite.Config{Readers: 1}, zap.NewNop())
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(contentOf(t, s, want), want) {
		err = errLost
	}
	return errors.Join(err, s.Close())
}
