package offpolicy

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/lyceum-live/lyceum/wire"
)

// Judged is a policy, its value by its own log, and by the log of another.
type Judged struct {
	Policy string   `json:"policy"`
	Log    string   `json:"log"`
	Own    Interval `json:"own"`  // mean of its own log
	Rows   int      `json:"rows"` // of that
	Result Result   `json:"result"`
	SNIPS  bool     `json:"snips_holds"` // the interval of SNIPS holds the own mean
	DR     bool     `json:"dr_holds"`
}

// Cross judges the policy of each file by the log of each other.
func Cross(files []string, clip float64) ([]Judged, error) {
	var list []Judged
	for _, target := range files {
		policy, err := Frequencies(ReadLog(target))
		if err != nil {
			return nil, err
		}
		own, n, err := Mean(ReadLog(target))
		if err != nil {
			return nil, err
		}
		for _, log := range files {
			if log == target {
				continue
			}
			r, err := Estimate(ReadLog(log), policy, clip)
			if err != nil {
				return nil, fmt.Errorf("%s from %s: %w", target, log, err)
			}
			list = append(list, Judged{
				Policy: nameOf(target), Log: nameOf(log), Own: own, Rows: n, Result: r,
				SNIPS: r.SNIPS.Holds(own.Value), DR: r.DR.Holds(own.Value),
			})
		}
	}
	return list, nil
}

// nameOf is a file's name without folder and endings.
func nameOf(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return name
}

// Exploration is what lists bring in which a share of the last places is drawn.
type Exploration struct {
	Share  float64 `json:"share"`
	Result Result  `json:"result"`
}

// Explore judges shares of exploration by our own log.
func Explore(log Log, shares []float64, clip float64) ([]Exploration, error) {
	like, err := Frequencies(log)
	if err != nil {
		return nil, err
	}
	if len(like) == 0 {
		return nil, fmt.Errorf("in no logged suggestion chance had a hand")
	}
	var list []Exploration
	for _, share := range shares {
		r, err := Estimate(log, Exploring(share, like), clip)
		if err != nil {
			return nil, fmt.Errorf("exploration of %v: %w", share, err)
		}
		list = append(list, Exploration{share, r})
	}
	return list, nil
}

// Print writes what was judged, as a table or as JSON.
func Print(out io.Writer, asJSON bool, judged []Judged, explored []Exploration, covered []Coverage) error {
	if asJSON {
		b, err := wire.Encode(struct {
			Policies    []Judged      `json:"policies,omitzero"`
			Exploration []Exploration `json:"exploration,omitzero"`
			Coverage    []Coverage    `json:"coverage,omitzero"`
		}{judged, explored, covered})
		if err == nil {
			_, err = fmt.Fprintf(out, "%s\n", b)
		}
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	const heads = "rows\teffective\tmean weight\tlargest\tclip\tclipped\tweight lost\tIPS\t\tSNIPS\t\tDR\t\t"
	if len(judged) > 0 {
		fmt.Fprintln(w, "policy\tits own mean\t\tfrom the log of\t"+heads)
	}
	for _, j := range judged {
		fmt.Fprintf(w, "%s\t%s\t%s\t", j.Policy, interval(j.Own), j.Log)
		row(w, j.Result)
	}
	if len(explored) > 0 {
		fmt.Fprintln(w, "share drawn\t"+heads)
	}
	for _, e := range explored {
		fmt.Fprintf(w, "%g\t", e.Share)
		row(w, e.Result)
	}
	if len(covered) > 0 {
		fmt.Fprintln(w, "simulated logs\trows\teffective\tIPS holds\tSNIPS holds\tDR holds\t")
	}
	for _, c := range covered {
		fmt.Fprintf(w, "%d\t%d\t%.0f\t%.1f %%\t%.1f %%\t%.1f %%\t\n", c.Logs, c.Rows, c.Effective, 100*c.IPS, 100*c.SNIPS, 100*c.DR)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, j := range judged {
		said := map[bool]string{true: "holds", false: "does not hold"}
		fmt.Fprintf(out, "%s from %s: the interval of SNIPS %s its own mean, that of DR %s it\n", j.Policy, j.Log, said[j.SNIPS], said[j.DR])
	}
	return nil
}

func row(w io.Writer, r Result) {
	clip := "none"
	if r.Clip > 0 {
		clip = fmt.Sprintf("%g", r.Clip)
	}
	fmt.Fprintf(w, "%d\t%.0f\t%.3f\t%.1f\t%s\t%.1f %%\t%.1f %%\t%s\t%s\t%s\t\n", r.Rows, r.Effective, r.Weight, r.Most, clip, 100*r.Clipped, 100*r.Lost,
		interval(r.IPS), interval(r.SNIPS), interval(r.DR))
}

func interval(i Interval) string { return fmt.Sprintf("%.5f\t[%.5f, %.5f]", i.Value, i.Low, i.High) }

// Worlds are those whose simulated logs are printed.
var Worlds = []World{
	{Rows: 2000, Actions: 10, Reward: 0.3, Sharp: 4},
	{Rows: 1000, Actions: 5, Reward: 0.5, Sharp: 2},
	{Rows: 3000, Actions: 20, Reward: 0.1, Sharp: 6},
	{Rows: 10_000, Actions: 34, Reward: 0.02, Sharp: 10},
}
