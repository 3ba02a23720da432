package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Usage is what a process has used.
type Usage struct {
	CPU      time.Duration
	Resident int64 // bytes
}

// ReadUsage reads proc(5): what a process of this machine has used.
func ReadUsage(pid int) (Usage, error) {
	const perTick = time.Second / 100 // USER_HZ is 100 on every Linux
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, err
	}
	// The name, field 2, may hold anything; what follows its bracket does not.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 22 {
		return Usage{}, fmt.Errorf("/proc/%d/stat: too short", pid)
	}
	var numbers [3]int64
	for i, field := range []int{11, 12, 21} { // utime, stime, rss
		if numbers[i], err = strconv.ParseInt(fields[field], 10, 64); err != nil {
			return Usage{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
	}
	return Usage{
		CPU:      time.Duration(numbers[0]+numbers[1]) * perTick,
		Resident: numbers[2] * int64(os.Getpagesize()),
	}, nil
}

// ownUsage is the CPU time of this process, 0 where it is not known.
func ownUsage() time.Duration {
	u, _ := ReadUsage(os.Getpid())
	return u.CPU
}

// Process is a server in a process of its own, so that what it uses can be
// told from what the measuring uses.
type Process struct {
	cmd *exec.Cmd
	url string
}

// stopTime is how long a process has to end by itself.
const stopTime = 15 * time.Second

// Start starts a server, whose greeting on standard output has a line "Pages"
// with its address. The process does not outlive ctx.
func Start(cmd *exec.Cmd) (*Process, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p, err := start(cmd)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if name, url, ok := strings.Cut(strings.TrimSpace(lines.Text()), " "); ok && name == "Pages" {
			p.url = strings.TrimSpace(url)
			go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
			return p, nil
		}
	}
	_ = p.Stop()
	return nil, fmt.Errorf("%s did not start", cmd.Path)
}

func start(cmd *exec.Cmd) (*Process, error) {
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Process{cmd: cmd}, nil
}

// StartAt starts a server that listens at addr and need not say so: it has
// started once it takes a TCP connection there.
func StartAt(ctx context.Context, cmd *exec.Cmd, addr string) (*Process, error) {
	p, err := start(cmd)
	if err != nil {
		return nil, err
	}
	ready := false
	await(ctx, stopTime, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
			ready = true
		}
		return ready
	})
	if !ready {
		_ = p.Stop()
		return nil, fmt.Errorf("%s did not start", cmd.Path)
	}
	p.url = "http://" + addr
	return p, nil
}

// Command is a command that is interrupted, and later killed, when ctx ends.
func Command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTime
	return cmd
}

// URL is where the server is.
func (p *Process) URL() string { return p.url }

// Usage says what the process has used; nil where that cannot be known.
func (p *Process) Usage() func() (Usage, error) {
	if runtime.GOOS != "linux" {
		return nil
	}
	return func() (Usage, error) { return ReadUsage(p.cmd.Process.Pid) }
}

// Kill ends the process at once.
func (p *Process) Kill() error {
	_ = p.cmd.Process.Kill()
	return p.cmd.Wait()
}

// Stop ends the process: it is asked to, and killed if it does not.
func (p *Process) Stop() error {
	kill := time.AfterFunc(stopTime, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	_ = p.cmd.Process.Signal(os.Interrupt)
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() && exit.ExitCode() == 0 {
		return nil
	}
	return err
}
