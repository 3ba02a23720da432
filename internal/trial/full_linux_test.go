package trial

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lyceum-live/lyceum/wire"
)

// TestDiskFull fills the disk under a class, and makes room again.
func TestDiskFull(t *testing.T) {
	builtServer(t)
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m,mode=700"); err != nil {
		t.Skipf("a small disk needs the right to mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(dir, "filler")
	shortage(t, newServer(t, dir), "store.full", func(*server) {
		fill(t, filler)
	}, func(*server) {
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	})
}

// fill takes all the room that a disk has.
func fill(t *testing.T, name string) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err == nil {
			continue
		} else if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		size /= 4
	}
}

// TestFileLimit forbids the server to write beyond the first 8 KiB of any file,
// as a quota or a failing disk does, and allows it again.
func TestFileLimit(t *testing.T) {
	builtServer(t)
	t.Parallel()
	limit := func(s *server, size uint64) {
		var before unix.Rlimit
		pid := s.process.Process.Pid
		if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &before); err != nil {
			t.Fatal(err)
		}
		if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: before.Max}, nil); err != nil {
			t.Fatal(err)
		}
	}
	shortage(t, newServer(t, t.TempDir()), "store.unavailable", func(s *server) {
		limit(s, 8<<10)
	}, func(s *server) { limit(s, unix.RLIM_INFINITY) })
}

// shortage lets a class go on while the store cannot write: commands are
// refused, and nothing that was refused is kept; everything else goes on. When
// there is room again, so do the commands.
func shortage(t *testing.T, s *server, code string, begin, end func(*server)) {
	c := newClass(t, s, seedOf(t), rooms[0])
	c.fill(t, 40)
	host, listener, passer := c.people[0], c.people[2], c.people[3]
	var reactions atomic.Int64
	listener.hears = func(kind string, _ []byte) {
		if kind == "chat.reactions" {
			reactions.Add(1)
		}
	}
	s.up(t)
	c.begin(200*time.Millisecond, time.Second)
	c.gather(t, patience)
	pass(t.Context(), 2*time.Second)
	kept := passer.do(t.Context(), "chat.say", map[string]any{"text": "before it is full"})

	begin(s)
	began := time.Now()
	refused := func() (n, others int) {
		for _, p := range c.people {
			p.mu.Lock()
			for _, w := range p.wishes {
				if !w.answered || w.by.Before(began) {
					continue
				}
				switch w.refused {
				case code:
					n++
				case "store.full", "store.unavailable":
					others++
				}
			}
			p.mu.Unlock()
		}
		return n, others
	}
	eventually(t, "commands are refused with "+code, patience, func() bool { n, _ := refused(); return n >= 20 })

	// By now the room asks the store only from time to time.
	pass(t.Context(), time.Second)

	// Whoever comes now cannot be written down, and comes back until there is room.
	late := c.comes(t, rooms[0], wire.Viewer)
	c.enter(late)
	goesOn := func(what string, err error) {
		if err != nil {
			t.Errorf("while the store cannot write, %s: %v", what, err)
		}
	}
	_, err := host.ask("people.list", map[string]any{})
	goesOn("the list of people", err)
	_, err = listener.ask("ping", map[string]any{})
	goesOn("a ping", err)
	_, err = listener.ask("media.watch", map[string]any{})
	goesOn("media", err)
	goesOn("the answer to what was carried out before", passer.again(kept))
	r, err := http.Get(s.url() + "/v1/rooms/" + string(rooms[0]))
	if err == nil {
		_ = r.Body.Close()
		if r.StatusCode != http.StatusOK {
			err = errors.New(r.Status)
		}
	}
	goesOn("the room's page", err)
	heard := reactions.Load()
	host.query("chat.react", map[string]any{"emoji": "👏"})
	eventually(t, "reactions go on", patience, func() bool { return reactions.Load() > heard })
	passer.hangUp()
	eventually(t, "somebody who was here comes back while the store cannot write", patience, passer.here)

	end(s)
	ended := time.Now()
	for n := 0; ; n++ {
		w := host.do(t.Context(), "chat.say", map[string]any{"text": fmt.Sprint("can we go on? ", n)})
		if w == nil || w.refused == "" {
			break
		}
		if time.Since(ended) > patience {
			t.Fatalf("still %s", w.refused)
		}
		pass(t.Context(), 20*time.Millisecond)
	}
	recovered := time.Since(ended)
	eventually(t, "who came in between is in", patience, late.here)
	pass(t.Context(), time.Second)
	n, others := refused()
	v := c.finish(t)
	t.Logf("%d commands refused with %s, %d for the other reason of a store; takes commands again %v after there was room",
		n, code, others, recovered.Round(time.Millisecond))
	v.report(t)
}
