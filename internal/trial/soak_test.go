package trial

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/wire"
)

// What a server may have more of at the end of a soak than after its first
// rounds. A class writes a log, and the recommender remembers its people: that
// is bounded too, but not at once.
const (
	moreGoroutines = 8
	moreHeap       = 12 << 20 // bytes
	moreHeapAnHour = 8 << 20
)

// TestSoak holds classes one after the other in one room: people come, watch,
// talk, vote and go, the publisher's connection is another each time, and
// everything is recorded. Whatever a class needed is given back when its people
// have gone: as many goroutines run as before, and the heap does not grow.
// LYCEUM_SOAK says for how long, such as 2h; each reading is logged.
func TestSoak(t *testing.T) {
	length, each, students, speed := 6*time.Second, 2*time.Second, 8, 20.0
	if text := os.Getenv("LYCEUM_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("LYCEUM_SOAK: %v", err)
		}
		each, students, speed = time.Minute, 20, 5
	}
	ops := freeAddr(t)
	s := newServer(t, t.TempDir(), "--ops.listen", ops, "--media.grace", "500ms", "--media.lost", "2s", "--room.idle", "1s")
	s.up(t)
	k := &soak{server: s, ops: ops, students: students, speed: speed, seed: seedOf(t)}

	k.round(t, each) // what is made once and kept is made
	k.round(t, each)
	base := k.settled(t, 0)
	began := time.Now()
	t.Logf("%8s %11s %9s %9s %9s", "after", "goroutines", "heap MB", "RSS MB", "packets")
	k.log(t, began, base)
	last := base
	for time.Since(began) < length {
		k.round(t, each)
		last = k.settled(t, base.goroutines+moreGoroutines)
		k.log(t, began, last)
	}
	most := base.heap + moreHeap + int64(time.Since(began).Hours()*moreHeapAnHour)
	if last.heap > most {
		t.Errorf("the heap has grown from %d to %d MB", base.heap>>20, last.heap>>20)
	}
	if k.messages == 0 {
		t.Error("nobody said anything")
	}
	if n := k.recordings(t); n == 0 {
		t.Error("nothing was recorded")
	}
}

// soak is a server and the classes that it holds.
type soak struct {
	server   *server
	ops      string // address of the operator's listener
	students int
	speed    float64
	seed     uint64

	rounds            uint64
	packets, messages int64
}

// soakRoom is a session of the sample catalogue, and soakHost teaches it: one
// person, since a simulated teacher stands back for any other host.
const (
	soakRoom wire.RoomID = "go-101"
	soakHost wire.UserID = "usoakhost"
)

// round holds a class of people who have never been there.
func (k *soak) round(t *testing.T, length time.Duration) {
	t.Helper()
	k.rounds++
	c, err := bot.NewClass(bot.Config{
		URL: k.server.url(), Room: soakRoom, Students: k.students, Watchers: k.students * 3 / 4, Speed: k.speed, Seed: k.seed + k.rounds,
		Token: func(name string, role wire.Role) (string, error) {
			user := auth.NewUserID()
			if role == wire.Host {
				user = soakHost
			}
			now := time.Now()
			return k.server.keys.Mint(auth.Claims{
				Kind: auth.Room, Room: soakRoom, User: user, Name: name, Role: role, Issued: now, Expires: now.Add(24 * time.Hour),
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	eventually(t, "a picture, before the class is over", patience, func() bool { return c.Stats().Packets > 50 })
	k.order(t, "record.start")
	pass(ctx, length)
	stop()
	if err := <-ended; err != nil {
		t.Fatalf("the class: %v", err)
	}
	k.order(t, "record.stop")
	stats := c.Stats()
	k.packets += stats.Packets
	k.messages += stats.Messages
}

// order has a host come in for one command. That it is so already is no fault.
func (k *soak) order(t *testing.T, kind string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	c, err := bot.Dial(ctx, k.server.url(), soakRoom, k.server.token(t, soakRoom, soakHost, wire.Host), "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Command(ctx, kind, struct{}{}); err != nil && !strings.Contains(err.Error(), "record.") {
		t.Fatalf("%s: %v", kind, err)
	}
}

// reading is what a server holds while nobody is there.
type reading struct {
	goroutines     int
	heap, resident int64
}

// settled waits until no more goroutines run than so many; 0: until they have
// not become fewer for a while.
func (k *soak) settled(t *testing.T, most int) reading {
	t.Helper()
	r := k.read(t)
	if most > 0 {
		eventually(t, fmt.Sprintf("at most %d goroutines", most), patience, func() bool {
			r = k.read(t)
			return r.goroutines <= most
		})
		return r
	}
	for calm := 0; calm < 20 && pass(t.Context(), 150*time.Millisecond); calm++ {
		if now := k.read(t); now.goroutines < r.goroutines {
			r, calm = now, 0
		}
	}
	return r
}

// read asks the operator's listener. The heap is what is left after a
// collection.
func (k *soak) read(t *testing.T) reading {
	t.Helper()
	number := func(path, name string) int64 {
		res, err := http.Get("http://" + k.ops + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(string(body), name)
		text, _, _ := strings.Cut(rest, "\n")
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if !ok || err != nil {
			t.Fatalf("%s: no %q: %v", path, name, err)
		}
		return n
	}
	return reading{
		goroutines: int(number("/debug/pprof/goroutine?debug=1", "goroutine profile: total ")),
		heap:       number("/debug/pprof/heap?debug=1&gc=1", "# HeapAlloc = "),
		resident:   k.server.resident(),
	}
}

func (k *soak) log(t *testing.T, began time.Time, r reading) {
	t.Logf("%8s %11d %9.1f %9.1f %9d", time.Since(began).Round(time.Second), r.goroutines, float64(r.heap)/1e6, float64(r.resident)/1e6, k.packets)
}

// recordings counts the files of film that the classes have left.
func (k *soak) recordings(t *testing.T) (n int) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(k.server.data), ".", func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); ext == ".webm" || ext == ".mp4" {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
