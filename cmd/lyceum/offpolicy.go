package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/store/sqlite"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/recommend/offpolicy"
)

// judge estimates what policies bring from logs of others.
func judge(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return judgeTo(ctx, args, os.Stdout)
}

// explored are the shares of exploration that our own log is asked about.
var explored = []float64{0, 0.05, 0.1, 0.25, 1}

func judgeTo(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("offpolicy", flag.ContinueOnError)
	flags.SetOutput(out)
	logs := flags.String("logs", "", "bandit `files`, separated by commas: the policy of each is judged by the log of each other; CSV with the columns item_id, position, click, propensity_score, perhaps gzipped")
	data := flags.String("data", "", "`folder` of a server's data, of a server that is stopped: what shares of exploration would bring, by its own suggestions")
	within := flags.Duration("within", time.Hour, "with -data: how long after it was shown a suggestion may be taken up")
	clip := flags.Float64("clip", offpolicy.UsualClip, "weight beyond which a row counts as that; 0: none")
	simulated := flags.Int("simulate", 0, "how often intervals hold the truth over so many simulated `logs`")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	var (
		judged  []offpolicy.Judged
		shares  []offpolicy.Exploration
		covered []offpolicy.Coverage
		err     error
	)
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("offpolicy: unexpected %q", flags.Arg(0))
	case *simulated > 0:
		for _, w := range offpolicy.Worlds {
			c, err := offpolicy.Simulate(1, *simulated, w)
			if err != nil {
				return err
			}
			covered = append(covered, c)
		}
	case *data != "":
		shares, err = judgeOwn(ctx, *data, *within, *clip)
	case strings.Contains(*logs, ","):
		judged, err = offpolicy.Cross(strings.Split(*logs, ","), *clip)
	default:
		return errors.New("offpolicy: want -logs with two files or more, -data or -simulate")
	}
	if err != nil {
		return fmt.Errorf("offpolicy: %w", err)
	}
	return offpolicy.Print(out, *asJSON, judged, shares, covered)
}

// judgeOwn reads a server's own suggestions.
func judgeOwn(ctx context.Context, dir string, within time.Duration, clip float64) ([]offpolicy.Exploration, error) {
	if _, err := os.Stat(filepath.Join(dir, "lyceum.db")); err != nil {
		return nil, err // rather than make a new one
	}
	store, err := sqlite.Open(ctx, dir, sqlite.Config{}, zap.NewNop())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	log := offpolicy.Own(func(after int64, limit int) ([]recommend.Behavior, int64, error) {
		return store.ReadBehaviors(ctx, after, limit)
	}, within)
	return offpolicy.Explore(log, explored, clip)
}
