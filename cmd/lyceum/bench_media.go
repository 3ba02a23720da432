package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/lyceum-live/lyceum/internal/load"
	"github.com/lyceum-live/lyceum/internal/load/media"
)

const (
	mediaMeasure = "media"
	mediaLoop    = "media-loop" // hidden: the bare loop of sendmmsg, in the process that bench starts
)

// mediaOptions are what the flags of bench media say.
type mediaOptions struct {
	load    media.Load
	rounds  int
	joins   int           // viewers who come within a time; 0: not measured
	within  time.Duration // that time
	livekit string        // a LiveKit server's file; "": none is measured
	json    bool
	server  []string // further flags of the server of its own
}

// benchMedia measures what a server of its own pays for forwarding a host's
// camera and microphone, beside a bare loop and, if there is one, a LiveKit
// server, in turns.
func benchMedia(args []string) error {
	o, err := mediaFlags(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := o.run(ctx)
	if err != nil {
		return fmt.Errorf("bench: media: %w", err)
	}
	if o.json {
		return r.printJSON(os.Stdout)
	}
	return r.printTables(os.Stdout)
}

func mediaFlags(args []string) (*mediaOptions, error) {
	o := &mediaOptions{within: 5 * time.Second}
	if i := slices.Index(args, "--"); i >= 0 {
		args, o.server = args[:i], args[i+1:]
	}
	fs := flag.NewFlagSet("bench media", flag.ContinueOnError)
	fs.IntVar(&o.load.Viewers, "viewers", 100, "viewers")
	fs.IntVar(&o.load.Rate, "rate", 250, "video `packets` a second; sound is 50 beside them")
	fs.IntVar(&o.load.Size, "size", 1200, "`bytes` of a video packet")
	seconds := fs.Float64("seconds", 10, "how long is measured, after all have joined")
	settle := fs.Float64("settle", 2, "seconds to wait after all have joined")
	fs.IntVar(&o.rounds, "rounds", 1, "rounds; the figures are medians, with the least and the most")
	fs.IntVar(&o.joins, "joins", 200, "viewers who come within five seconds, measured by themselves; 0: none")
	fs.StringVar(&o.livekit, "livekit", "", "also measure a LiveKit server, started from this `file`, round by round")
	fs.BoolVar(&o.json, "json", false, "print JSON")
	fs.Usage = func() {
		out := fs.Output()
		fmt.Fprintln(out, "Usage: lyceum bench media [flags] [-- flags of the server that it starts]")
		fmt.Fprintln(out)
		fmt.Fprintln(out, "Measures one host's picture and sound on their way to all viewers, and beside it a\nbare loop of sendmmsg(2) that sends as much to as many sockets.")
		fmt.Fprintln(out)
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	o.load.Length = time.Duration(*seconds * float64(time.Second))
	o.load.Settle = time.Duration(*settle * float64(time.Second))
	switch {
	case fs.NArg() > 0:
		return nil, fmt.Errorf("bench: unexpected %q", fs.Arg(0))
	case o.load.Viewers < 1 || o.load.Viewers > load.Fit():
		return nil, fmt.Errorf("bench: -viewers is 1 to %d, by the limit of open files (ulimit -n)", load.Fit())
	case o.load.Rate < 1 || o.load.Rate > 10_000:
		return nil, fmt.Errorf("bench: -rate is 1 to 10000 packets a second")
	case o.load.Size < 200 || o.load.Size > 1300:
		return nil, fmt.Errorf("bench: -size is 200 to 1300 bytes, what fits into one datagram")
	case !(*seconds > 0 && *seconds <= 600) || !(*settle >= 0 && *settle <= 60):
		return nil, fmt.Errorf("bench: -seconds is up to 600, -settle up to 60")
	case o.joins < 0 || o.joins > load.Fit():
		return nil, fmt.Errorf("bench: -joins is up to %d, by the limit of open files (ulimit -n)", load.Fit())
	case o.rounds < 1 || o.rounds > 100:
		return nil, fmt.Errorf("bench: -rounds is 1 to 100")
	}
	return o, nil
}

// run makes all rounds; within each, all that are compared take turns.
func (o *mediaOptions) run(ctx context.Context) (*report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var sizes media.Sizes // of the server's datagrams, which the bare loop's have too
	forwarding := []func(context.Context) (load.Result, error){
		o.lyceum(o.load.Viewers, func(ctx context.Context, t load.Target) (result load.Result, err error) {
			result, sizes, err = media.Run(ctx, t, o.load)
			result.Notes = append(result.Notes, "datagrams of "+sizes.String())
			return result, err
		}),
		func(ctx context.Context) (load.Result, error) {
			return media.Limit(ctx, load.Command(ctx, self, "bench", mediaLoop), o.load, sizes)
		},
	}
	crowd := o.load
	crowd.Viewers, crowd.Within = o.joins, o.within
	joins := []func(context.Context) (load.Result, error){
		o.lyceum(o.joins, func(ctx context.Context, t load.Target) (load.Result, error) { return media.Joins(ctx, t, crowd) }),
	}
	if o.livekit != "" {
		forwarding = append(forwarding, o.peer(func(ctx context.Context, t load.Target) (load.Result, error) {
			result, _, err := media.Run(ctx, t, o.load)
			return result, err
		}))
		joins = append(joins, o.peer(func(ctx context.Context, t load.Target) (load.Result, error) { return media.Joins(ctx, t, crowd) }))
	}
	r := newReport(true)
	rounds, err := o.turns(ctx, forwarding)
	if err != nil {
		return nil, err
	}
	for i, results := range rounds {
		r.Results = append(r.Results, load.Median(results))
		if ratio, ok := perCore(rounds[0], results); ok && i > 0 {
			r.Ratios = append(r.Ratios, ratio)
		}
	}
	if o.joins > 0 {
		if rounds, err = o.turns(ctx, joins); err != nil {
			return nil, err
		}
		for _, results := range rounds {
			r.Results = append(r.Results, load.Median(results))
		}
	}
	r.LoadAfter = loadAverage()
	return r, nil
}

// turns makes all rounds of what is compared, and returns the results of each.
func (o *mediaOptions) turns(ctx context.Context, compared []func(context.Context) (load.Result, error)) ([][]load.Result, error) {
	rounds := make([][]load.Result, len(compared))
	for range o.rounds {
		for i, measure := range compared {
			one, stop := context.WithTimeout(ctx, benchTime+2*o.load.Length)
			result, err := measure(one)
			stop()
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], result)
		}
	}
	return rounds, nil
}

// perCore compares, round by round, how many packets a second each gets out of
// a core; false: of one of them it is not known.
func perCore(ours, others []load.Result) (load.Ratio, bool) {
	var ratios []float64
	for i := range ours {
		of, okOf := others[i].Figure(media.CostFigure)
		to, okTo := ours[i].Figure(media.CostFigure)
		if !okOf || !okTo {
			return load.Ratio{}, false
		}
		ratios = append(ratios, of.Value/to.Value)
	}
	slices.Sort(ratios)
	return load.Ratio{
		Figure: "packets a second and core", Of: ours[0].Server, To: others[0].Server,
		Value: ratios[len(ratios)/2], Min: ratios[0], Max: ratios[len(ratios)-1],
	}, true
}

// lyceum measures a server of its own each time, which takes so many viewers.
func (o *mediaOptions) lyceum(viewers int, measure func(context.Context, load.Target) (load.Result, error)) func(context.Context) (load.Result, error) {
	return func(ctx context.Context) (load.Result, error) {
		dir, err := os.MkdirTemp("", "lyceum-bench-")
		if err != nil {
			return load.Result{}, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		t, process, err := startServer(ctx, dir, viewers, o.server)
		if err != nil {
			return load.Result{}, err
		}
		return stopAfter(process, func() (load.Result, error) { return measure(ctx, t) })
	}
}

// peer measures a LiveKit server, another each time.
func (o *mediaOptions) peer(measure func(context.Context, load.Target) (load.Result, error)) func(context.Context) (load.Result, error) {
	return func(ctx context.Context) (load.Result, error) {
		dir, err := os.MkdirTemp("", "lyceum-bench-")
		if err != nil {
			return load.Result{}, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		t, process, err := media.StartLiveKit(ctx, o.livekit, dir)
		if err != nil {
			return load.Result{}, err
		}
		result, err := measure(ctx, t)
		_ = process.Kill() // told to end, it would wait for those who may come back
		return result, err
	}
}
