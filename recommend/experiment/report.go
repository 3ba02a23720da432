package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/lyceum-live/lyceum/wire"
)

// Report is how an experiment stands, for people.
type Report struct {
	Name        string       `json:"name"`
	Layer       string       `json:"layer,omitzero"`
	Share       [2]float64   `json:"share"`
	WindowS     float64      `json:"window_s"`
	At          wire.Millis  `json:"at"`    // of the newest event that it has taken in
	State       string       `json:"state"` // "running", "shipped" or "stopped": no arm but the control is left
	Shipped     string       `json:"shipped,omitzero"`
	Full        bool         `json:"full,omitzero"` // nobody more is taken in
	Exposed     int          `json:"exposed"`
	Counted     int          `json:"counted"` // whose window is over
	Split       Split        `json:"split"`
	Arms        []ArmReport  `json:"arms"`
	Comparisons []Comparison `json:"comparisons"` // by arm, less the control; none where both are drafted into one list
	Draft       *DraftReport `json:"draft,omitzero"`
	Plan        Plan         `json:"plan"`
	Decisions   []Decision   `json:"decisions"`
	Digest      string       `json:"digest"`
}

// Split says whether people come into the arms as is meant.
type Split struct {
	P     float64 `json:"p"`
	Level float64 `json:"level"`
	Off   bool    `json:"off"` // they do not: nothing here can be believed
}

// ArmReport is what came of an arm's people.
type ArmReport struct {
	Name    string             `json:"name"`
	Weight  float64            `json:"weight"` // share of people, as meant
	Set     map[string]string  `json:"set"`
	Stopped bool               `json:"stopped,omitzero"`
	Exposed int                `json:"exposed"`
	Did     map[Metric]int     `json:"did"`   // people
	Means   map[Metric]ArmMean `json:"means"` // of people whose window is over
}

// ArmMean is a mean over an arm's people.
type ArmMean struct {
	N    int     `json:"n"`
	Mean float64 `json:"mean"`
}

// Comparison is of an arm with the control.
type Comparison struct {
	Arm     string       `json:"arm"`
	Metrics []Comparand  `json:"metrics"`
	Guards  []GuardState `json:"guards"`
}

// Comparand is a comparison by one metric.
type Comparand struct {
	Metric Metric  `json:"metric"`
	Kind   string  `json:"kind"` // "ratio" of shares, or "difference" of means
	Now    Point   `json:"now"`
	Level  float64 `json:"level"`
	Found  bool    `json:"found"`          // the difference is there
	Saved  float64 `json:"saved,omitzero"` // share of the variance that the covariate takes off
	Line   []Point `json:"line"`
}

// GuardState is how near a guardrail is to stopping an arm.
type GuardState struct {
	Metric Metric  `json:"metric"`
	P      float64 `json:"p"`
	Level  float64 `json:"level"`
}

// DraftReport is the comparison of two rankers within lists.
type DraftReport struct {
	Lists  int   `json:"lists"`  // in which something was clicked
	Second int   `json:"second"` // won by the second arm
	Now    Point `json:"now"`
	Found  bool  `json:"found"`
}

// Plan says how many people it takes.
type Plan struct {
	Effect    float64 `json:"effect"`    // relative, on the share that buys
	Power     float64 `json:"power"`     // with which it is found
	Purchases int     `json:"purchases"` // of the control and one arm together, or lists with a click; 0: too many to say
	Rate      float64 `json:"rate"`      // of buying under the control, so far
	People    int     `json:"people"`    // of the control and one arm together; 0: not known yet
}

// mostPurchases is up to which number a plan is made.
const mostPurchases = 50_000

// purchasesFor is how many purchases it takes to find an effect.
func purchasesFor(effect, level, control, arm float64) int {
	return NewOdds(arm/(control+arm), effect).needed(1+effect, level, planPower, mostPurchases)
}

// NewPlan returns how many purchases, and people if the control's rate is
// known, it takes to find a relative effect with the usual power.
// control and arm are the weights, level that of the test.
func NewPlan(effect, level, rate, control, arm float64) Plan {
	return planOf(purchasesFor(effect, level, control, arm), effect, rate, arm/(control+arm))
}

func planOf(purchases int, effect, rate, share float64) Plan {
	p := Plan{Effect: effect, Power: planPower, Purchases: purchases, Rate: rate}
	if rate > 0 {
		both := (1-share)*rate + share*rate*(1+effect)
		p.People = int(math.Ceil(float64(purchases) / min(1, both)))
	}
	return p
}

// Report returns how the experiment stands.
func (t *Trial) Report() Report {
	r := Report{
		Name: t.Name, Layer: t.Layer, Share: [2]float64{t.From, t.To}, WindowS: t.Window.Seconds(), At: t.now, State: "running",
		Full:      t.full,
		Split:     Split{P: t.split.P(), Level: SplitLevel, Off: t.split.P() <= SplitLevel},
		Decisions: append([]Decision{}, t.decisions...), Digest: t.Digest(),
	}
	switch {
	case t.shipped >= 0:
		r.State, r.Shipped = "shipped", t.Arms[t.shipped].Name
	case t.Over():
		r.State = "stopped"
	}
	for i, a := range t.Arms {
		r.Exposed += t.exposed[i]
		r.Counted += t.means[i][0].n
		arm := ArmReport{
			Name: a.Name, Weight: a.Weight / t.total(), Set: a.Set, Stopped: t.stopped[i], Exposed: t.exposed[i],
			Did: map[Metric]int{}, Means: map[Metric]ArmMean{},
		}
		for m, metric := range shareMetrics {
			arm.Did[metric] = t.did[i][m]
		}
		for m, metric := range meanMetrics {
			s := t.means[i][m]
			arm.Means[metric] = ArmMean{s.n, s.sum / max(1, float64(s.n))}
		}
		r.Arms = append(r.Arms, arm)
	}
	r.Comparisons = []Comparison{}
	for i := range t.versus {
		r.Comparisons = append(r.Comparisons, t.compare(i))
	}
	rate := 0.0
	if t.exposed[0] > 0 {
		rate = float64(t.did[0][0]) / float64(t.exposed[0])
	}
	r.Plan = planOf(t.purchases(), t.Effect, rate, t.Arms[1].Weight/(t.Arms[0].Weight+t.Arms[1].Weight))
	if t.Interleave {
		n, k := t.drafts.odds.N()
		r.Draft = &DraftReport{Lists: n, Second: k, Now: t.drafts.odds.point(t.now, Level), Found: t.drafts.odds.P() <= Level}
	}
	return r
}

func (t *Trial) compare(i int) Comparison {
	v, level := &t.versus[i], t.level()
	c := Comparison{Arm: t.Arms[i+1].Name}
	for m, metric := range shareMetrics {
		o := &v.shares[m]
		c.Metrics = append(c.Metrics, Comparand{
			Metric: metric, Kind: "ratio", Now: o.point(t.now, level), Level: level, Found: o.P() <= level,
			Line: t.history[i].line(func(was *moment) Point { return was.shares[m].point(was.at, level) }),
		})
	}
	for m, metric := range meanMetrics {
		o := &v.means[m]
		c.Metrics = append(c.Metrics, Comparand{
			Metric: metric, Kind: "difference", Now: o.point(t.now, level), Level: level, Found: o.P() <= level, Saved: o.Saved(),
			Line: t.history[i].line(func(was *moment) Point { return was.means[m].point(was.at, level) }),
		})
	}
	for m := range v.guards {
		c.Guards = append(c.Guards, GuardState{shareMetrics[firstGuard+m], v.guards[m].P(), t.guardLevel()})
	}
	return c
}

// Digest sums up the state: the same log gives the same.
func (t *Trial) Digest() string {
	h := sha256.New()
	word := func(list ...uint64) {
		var b [8]byte
		for _, v := range list {
			binary.LittleEndian.PutUint64(b[:], v)
			h.Write(b[:])
		}
	}
	number := func(list ...float64) {
		for _, v := range list {
			word(math.Float64bits(v))
		}
	}
	h.Write([]byte(t.Name))
	word(uint64(len(t.units)), uint64(len(t.waiting)), uint64(t.now), uint64(t.shipped+1), uint64(t.events))
	for i := range t.Arms {
		word(uint64(t.exposed[i]))
		for _, n := range t.did[i] {
			word(uint64(n))
		}
	}
	number(t.split.log, t.split.most, t.drafts.odds.n, t.drafts.odds.k, t.drafts.odds.most)
	for i := range t.versus {
		v := &t.versus[i]
		for m := range v.shares {
			number(v.shares[m].n, v.shares[m].k, v.shares[m].most)
		}
		for m := range v.guards {
			number(v.guards[m].n, v.guards[m].k, v.guards[m].most)
		}
		for m := range v.means {
			x := &v.means[m]
			number(x.n, x.sum, x.square, x.fourth, x.most, x.slope.xx, x.slope.xy)
		}
	}
	for _, u := range t.waiting {
		h.Write([]byte(u.person))
		word(uint64(u.at), uint64(u.arm)<<32|uint64(u.did)<<16|uint64(u.rated))
		number(float64(u.minutes), float64(u.rating), float64(u.known))
	}
	for _, d := range t.decisions {
		h.Write([]byte(d.What + "/" + d.Arm + "/" + d.By))
		word(uint64(d.At))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
