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
	load   media.Load
	rounds int
	json   bool
	server []string // further flags of the server of its own
}

// benchMedia measures what a server of its own pays for forwarding a host's
// camera and microphone, beside a bare loop, in turns.
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
	o := &mediaOptions{}
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
	case o.rounds < 1 || o.rounds > 100:
		return nil, fmt.Errorf("bench: -rounds is 1 to 100")
	}
	return o, nil
}

// run makes all rounds; within each, the server and the bare loop take turns.
func (o *mediaOptions) run(ctx context.Context) (*report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := newReport(true)
	var ours, limits []load.Result
	var ratios []float64
	for range o.rounds {
		one, stop := context.WithTimeout(ctx, benchTime+2*o.load.Length)
		us, limit, err := o.round(one, self)
		stop()
		if err != nil {
			return nil, err
		}
		ours, limits = append(ours, us), append(limits, limit)
		of, okOf := limit.Figure(media.CostFigure)
		to, okTo := us.Figure(media.CostFigure)
		if okOf && okTo {
			ratios = append(ratios, of.Value/to.Value)
		}
	}
	r.Results = []load.Result{load.Median(ours), load.Median(limits)}
	if len(ratios) == o.rounds {
		slices.Sort(ratios)
		r.Ratios = []load.Ratio{{
			Figure: "packets a second and core", Of: ours[0].Server, To: load.LimitName,
			Value: ratios[len(ratios)/2], Min: ratios[0], Max: ratios[len(ratios)-1],
		}}
	}
	r.LoadAfter = loadAverage()
	return r, nil
}

func (o *mediaOptions) round(ctx context.Context, self string) (us, limit load.Result, err error) {
	dir, err := os.MkdirTemp("", "lyceum-bench-")
	if err != nil {
		return us, limit, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	t, process, err := startServer(ctx, dir, o.load.Viewers, o.server)
	if err != nil {
		return us, limit, err
	}
	var sizes media.Sizes
	us, err = stopAfter(process, func() (result load.Result, err error) {
		result, sizes, err = media.Run(ctx, t, o.load)
		return result, err
	})
	if err != nil {
		return us, limit, err
	}
	us.Notes = append(us.Notes, "datagrams of "+sizes.String())
	limit, err = media.Limit(ctx, load.Command(ctx, self, "bench", mediaLoop), o.load, sizes)
	return us, limit, err
}
