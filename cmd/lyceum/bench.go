package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/bot"
	"github.com/lyceum-live/lyceum/wire"
)

type measurement struct {
	name string
	run  func(context.Context, bot.Target, bot.Load) (bot.Result, error)
	env  string // of the server of its own
}

// measurements are all there are, in the order of "all".
var measurements = []measurement{
	{"fanout", bot.Fanout, ""},
	{"answers", bot.Answers, ""},
	{"join", bot.Joins, ""},
	{"chat", bot.Chatter, ""},
	// Nearly without the garbage that waits for its collection: what a viewer
	// needs would drown in it.
	{"memory", bot.Memory, "GOGC=10"},
}

// benchTime bounds one measurement, beside the time of its sending.
const benchTime = 3 * time.Minute

// bench measures a server: its own, in a process apart, or one that runs.
func bench(args []string) error {
	what := "all"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		what, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	url := fs.String("url", "", "server to measure, such as http://localhost:8080 (default: one of its own)")
	hostToken := fs.String("host-token", "", "with -url: a host's token for the room that is used")
	viewers := fs.Int("viewers", 1000, "viewers")
	rate := fs.Float64("rate", 50, "fanout: `messages` a second")
	seconds := fs.Float64("seconds", 5, "fanout, chat: how long is sent")
	asJSON := fs.Bool("json", false, "print JSON")
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), "Usage: lyceum bench [fanout|answers|join|chat|memory|all] [flags]")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	switch {
	case fs.NArg() > 0:
		return fmt.Errorf("bench: unexpected %q", fs.Arg(0))
	case what != "all" && !slices.ContainsFunc(measurements, func(m measurement) bool { return m.name == what }):
		return fmt.Errorf("bench: there is no measurement %q: fanout, answers, join, chat, memory or all", what)
	case *viewers < 1 || *viewers > 100_000 || !(*rate > 0 && *rate <= 10_000) || !(*seconds > 0 && *seconds <= 600):
		return fmt.Errorf("bench: -viewers is 1 to 100000, -rate up to 10000, -seconds up to 600")
	case float64(*viewers)**rate**seconds > 50e6:
		return fmt.Errorf("bench: more than 50 million deliveries are too many to keep their times")
	case (*url == "") != (*hostToken == ""):
		return fmt.Errorf("bench: -url and -host-token go together")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	load := bot.Load{Viewers: *viewers, Rate: *rate, Length: time.Duration(*seconds * float64(time.Second))}
	var results []bot.Result
	for _, m := range measurements {
		if what != "all" && what != m.name {
			continue
		}
		if *url != "" && m.name == "memory" && what == "all" {
			continue // of another's memory nothing is known here
		}
		result, err := m.measure(ctx, *url, *hostToken, load)
		if err != nil {
			return fmt.Errorf("bench: %s: %w", m.name, err)
		}
		results = append(results, result)
	}
	if *asJSON {
		return printJSON(os.Stdout, results)
	}
	return printTables(os.Stdout, results, *url == "")
}

// measure runs the measurement, against a server of its own where none is
// named: nothing that came before is left in its memory.
func (m measurement) measure(ctx context.Context, url, hostToken string, load bot.Load) (bot.Result, error) {
	ctx, stop := context.WithTimeout(ctx, benchTime+load.Length)
	defer stop()
	if url != "" {
		t, err := distant(ctx, url, hostToken)
		if err != nil {
			return bot.Result{}, err
		}
		return m.run(ctx, t, load)
	}
	child, err := startChild(ctx, m.env)
	if err != nil {
		return bot.Result{}, err
	}
	result, err := m.run(ctx, child.target(), load)
	if stopErr := child.stop(); err == nil {
		err = stopErr
	}
	return result, err
}

// child is a server in a process of its own, so that what it uses can be told
// from what the measuring uses.
type child struct {
	cmd  *exec.Cmd
	dir  string
	url  string
	keys *auth.Keys
}

// stopTime is how long the child has to end by itself.
const stopTime = 10 * time.Second

func startChild(ctx context.Context, env string) (_ *child, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{}
	if c.dir, err = os.MkdirTemp("", "lyceum-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = c.stop()
		}
	}()
	// One process stands for many people: the limit of one socket is raised.
	c.cmd = exec.CommandContext(ctx, self, "serve", "--http.addr", "127.0.0.1:0", "--media.listen", "127.0.0.1:0",
		"--data.dir", c.dir, "--log.level", "error", "--room.commands", "100000", "--room.messages", "100000", "--access.rate", "10000", "--access.burst", "100000")
	c.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LYCEUM_") })
	if env != "" {
		c.cmd.Env = append(c.cmd.Env, env)
	}
	c.cmd.Stderr = os.Stderr
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(os.Interrupt) }
	c.cmd.WaitDelay = stopTime
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if c.url, err = readURL(out); err != nil {
		return nil, err
	}
	c.keys, err = auth.LoadOrCreate(filepath.Join(c.dir, keyFile))
	return c, err
}

// readURL reads the greeting to the line that has the server's address, and
// leaves the rest to be thrown away.
func readURL(greeting io.Reader) (string, error) {
	lines := bufio.NewScanner(greeting)
	for lines.Scan() {
		if name, url, ok := strings.Cut(strings.TrimSpace(lines.Text()), " "); ok && name == "Pages" {
			go func() { _, _ = io.Copy(io.Discard, greeting) }() // ends with the child
			return strings.TrimSpace(url), nil
		}
	}
	return "", fmt.Errorf("the server did not start")
}

// stop ends the child and removes its data.
func (c *child) stop() error {
	var err error
	if c.cmd != nil && c.cmd.Process != nil {
		kill := time.AfterFunc(stopTime, func() { _ = c.cmd.Process.Kill() })
		_ = c.cmd.Process.Signal(os.Interrupt)
		err = c.cmd.Wait()
		kill.Stop()
	}
	_ = os.RemoveAll(c.dir)
	return err
}

func (c *child) target() bot.Target {
	t := bot.Target{
		URL:  c.url,
		Room: func(measure string) wire.RoomID { return wire.RoomID("bench-" + measure) },
		Token: func(room wire.RoomID, name string, role wire.Role) (string, error) {
			return pass(c.keys, room, name, role)
		},
	}
	if runtime.GOOS == "linux" {
		t.Usage = func() (bot.Usage, error) { return readUsage(c.cmd.Process.Pid) }
	}
	return t
}

// readUsage reads proc(5): what a process has used.
func readUsage(pid int) (bot.Usage, error) {
	const perTick = time.Second / 100 // USER_HZ is 100 on every Linux
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return bot.Usage{}, err
	}
	// The name, field 2, may hold anything; what follows its bracket does not.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 22 {
		return bot.Usage{}, fmt.Errorf("/proc/%d/stat: too short", pid)
	}
	var numbers [3]int64
	for i, field := range []int{11, 12, 21} { // utime, stime, rss
		if numbers[i], err = strconv.ParseInt(fields[field], 10, 64); err != nil {
			return bot.Usage{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
	}
	return bot.Usage{
		CPU:      time.Duration(numbers[0]+numbers[1]) * perTick,
		Resident: numbers[2] * int64(os.Getpagesize()),
	}, nil
}

// machine says where the figures come from.
type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
	OS    string `json:"os"`
}

func thisMachine() machine {
	m := machine{CPU: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}

func printJSON(out io.Writer, results []bot.Result) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Machine machine      `json:"machine"`
		Results []bot.Result `json:"results"`
	}{thisMachine(), results})
}

func printTables(out io.Writer, results []bot.Result, shared bool) error {
	m := thisMachine()
	whose := "of the tool alone"
	if shared {
		whose = "shared by the tool and the server"
	}
	fmt.Fprintf(out, "%s, %d cores, %s, %s; %s\n", m.CPU, m.Cores, m.OS, m.Go, whose)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, r := range results {
		fmt.Fprintf(w, "\n%s, %d viewers\n", r.Measure, r.Viewers)
		for _, f := range r.Figures {
			fmt.Fprintf(w, "  %s\t%s\t %s\n", f.Name, shorten(f.Value), f.Unit)
		}
	}
	return w.Flush()
}

// shorten writes a figure with no more digits than it deserves.
func shorten(v float64) string {
	if v == float64(int64(v)) || v >= 1000 || v <= -1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
