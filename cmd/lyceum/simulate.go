package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/lyceum-live/lyceum/recommend/experiment"
)

// simulate lets experiments run among simulated people.
func simulate(args []string) error { return simulateTo(args, os.Stdout) }

func simulateTo(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	flags.SetOutput(out)
	runs := flags.Int("runs", 1000, "experiments of each kind")
	people := flags.Int("people", 10_000, "people of an experiment in which there is nothing to find")
	rate := flags.Float64("rate", 0.05, "share of people who buy")
	lift := flags.Float64("lift", 0.2, "relative effect on that, to be found at the size that the plan states")
	seed := flags.Uint64("seed", 1, "`number` from which all chance follows")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if *runs < 1 || *people < 1 || !(*rate > 0 && *lift > 0 && *rate*(1+*lift) < 1) {
		return errors.New("simulate: want at least one run of one person, and shares between 0 and 1")
	}
	plan := experiment.NewPlan(*lift, experiment.Level, *rate, 1, 1)
	if plan.Purchases == 0 {
		return fmt.Errorf("simulate: a lift of %g takes too many people to simulate", *lift)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "looked at after each event\truns\tpeople\t")
	for _, m := range experiment.Metrics() {
		fmt.Fprintf(w, "%s\t", m)
	}
	fmt.Fprintln(w, "stopped\tsplit off\tpurchases to the end\t")
	for _, world := range []struct {
		name string
		experiment.World
	}{
		{"nothing to find", experiment.World{Rate: *rate, People: *people}},
		{fmt.Sprintf("%+g %% purchases", *lift*100), experiment.World{Rate: *rate, Lift: *lift}},
	} {
		s := experiment.Simulate(*seed, *runs, world.World)
		share := func(n int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(s.Runs)) }
		fmt.Fprintf(w, "%s\t%d\t%d\t", world.name, s.Runs, s.People)
		for _, m := range experiment.Metrics() {
			fmt.Fprintf(w, "%s\t", share(s.Alarms[m]))
		}
		fmt.Fprintf(w, "%s\t%s\t%.0f\t\n", share(s.Stopped), share(s.Off), s.Purchases)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nplan: %d purchases, or %d people where %.3g %% buy, find %+g %% with a probability of %.0f %%\n",
		plan.Purchases, plan.People, *rate*100, *lift*100, plan.Power*100)
	return err
}
