package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/wire"
)

// patience is how long anything may take that must happen.
const patience = 60 * time.Second

// built is the server, built once for all tests. It is built without the race
// detector, whatever the tests have.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

func builtServer(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real server and takes a while")
	}
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "lyceum-trial-"); built.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", filepath.Join(built.dir, "lyceum"), "../../cmd/lyceum")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal("build the server: ", built.err)
	}
	return filepath.Join(built.dir, "lyceum")
}

// long reports whether the trials are to be as large as in the benchmarks.
func long() bool { return os.Getenv("LYCEUM_TRIAL") == "long" }

// setting is a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// seedOf chooses the seed of a trial and prints it.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(setting(t, "LYCEUM_SEED", int(rand.Uint32())))
	t.Logf("LYCEUM_SEED=%d", seed)
	return seed
}

// server is a lyceum process that can be killed and started again on the same
// address and data.
type server struct {
	binary, addr, data string
	flags              []string
	keys               *auth.Keys

	process *exec.Cmd
	ended   chan struct{} // closed when the process is no more
	log     *syncBuffer
}

// newServer chooses an address; nothing runs yet.
func newServer(t *testing.T, data string, flags ...string) *server {
	t.Helper()
	s := &server{binary: builtServer(t), data: data, addr: freeAddr(t), flags: flags, log: &syncBuffer{}}
	var err error
	if s.keys, err = auth.LoadOrCreate(filepath.Join(data, "auth.key")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log)
		}
	})
	return s
}

// freeAddr returns an address below those that the system gives to outgoing
// connections: none of the many clients may sit there while the server is down.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		addr := "127.0.0.1:" + strconv.Itoa(20000+rand.IntN(10000))
		if l, err := net.Listen("tcp", addr); err == nil {
			_ = l.Close()
			return addr
		}
	}
	t.Fatal("no free port from 20000 to 30000")
	return ""
}

func (s *server) url() string { return "http://" + s.addr }

// start runs the server. It may not answer yet when this returns.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = exec.Command(s.binary, append([]string{
		"serve", "--http.addr", s.addr, "--media.listen", "127.0.0.1:0", "--data.dir", s.data, "--log.level", "error",
		// Many people share this address, and each does more than any human.
		"--room.commands", "1000", "--room.messages", "1000", "--access.rate", "1000", "--access.burst", "10000",
	}, s.flags...)...)
	s.process.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LYCEUM_") })
	s.process.Stderr = s.log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	process, ended := s.process, make(chan struct{})
	s.ended = ended
	go func() { // ends with the process
		defer close(ended)
		if err := process.Wait(); err != nil && !strings.Contains(err.Error(), "signal: killed") {
			fmt.Fprintln(s.log, "the server ended:", err)
		}
	}()
}

// ready waits until the server answers, or has ended.
func (s *server) ready(ctx context.Context) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		r, err := client.Get(s.url() + "/readyz")
		if err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.ended:
			return errors.New("the server has ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// up starts the server and waits until it answers.
func (s *server) up(t *testing.T) {
	t.Helper()
	s.start(t)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	if err := s.ready(ctx); err != nil {
		t.Fatalf("the server does not answer: %v\n%s", err, s.log)
	}
}

// kill ends the process without a word (SIGKILL) and waits until it is gone.
func (s *server) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.ended
}

// stop asks the process to end and waits until it has.
func (s *server) stop(t *testing.T) {
	t.Helper()
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatal("the server does not stop")
	}
}

// resident is the memory that the process holds, in bytes.
func (s *server) resident() int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.process.Process.Pid))
	fields := strings.Fields(string(statm))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// watchMemory notes the most memory that the process holds, until the function
// that it returns is called.
func (s *server) watchMemory(t *testing.T) (most func() int64) {
	t.Helper()
	peak, stop, done := s.resident(), make(chan struct{}), make(chan struct{})
	end := sync.OnceFunc(func() {
		close(stop)
		<-done
	})
	t.Cleanup(end)
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, s.resident())
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() int64 {
		end()
		return peak
	}
}

// token lets somebody into a room.
func (s *server) token(t *testing.T, id wire.RoomID, user wire.UserID, role wire.Role) string {
	t.Helper()
	now := time.Now()
	token, err := s.keys.Mint(auth.Claims{
		Kind: auth.Room, Room: id, User: user, Name: "Name of " + string(user), Role: role,
		Issued: now, Expires: now.Add(24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// syncBuffer is a buffer for many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, limit time.Duration, so func() bool) {
	t.Helper()
	over := time.NewTimer(limit)
	defer over.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-over.C:
			t.Fatalf("after %v still not: %s", limit, what)
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// pass lets time go by, for those who think before they act. It reports
// whether ctx is still on.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
