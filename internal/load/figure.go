package load

import (
	"cmp"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Target is a server under measurement.
type Target struct {
	Name string // such as "lyceum"
	URL  string
	// Room names a room for one measurement; a fresh one where it can be had.
	Room func(measure string) wire.RoomID
	// Token gives somebody a room token.
	Token func(room wire.RoomID, name string, role wire.Role) (string, error)
	// Usage says what the server has used so far; nil where that cannot be known.
	Usage func() (Usage, error)

	speaks dialect // nil: Lyceum's own protocol
}

// usage is t.Usage where there is one.
func (t Target) usage() (Usage, bool) {
	if t.Usage == nil {
		return Usage{}, false
	}
	u, err := t.Usage()
	return u, err == nil
}

// Load says how hard to press.
type Load struct {
	Viewers int
	Rate    float64       // messages a second
	Size    int           // bytes of a message's text
	Length  time.Duration // of the sending
	Joins   float64       // joins a second; 0: as quickly as they go
	Voters  int           // who vote without a pause
	Readers int           // threads that read; 0: half of the cores
	Settle  time.Duration // after all are in, for the signals of presence to end; 0: two seconds
}

func (l Load) settle() time.Duration { return cmp.Or(l.Settle, 2*time.Second) }

// Figure is one measured value: the median of all rounds, with the least and
// the most.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

// Result is what a measurement found.
type Result struct {
	Measure string   `json:"measure"`
	Server  string   `json:"server"`
	Viewers int      `json:"viewers"`
	Rounds  int      `json:"rounds"`
	Figures []Figure `json:"figures"`
	Notes   []string `json:"notes,omitempty"`
}

func (r *Result) add(name string, value float64, unit string) {
	r.Figures = append(r.Figures, Figure{Name: name, Value: value, Unit: unit})
}

// Figure returns the figure of a name, and whether there is one.
func (r Result) Figure(name string) (Figure, bool) {
	i := slices.IndexFunc(r.Figures, func(f Figure) bool { return f.Name == name })
	if i < 0 {
		return Figure{}, false
	}
	return r.Figures[i], true
}

// Median makes one result of several rounds of the same measurement. A figure
// that not all rounds have is left out.
func Median(rounds []Result) Result {
	r := rounds[0]
	r.Rounds, r.Figures, r.Notes = len(rounds), nil, nil
	for _, round := range rounds {
		r.Notes = append(r.Notes, round.Notes...)
	}
	for _, f := range rounds[0].Figures {
		values := make([]float64, 0, len(rounds))
		for _, round := range rounds {
			if g, ok := round.Figure(f.Name); ok {
				values = append(values, g.Value)
			}
		}
		if len(values) < len(rounds) {
			continue
		}
		f.Value = median(values)
		f.Min, f.Max = slices.Min(values), slices.Max(values)
		r.Figures = append(r.Figures, f)
	}
	return r
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// Ratio is how a figure of one server stands to another's.
type Ratio struct {
	Figure string  `json:"figure"`
	Of     string  `json:"of"`
	To     string  `json:"to"`
	Value  float64 `json:"value"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Ratios compares the figures that a reader asks for, round by round: what
// disturbed a round disturbed both, so the median of the ratios is steadier
// than the ratio of the medians. Both have one result a round.
func Ratios(of, to []Result) []Ratio {
	var ratios []Ratio
	for _, name := range []string{cpuFigure, "late p50", "late p99"} {
		var values []float64
		for i := range min(len(of), len(to)) {
			a, okA := of[i].Figure(name)
			b, okB := to[i].Figure(name)
			if okA && okB && b.Value > 0 {
				values = append(values, a.Value/b.Value)
			}
		}
		if len(values) == 0 {
			continue
		}
		ratios = append(ratios, Ratio{
			name, cmp.Or(of[0].Server, "?"), cmp.Or(to[0].Server, "?"), median(values), slices.Min(values), slices.Max(values),
		})
	}
	return ratios
}

// cpuFigure is what a delivery costs the server.
const cpuFigure = "CPU of the server"
