package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// room is the class of the test: one of the sample catalogue's sessions.
const room = "go-101"

// server is a lyceum process that can be killed and started again on the same
// addresses and data.
type server struct {
	binary, data string
	http, media  string   // addresses
	flags        []string // besides the usual ones

	process *exec.Cmd
	ended   chan error // gets the process's end
	log     safeBuffer

	link string // the one-time host link of the last start
}

// buildServer builds the binary and chooses addresses; nothing runs yet.
func buildServer(t *testing.T) *server {
	t.Helper()
	s := &server{binary: filepath.Join(t.TempDir(), "lyceum"), data: t.TempDir()}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, "../../cmd/lyceum")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	s.http, s.media = l.Addr().String(), u.LocalAddr().String()
	return s
}

var hostLink = regexp.MustCompile(`Teach\s+(http\S+#once=\S+)`)

// start runs the server and returns when it has said that it runs.
// Suggestions come at every pause, and none by chance.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = exec.Command(s.binary, append([]string{"serve", "--http.addr", s.http, "--media.listen", s.media, "--data.dir", s.data,
		"--access.room", room, "--suggest.push_gap", "1ms", "--suggest.explore", "-1"}, s.flags...)...)
	s.process.Stderr = &s.log
	out, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	s.ended = make(chan error, 1)
	ready := make(chan string, 1)
	go func() { // ends with the process's output
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if m := hostLink.FindStringSubmatch(lines.Text()); m != nil {
				s.link = m[1]
			}
			if strings.HasPrefix(lines.Text(), "Stop with") {
				ready <- s.link
			}
		}
		s.ended <- s.process.Wait()
	}()
	select {
	case link := <-ready:
		if link == "" {
			t.Fatal("the server printed no host link")
		}
	case err := <-s.ended:
		t.Fatalf("the server ended: %v\n%s", err, s.log.String())
	case <-time.After(patience):
		t.Fatalf("the server does not say that it runs\n%s", s.log.String())
	}
}

// stop asks the server to end and returns its exit code.
func (s *server) stop(t *testing.T) int {
	t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Errorf("the server does not stop\n%s", s.log.String())
		s.kill()
	}
	return s.process.ProcessState.ExitCode()
}

// kill ends the server without a word, as a power cut would.
func (s *server) kill() {
	if s.process == nil || s.process.ProcessState != nil {
		return
	}
	_ = s.process.Process.Kill()
	<-s.ended
}

// url is the address of a path.
func (s *server) url(path string) string { return "http://" + s.http + path }

// call asks the API with a token, or without, and returns the status and the
// decoded answer.
func (s *server) call(t *testing.T, method, path, token string, body any) (int, map[string]any) {
	t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.url(path), in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, out
}

// item is what of the catalogue is recommended.
type item struct {
	ID   string   `json:"id"`
	Tags []string `json:"tags"`
}

// recommended lists what the server recommends to a token's person, best
// first.
func (s *server) recommended(t *testing.T, token string) []item {
	t.Helper()
	status, answer := s.call(t, "GET", "/v1/recommendations?limit=10", token, nil)
	var items []item
	b, err := json.Marshal(answer["items"])
	if err == nil {
		err = json.Unmarshal(b, &items)
	}
	if err != nil || status != http.StatusOK || len(items) == 0 {
		t.Fatalf("recommendations: status %d, %v, %v", status, answer, err)
	}
	return items
}

// welcome is what the server tells somebody who enters, without what changes
// by the mere entering.
func (s *server) welcome(t *testing.T, token string) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+s.http+"/v1/rooms/"+room+"/socket", &websocket.DialOptions{Subprotocols: []string{"lyceum.v1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(websocket.StatusNormalClosure, "")
	c.SetReadLimit(1 << 20)
	hello, err := json.Marshal(map[string]any{"id": 1, "type": "hello", "data": map[string]any{"token": token}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(ctx, websocket.MessageText, hello); err != nil {
		t.Fatal(err)
	}
	for {
		_, frame, err := c.Read(ctx)
		if err != nil {
			t.Fatalf("no welcome: %v", err)
		}
		if welcome := messageIn(t, frame, "welcome"); welcome != nil {
			for _, name := range []string{"seq", "now", "resumed"} {
				delete(welcome, name)
			}
			if state, ok := welcome["room"].(map[string]any); ok {
				for _, name := range []string{"stage", "count", "hands"} {
					delete(state, name)
				}
			}
			return welcome
		}
	}
}

// settles waits until done holds, for what no page shows.
func settles(t *testing.T, done func() bool, complaint string, args ...any) {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for late := time.After(patience); !done(); {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf(complaint, args...)
		}
	}
}

// messageIn returns the data of a frame's first message of a type, or nil.
func messageIn(t *testing.T, frame []byte, kind string) map[string]any {
	t.Helper()
	if len(frame) > 0 && frame[0] != '[' {
		frame = append(append([]byte{'['}, frame...), ']')
	}
	var messages []struct {
		Type string         `json:"type"`
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal(frame, &messages); err != nil {
		t.Fatalf("frame: %v\n%s", err, frame)
	}
	for _, m := range messages {
		if m.Type == kind {
			return m.Data
		}
	}
	return nil
}

// safeBuffer is a buffer that a process may write while a test reads it.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
