package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/internal/load/media"
)

// measurement is one of the things that can be measured. Its flags that are
// not given are as here.
type measurement struct {
	name    string
	does    string
	run     func(context.Context, load.Target, load.Load) (load.Result, error)
	rate    float64
	seconds float64
}

// measurements are all there are, in the order of "all". Those of one name are
// made together.
var measurements = []measurement{
	{"fanout", "one person's messages reach all viewers", load.Fanout, 50, 5},
	{"answers", "all viewers answer one question, four times each; votes without a pause; one answer in a quiet room", load.Answers, 0, 3},
	{"answers", "", load.Votes, 0, 5},
	{"answers", "", load.Quiet, 0, 4},
	{"join", "viewers come in, with token, hello, welcome and presence", load.Join, 0, 0},
	{"chat", "each viewer writes a message in 30 s", load.Chat, 0, 5},
	{"resume", "all viewers are cut off at once and come back", load.Resume, 5, 0},
	{"memory", "what a viewer costs, idle and loaded", load.Memory, 5, 5},
}

const (
	limitMeasure = "limit" // fanout beside the bare loop
	loopCommand  = "loop"  // hidden: the bare loop itself, in the process that bench starts
)

// benchOptions are what the flags of bench say.
type benchOptions struct {
	what       string
	url        string
	hostToken  string
	pid        int
	viewers    int
	rate       float64 // 0: the measurement's own
	seconds    float64 // 0: the measurement's own
	size       int
	joins      float64
	voters     int
	readers    int
	rounds     int
	limit      bool
	centrifugo string
	json       bool
	server     []string // further flags of the server of its own
	settle     time.Duration
}

// benchTime bounds one round of one measurement, beside the time of its sending.
const benchTime = 5 * time.Minute

// bench measures a server: its own, in a process apart, or one that runs.
func bench(args []string) error {
	if len(args) == 1 && args[0] == loopCommand {
		return load.ServeLoop(os.Stdout)
	}
	if len(args) == 1 && args[0] == mediaLoop {
		return media.ServeLimit(os.Stdin, os.Stdout)
	}
	if len(args) > 0 && args[0] == mediaMeasure {
		return benchMedia(args[1:])
	}
	o, err := benchFlags(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report, err := o.run(ctx)
	if err != nil {
		return err
	}
	if o.json {
		return report.printJSON(os.Stdout)
	}
	return report.printTables(os.Stdout)
}

// benchFlags reads the command line.
func benchFlags(args []string) (*benchOptions, error) {
	o := &benchOptions{what: "all"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.what, args = args[0], args[1:]
	}
	if i := slices.Index(args, "--"); i >= 0 {
		args, o.server = args[:i], args[i+1:]
	}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.StringVar(&o.url, "url", "", "server to measure, such as http://localhost:8080 (default: one of its own)")
	fs.StringVar(&o.hostToken, "host-token", "", "with -url: a host's token for the room that is used")
	fs.IntVar(&o.pid, "pid", 0, "with -url: the server's process, if it runs on this machine, for its CPU and memory")
	viewers := fs.String("viewers", "1000", "viewers; max: as many as fit into the limit of open files")
	fs.Float64Var(&o.rate, "rate", 0, "fanout, resume, memory: `messages` a second (default 50, 5, 5)")
	fs.Float64Var(&o.seconds, "seconds", 0, "how long is sent; answers: in which time all answer (default 5; answers 3)")
	fs.IntVar(&o.size, "size", 250, "`bytes` of a message's text")
	fs.Float64Var(&o.joins, "joins", 0, "join: so many a second (default: as quickly as they go, 256 at a time)")
	fs.IntVar(&o.voters, "voters", 1000, "answers: viewers who vote without a pause")
	fs.IntVar(&o.readers, "readers", 0, "`threads` that read (default: half of the cores)")
	fs.IntVar(&o.rounds, "rounds", 1, "rounds; the figures are medians, with the least and the most")
	fs.BoolVar(&o.limit, "limit", false, "fanout: also measure a bare loop of write(2), round by round")
	fs.StringVar(&o.centrifugo, "centrifugo", "", "fanout: also measure a Centrifugo server, started from this `file`, round by round")
	fs.BoolVar(&o.json, "json", false, "print JSON")
	fs.Usage = func() {
		out := fs.Output()
		fmt.Fprintln(out, "Usage: lyceum bench [MEASUREMENT] [flags] [-- flags of the server that it starts]")
		fmt.Fprintln(out)
		for _, m := range measurements {
			if m.does != "" {
				fmt.Fprintf(out, "  %-8s %s\n", m.name, m.does)
			}
		}
		fmt.Fprintf(out, "  %-8s fanout, beside a bare loop of write(2) over the same sockets: how near the server is to it\n", limitMeasure)
		fmt.Fprintf(out, "  %-8s a host's picture and sound to all viewers, beside a bare loop of sendmmsg(2); has flags of its own\n", mediaMeasure)
		fmt.Fprintf(out, "  %-8s every measurement but media (default)\n\n", "all")
		fmt.Fprintln(out, "To profile the server that it starts: lyceum bench join -- --ops.listen 127.0.0.1:9464")
		fmt.Fprintln(out)
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	fit := load.Fit()
	if *viewers == "max" {
		o.viewers = fit
	} else if n, err := strconv.Atoi(*viewers); err == nil {
		o.viewers = n
	}
	if o.what == limitMeasure {
		o.what, o.limit = "fanout", true
	}
	known := func(m measurement) bool { return m.name == o.what }
	switch {
	case fs.NArg() > 0:
		return nil, fmt.Errorf("bench: unexpected %q", fs.Arg(0))
	case o.what != "all" && !slices.ContainsFunc(measurements, known):
		return nil, fmt.Errorf("bench: there is no measurement %q; lyceum bench -h lists them", o.what)
	case o.viewers < 1:
		return nil, fmt.Errorf("bench: -viewers is a number from 1, or max")
	case o.viewers > fit:
		return nil, fmt.Errorf("bench: %d viewers do not fit: by the limit of open files (ulimit -n) it is %d, for this process and the server each; raise the limit or say -viewers max", o.viewers, fit)
	case o.rate < 0 || o.rate > 100_000 || o.seconds < 0 || o.seconds > 600 || o.joins < 0 || o.joins > 1e6:
		return nil, fmt.Errorf("bench: -rate is up to 100000, -seconds up to 600, -joins up to a million")
	case o.size < 16 || o.size > 500:
		return nil, fmt.Errorf("bench: -size is 16 to 500 bytes, the longest message of a chat")
	case o.rounds < 1 || o.rounds > 100 || o.voters < 1 || o.readers < 0 || o.readers > 64:
		return nil, fmt.Errorf("bench: -rounds is 1 to 100, -voters from 1, -readers up to 64")
	case (o.url == "") != (o.hostToken == ""):
		return nil, fmt.Errorf("bench: -url and -host-token go together")
	case o.pid != 0 && o.url == "", o.url != "" && len(o.server) > 0:
		return nil, fmt.Errorf("bench: -pid needs -url, and flags of a server need none")
	case (o.limit || o.centrifugo != "") && o.what != "fanout":
		return nil, fmt.Errorf("bench: -limit and -centrifugo belong to fanout")
	}
	return o, nil
}

// load is how hard m presses.
func (o *benchOptions) load(m measurement) load.Load {
	seconds := cmp.Or(o.seconds, m.seconds, 5)
	return load.Load{
		Viewers: o.viewers, Rate: cmp.Or(o.rate, m.rate), Size: o.size, Length: time.Duration(seconds * float64(time.Second)),
		Joins: o.joins, Voters: o.voters, Readers: o.readers, Settle: o.settle,
	}
}

// run makes every measurement that was asked for.
func (o *benchOptions) run(ctx context.Context) (*report, error) {
	r := newReport(o.url == "" || o.pid != 0)
	for _, m := range measurements {
		if o.what != "all" && o.what != m.name {
			continue
		}
		if o.url != "" && o.pid == 0 && m.name == "memory" && o.what == "all" {
			continue // of another's memory nothing is known here
		}
		if err := o.measure(ctx, m, r); err != nil {
			return nil, fmt.Errorf("bench: %s: %w", m.name, err)
		}
	}
	r.LoadAfter = loadAverage()
	return r, nil
}

// measure makes all rounds of a measurement: servers that are compared take
// turns within each round, so that what disturbs one disturbs all.
func (o *benchOptions) measure(ctx context.Context, m measurement, r *report) error {
	servers := []func(context.Context, measurement) (load.Result, error){o.measureServer}
	if m.name == "fanout" && o.limit {
		servers = append(servers, o.measureLimit)
	}
	if m.name == "fanout" && o.centrifugo != "" {
		servers = append(servers, o.measurePeer)
	}
	rounds := make([][]load.Result, len(servers))
	for range o.rounds {
		for i, server := range servers {
			one, stop := context.WithTimeout(ctx, benchTime+o.load(m).Length)
			result, err := server(one, m)
			stop()
			if err != nil {
				return err
			}
			rounds[i] = append(rounds[i], result)
		}
	}
	for i, results := range rounds {
		r.Results = append(r.Results, load.Median(results))
		if i > 0 {
			r.Ratios = append(r.Ratios, load.Ratios(rounds[0], results)...)
		}
	}
	return nil
}
