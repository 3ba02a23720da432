package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/wire"
)

// childDir tells this test binary to be the process that is killed.
const childDir = "LYCEUM_TEST_STORE_CHILD"

// smallDir tells it to be the process whose disk fills up.
const smallDir = "LYCEUM_TEST_STORE_SMALL"

const childRooms = 24

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		writeForEver(dir)
	}
	if dir := os.Getenv(smallDir); dir != "" {
		fillDisk(dir)
	}
	os.Exit(m.Run())
}

// writeForEver appends to many rooms and grants points, and prints what was
// acknowledged, until it is killed.
func writeForEver(dir string) {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, dir, sqlite.Config{}, zap.NewNop())
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	fmt.Println("open")
	var all sync.WaitGroup
	for i := range childRooms {
		all.Go(func() {
			id := wire.RoomID(fmt.Sprint("room-", i))
			info, err := s.OpenLog(ctx, id)
			for last := info.Last; err == nil; {
				n := 1 + int(last)%4
				if err = s.Append(ctx, id, last, records(last, n, 50)); err != nil {
					break
				}
				last += uint64(n)
				fmt.Println("appended", i, last)
				e := reward.Entry{Key: fmt.Sprint(id, "/", last), User: wire.UserID(fmt.Sprint("u", i)), Points: int64(last), Room: id, Seq: last}
				if _, _, err = s.Grant(ctx, []reward.Entry{e, e}); err == nil {
					fmt.Println("granted", i, last)
				}
			}
			fmt.Println("stopped:", err)
		})
	}
	all.Wait()
	os.Exit(1)
}

// Whenever the process is killed, what it acknowledged is there, once.
func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	var appended, granted [childRooms]uint64 // acknowledged, by room
	total := 0
	for round := range rounds {
		killed(t, dir, 40+137*round, func(line string) {
			var what string
			var i int
			var last uint64
			if n, _ := fmt.Sscan(line, &what, &i, &last); n != 3 {
				t.Fatalf("the child says %q", line)
			}
			total++
			if what == "granted" {
				granted[i] = last
			} else {
				appended[i] = last
			}
		})

		s := open(t, dir, sqlite.Config{})
		for i := range childRooms {
			id := wire.RoomID(fmt.Sprint("room-", i))
			info, err := s.OpenLog(t.Context(), id)
			must(t, err)
			if info.Last < appended[i] {
				t.Errorf("round %d: %s ends at %d, %d was acknowledged", round, id, info.Last, appended[i])
			}
			got, err := s.Read(t.Context(), id, 0, 1e6)
			must(t, err)
			for n, r := range got {
				if r.Seq != uint64(n)+1 {
					t.Fatalf("round %d: %s has %d at place %d", round, id, r.Seq, n+1)
				}
			}
			if uint64(len(got)) != info.Last {
				t.Errorf("round %d: %s has %d records and ends at %d", round, id, len(got), info.Last)
			}
			checkPoints(t, s, wire.UserID(fmt.Sprint("u", i)), granted[i])
		}
		must(t, s.Close())
	}
	if !t.Failed() {
		t.Logf("%d kills, %d acknowledgements, none lost", rounds, total)
	}
}

// checkPoints checks that the user's grant at seq is there, that no grant is
// there twice and that the balance is the sum.
func checkPoints(t *testing.T, s *sqlite.Store, user wire.UserID, seq uint64) {
	t.Helper()
	entries, _, err := s.History(t.Context(), user, "", 1e6)
	must(t, err)
	sum, newest := int64(0), uint64(0)
	seen := map[string]bool{}
	for _, e := range entries {
		if seen[e.Key] {
			t.Errorf("%s was granted twice", e.Key)
		}
		seen[e.Key] = true
		sum += e.Points
		newest = max(newest, e.Seq)
	}
	if newest < seq {
		t.Errorf("%s's newest grant is %d, %d was acknowledged", user, newest, seq)
	}
	if balance, err := s.Balance(t.Context(), user); err != nil || balance != sum {
		t.Errorf("%s has %d points, the entries sum to %d: %v", user, balance, sum, err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	tries := 0
	killed(t, dir, 1, func(string) {
		if tries++; tries > 1 {
			return
		}
		for range 2 {
			if _, err := sqlite.Open(t.Context(), dir, sqlite.Config{}, zap.NewNop()); !errors.Is(err, sqlite.ErrInUse) {
				t.Errorf("beside another process: %v", err)
			}
		}
	})
	if _, err := os.Stat(filepath.Join(dir, "lyceum.lock")); err != nil {
		t.Error(err)
	}
	opened(t, dir, sqlite.Config{}) // a lock dies with its process
}

// killed starts a process that writes to dir, passes what it says to each,
// and kills it without warning after so many lines.
func killed(t *testing.T, dir string, lines int, each func(line string)) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	read := bufio.NewScanner(out)
	if !read.Scan() || read.Text() != "open" {
		t.Errorf("the child says %q", read.Text())
	}
	for n := 1; read.Scan(); n++ {
		each(read.Text()) // also what it said before the signal reached it
		if n == lines {
			must(t, child.Process.Kill())
		}
	}
	_ = child.Wait() // "signal: killed"
}
