package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// A disk that is really full: a small file system of the test's own, mounted
// by a process of its own where nobody else sees it.
func TestDiskFull(t *testing.T) {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), smallDir+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := child.CombinedOutput()
	switch said := strings.TrimSpace(string(out)); {
	case len(out) == 0 && err != nil:
		t.Skipf("no namespaces here: %v", err)
	case strings.HasPrefix(said, "no mount"):
		t.Skip(said)
	case err != nil || !strings.HasPrefix(said, "recovered"):
		t.Fatalf("%s: %v", said, err)
	default:
		t.Log(said)
	}
}

// fillDisk is what the process of TestDiskFull does.
func fillDisk(dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		fmt.Println("no mount:", err)
		os.Exit(0)
	}
	if err := fullDisk(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

func fullDisk(dir string) error {
	ctx := context.Background()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 3<<20), 0o600); err != nil {
		return err
	}
	s, err := sqlite.Open(ctx, dir, sqlite.Config{}, zap.NewNop())
	if err != nil {
		return err
	}
	if _, err := s.OpenLog(ctx, "a"); err != nil {
		return err
	}
	if _, err := s.OpenLog(ctx, "b"); err != nil {
		return err
	}
	last, short := uint64(0), uint64(0) // of a, which is filed at once, and of b, which goes to the tail
	for err = nil; err == nil; {
		if err = s.Append(ctx, "a", last, records(last, 10, 1000)); err == nil {
			last += 10
			if err = s.Append(ctx, "b", short, records(short, 1, 1000)); err == nil {
				short++
			}
		}
	}
	if !errors.Is(err, room.ErrFull) || !errors.Is(s.Ready(), room.ErrFull) {
		return fmt.Errorf("on a full disk: %w, %w", err, s.Ready())
	}
	for id, want := range map[wire.RoomID]uint64{"a": last, "b": short} {
		if got, err := s.Read(ctx, id, 0, 1e6); err != nil || uint64(len(got)) != want {
			return fmt.Errorf("%d records of %d: %w", len(got), want, err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	late := time.After(20 * time.Second)
	for look := time.NewTicker(20 * time.Millisecond); s.Ready() != nil; { // by itself
		select {
		case <-look.C:
		case <-late:
			return fmt.Errorf("with room again: %w", s.Ready())
		}
	}
	if err := s.Append(ctx, "a", last, records(last, 10, 1000)); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	// Trimming makes room that can be written again, also in the tail.
	if err := s.SaveSnapshot(ctx, "a", room.Snapshot{Seq: last, Data: []byte("s")}); err != nil {
		return err
	}
	for gone, n := 0, 1; n > 0; gone += n {
		if n, err = s.Trim(ctx, "a", 1<<62, nil); err != nil {
			return fmt.Errorf("trim after %d: %w", gone, err)
		}
	}
	if got, err := s.Read(ctx, "b", 0, 1e6); err != nil || uint64(len(got)) != short {
		return fmt.Errorf("%d records of %d after a trim: %w", len(got), short, err)
	}
	if err := s.Close(); err != nil {
		return err
	}
	if s, err = sqlite.Open(ctx, dir, sqlite.Config{}, zap.NewNop()); err != nil {
		return err
	}
	if info, err := s.OpenLog(ctx, "a"); err != nil || info.Last != last+10 {
		return fmt.Errorf("the log ends at %d of %d: %w", info.Last, last+10, err)
	}
	fmt.Println("recovered: full after", last, "records")
	return s.Close()
}
