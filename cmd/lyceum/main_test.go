package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/wire"
)

// asLyceum makes a process of the test binary be lyceum itself.
const asLyceum = "TEST_BINARY_IS_LYCEUM"

func TestMain(m *testing.M) {
	if os.Getenv(asLyceum) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is lyceum serve in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	dir  string
	url  string
	keys *auth.Keys
	done chan error // what Wait returned
}

// start runs a server over a data folder until the test ends, or before.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	args = append([]string{
		"serve", "--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0", "--ops.listen", "", "--data.dir", dir, "--log.level", "error",
		"--room.commands", "100000", "--room.messages", "100000", "--access.rate", "10000", "--access.burst", "100000",
	}, args...)
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...), dir: dir, done: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), asLyceum+"=1")
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for p.url == "" && lines.Scan() {
		if name, url, ok := strings.Cut(strings.TrimSpace(lines.Text()), " "); ok && name == "Pages" {
			p.url = strings.TrimSpace(url)
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		p.done <- p.cmd.Wait()
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	if p.url == "" {
		t.Fatalf("the server did not start: %v", <-p.done)
	}
	if p.keys, err = auth.LoadOrCreate(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the end of the process and returns its code.
func (p *process) exit() int {
	p.t.Helper()
	select {
	case err := <-p.done:
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			return failed.ExitCode()
		}
		if err != nil {
			p.t.Fatal(err)
		}
		return 0
	case <-time.After(30 * time.Second):
		p.t.Fatal("the process does not end")
		return -1
	}
}

func (p *process) token(room wire.RoomID, name string, role wire.Role) string {
	p.t.Helper()
	token, err := pass(p.keys, room, name, role)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

func (p *process) join(room wire.RoomID, name string, role wire.Role) *bot.Client {
	p.t.Helper()
	c, err := bot.Dial(context.Background(), p.url, room, p.token(room, name, role), "en")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Close)
	return c
}

// status asks for a page and returns its status, 0 where nobody answers.
func (p *process) status(path string) int {
	res, err := http.Get(p.url + path)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}
