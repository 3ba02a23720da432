package evaluate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// Run is the command line of an evaluation: it reads the files that args
// name, replays them and prints what it measured to out.
func Run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	flags.SetOutput(out)
	events := flags.String("events", "", "files of behaviours, separated by commas: `user_id,item_id,behavior,ts,weight`, CSV, perhaps gzipped")
	catalog := flags.String("catalog", "", "file of items: `item_id,title,tags,author,created_ts,duration_ms`")
	history := flags.String("history", "", "files of earlier behaviours, fed but not scored")
	targets := flags.String("target", Any, "`behaviours` to be guessed, separated by commas, or any")
	cutoff := flags.Int64("cutoff", 0, "score rows from this `time` on, Unix milliseconds")
	until := flags.Int64("until", 0, "score rows before this `time`; 0: to the end")
	models := flags.String("model", "all", "what to measure, separated by commas: blend, rule, a feature's `name`, or all")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if len(split(*targets)) == 0 {
		return errors.New("evaluate: -target is empty")
	}
	if *events == "" {
		return errors.New("evaluate: -events is missing")
	}
	rows, err := ReadRows(split(*history), split(*events))
	if err != nil {
		return err
	}
	var items []recommend.Item
	if *catalog != "" {
		if items, err = ReadCatalog(*catalog); err != nil {
			return err
		}
	}
	names, err := modelNames(*models)
	if err != nil {
		return err
	}
	result, err := Replay(ctx, items, rows, Options{
		Targets: split(*targets), Cutoff: wire.Millis(*cutoff), Until: wire.Millis(*until), Models: names,
	})
	if err != nil {
		return err
	}
	if *asJSON {
		b, err := wire.Encode(result)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", b)
		return err
	}
	return table(out, names, result)
}

func modelNames(list string) ([]string, error) {
	e, err := recommend.New(recommend.Config{}, discard{}, nil, nil)
	if err != nil {
		return nil, err
	}
	known := append([]string{Blend, recommend.Rule}, e.Features()...)
	if list == "all" {
		return known, nil
	}
	names := split(list)
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("evaluate: there is no model %q; there are %s", n, strings.Join(known, ", "))
		}
	}
	return names, nil
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func table(out io.Writer, names []string, r Result) error {
	fmt.Fprintf(out, "%s: %d rows, %d scored, digest %.12s\n\n", r.Protocol, r.Rows, r.Scored, r.Digest)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "model\tHR@10\tHR@20\tNDCG@10\tMRR\tcold HR@20\t1-4 HR@20\tµs/update\tµs/ranking\t")
	for _, n := range names {
		m := r.Models[n]
		fmt.Fprintf(w, "%s\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.4f\t%.1f\t%.1f\t\n",
			n, m.HR10, m.HR20, m.NDCG10, m.MRR, m.ColdHR20, m.FewHR20, m.UpdateUS, m.RankUS)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nST: %d persons; lists of %d in PQ\n\n", r.Persons, listLength)
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "model\tprecision@20\trecall@20\tF1@20\tNDCG@20\tcoverage\tdiversity\tnovelty\tpopularity bias\tcalibration\t")
	for _, n := range names {
		s, l := r.Static[n], r.Lists[n]
		fmt.Fprintf(w, "%s\t%.4f\t%.4f\t%.4f\t%.4f\t%.3f\t%.3f\t%.2f\t%.2f\t%.2f\t\n",
			n, s.Precision20, s.Recall20, s.F1At20, s.NDCG20, l.Coverage, l.Diversity, l.Novelty, l.Bias, l.Calibration)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if c := r.Chance; c.Shown > 0 {
		fmt.Fprintf(out, "\nchance: %d shown, AUC %.4f, GAUC %.4f, log loss %.4f, off by %.4f\n", c.Shown, c.AUC, c.GAUC, c.LogLoss, c.Off)
	}
	fmt.Fprintf(out, "\n%d persons, %d bytes each; %d items, %d bytes each\n", r.Size.Persons, r.Size.PersonBytes/max(1, r.Size.Persons),
		r.Size.Items, r.Size.ItemBytes/max(1, r.Size.Items))
	if !slices.Contains(names, Blend) {
		return nil
	}
	fmt.Fprintln(out)
	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "weight\tcold\tfew\twarm\t")
	var features []string
	for n := range r.Weights {
		features = append(features, n)
	}
	slices.Sort(features)
	for _, n := range features {
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t\n", n, r.Weights[n][0], r.Weights[n][1], r.Weights[n][2])
	}
	return w.Flush()
}
