package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/lyceum-live/lyceum/internal/load"
)

// report is all that one run of bench has found.
type report struct {
	Machine    machine       `json:"machine"`
	LoadBefore float64       `json:"load_average_before"`
	LoadAfter  float64       `json:"load_average_after"`
	Results    []load.Result `json:"results"`
	Ratios     []load.Ratio  `json:"ratios,omitzero"`

	shared bool // the server runs on this machine too
}

// machine says where the figures come from.
type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
	OS    string `json:"os"`
}

func newReport(shared bool) *report {
	return &report{Machine: thisMachine(), LoadBefore: loadAverage(), shared: shared}
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

// loadAverage is the machine's of the last minute, 0 where it is not known:
// figures that were taken beside other work are to be read so.
func loadAverage() float64 {
	b, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(b), " ")
	v, _ := strconv.ParseFloat(first, 64)
	return v
}

func (r *report) printJSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *report) printTables(out io.Writer) error {
	m, whose := r.Machine, "of the tool alone"
	if r.shared {
		whose = "shared by the tool and the server"
	}
	fmt.Fprintf(out, "%s, %d cores, %s, %s; %s\nload average %.2f before, %.2f after\n", m.CPU, m.Cores, m.OS, m.Go, whose, r.LoadBefore, r.LoadAfter)
	for rest := r.Results; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(x load.Result) bool { return x.Measure != rest[0].Measure })
		if n < 0 {
			n = len(rest)
		}
		if err := printTable(out, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if len(r.Ratios) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, x := range r.Ratios {
		fmt.Fprintf(w, "  %s of %s to %s\t%.2f\t%.2f … %.2f\n", x.Figure, x.Of, x.To, x.Value, x.Min, x.Max)
	}
	return w.Flush()
}

// printTable prints what one measurement found, with a column for each server.
func printTable(out io.Writer, results []load.Result) error {
	first := results[0]
	fmt.Fprintf(out, "\n%s, %d viewers", first.Measure, first.Viewers)
	if first.Rounds > 1 {
		fmt.Fprintf(out, ", medians of %d rounds and their spread", first.Rounds)
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(results) > 1 {
		for _, r := range results {
			fmt.Fprintf(w, "\t%s", r.Server)
			if first.Rounds > 1 {
				fmt.Fprint(w, "\t")
			}
		}
		fmt.Fprintln(w, "\t ")
	}
	for _, f := range first.Figures {
		fmt.Fprintf(w, "  %s", f.Name)
		for _, r := range results {
			g, ok := r.Figure(f.Name)
			value, spread := "", ""
			if ok {
				value = shorten(g.Value)
				if g.Min != g.Max {
					spread = shorten(g.Min) + "…" + shorten(g.Max)
				}
			}
			fmt.Fprintf(w, "\t%s", value)
			if first.Rounds > 1 {
				fmt.Fprintf(w, "\t%s", spread)
			}
		}
		fmt.Fprintf(w, "\t %s\n", f.Unit)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		for _, note := range r.Notes {
			fmt.Fprintf(out, "  %s: %s\n", r.Server, note)
		}
	}
	return nil
}

// shorten writes a figure with no more digits than it deserves.
func shorten(v float64) string {
	if v == float64(int64(v)) || v >= 1000 || v <= -1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
