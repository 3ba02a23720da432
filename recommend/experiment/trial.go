package experiment

import (
	"slices"
	"sync"

	"github.com/lyceum-live/lyceum/wire"
)

// Metric is one thing that arms are compared by.
type Metric string

// The metrics. Those of shares count people who did something within the
// window after they came in; those of means are over people whose window is
// over.
const (
	Purchase     Metric = "purchase"     // share: bought something
	Click        Metric = "click"        // share: followed a suggestion or a card
	Hide         Metric = "hide"         // share, guardrail: said "not interested"
	Leave        Metric = "leave"        // share, guardrail: left something within its first tenth
	WatchTime    Metric = "watch"        // mean: minutes watched
	Satisfaction Metric = "satisfaction" // mean: stars and ratings, 0 to 1, of those who gave any
)

// The metrics of each sort. The first is what decides.
var (
	shareMetrics = [...]Metric{Purchase, Click, Hide, Leave}
	meanMetrics  = [...]Metric{WatchTime, Satisfaction}
)

const firstGuard = 2 // of shareMetrics, from which on they are guardrails

// The levels of the tests.
const (
	Level      = 0.05 // of each comparison, for all arms of an experiment together
	GuardLevel = 0.05 // with which an experiment stops any arm without cause
	SplitLevel = 0.01 // of the watch over the shares of arms
)

// planPower is with which probability the test finds a purchase effect at the
// size that the plan states. Fewer buyers than expected, and arms that are stopped
// without cause, take a few off that: 80 % are meant to be left.
const planPower = 0.88

// Happening is something that a person did.
type Happening struct {
	Person  wire.UserID
	Item    string
	At      wire.Millis
	Bought  bool
	Clicked bool
	Hid     bool
	Left    bool
	Minutes float64 // watched
	Rated   bool
	Rating  float64 // 0 to 1
}

// Decision is something that was decided about an experiment.
type Decision struct {
	At     wire.Millis `json:"at"`
	What   string      `json:"what"` // [Stopped] or [Shipped]
	Arm    string      `json:"arm"`
	By     string      `json:"by"` // a guardrail's metric, or "operator"
	Events int         `json:"events,omitzero"`
	Arms   int         `json:"arms,omitzero"` // of those events, under the arm
	P      float64     `json:"p,omitzero"`
}

// What may be decided.
const (
	Stopped = "stopped" // the arm's people are served as the control from now on
	Shipped = "shipped" // everybody is served by this arm from now on
)

// Operator is who decides beside the guardrails.
const Operator = "operator"

// unit is one exposed person.
type unit struct {
	person  wire.UserID
	at      wire.Millis
	arm     uint8
	did     uint8 // by bit: metrics of shares that count already
	rated   uint16
	known   float32 // of them before they were exposed
	minutes float32
	rating  float32 // sum
	list    *shown  // drafted, shown last, and not clicked yet
}

// shown is a list that two rankers drafted.
type shown struct {
	id    string
	items []string
	arms  []uint8 // whose pick each was
}

// versus compares one arm with the control.
type versus struct {
	shares [len(shareMetrics)]Odds
	guards [len(shareMetrics) - firstGuard]Harm
	means  [len(meanMetrics)]Mean
}

// Trial is one experiment as it goes: the fold of who was exposed, what they
// did, and what was decided. It belongs to whoever folds.
type Trial struct {
	Spec
	units     map[wire.UserID]*unit
	waiting   []*unit // whose window is not over, in the order in which they came
	now       wire.Millis
	split     Shares
	exposed   []int
	did       [][len(shareMetrics)]int // by arm: people
	means     [][len(meanMetrics)]sum  // by arm
	versus    []versus                 // by arm, less the control
	drafts    Draft
	stopped   []bool // by arm
	shipped   int    // -1: none
	full      bool
	decisions []Decision
	history   []history // by arm, less the control
	events    int
	purchases func() int // that the plan needs
}

// sum is a sum of so many.
type sum struct {
	n   int
	sum float64
}

func (s *sum) add(x float64) { s.n++; s.sum += x }

// MostPeople is how many people one experiment takes in; whoever comes after
// them is served as without it. It bounds memory.
const MostPeople = 500_000

// NewTrial returns an experiment that nobody has come into. The spec is one
// that Check has nothing against.
func NewTrial(s Spec) *Trial {
	t := &Trial{
		Spec: s, units: map[wire.UserID]*unit{}, shipped: -1,
		exposed: make([]int, len(s.Arms)), did: make([][len(shareMetrics)]int, len(s.Arms)),
		means: make([][len(meanMetrics)]sum, len(s.Arms)), versus: make([]versus, len(s.Arms)-1), stopped: make([]bool, len(s.Arms)), history: make([]history, len(s.Arms)-1),
	}
	weights := make([]float64, len(s.Arms))
	for i, a := range s.Arms {
		weights[i] = a.Weight
	}
	t.split = NewShares(weights)
	t.drafts = NewDraft(s.Effect)
	if s.Interleave {
		t.versus = nil // both arms' people are served alike: by lists of both
	}
	for i := range t.versus {
		v := &t.versus[i]
		share := s.Arms[i+1].Weight / (s.Arms[0].Weight + s.Arms[i+1].Weight)
		for m := range v.shares {
			v.shares[m] = NewOdds(share, s.Effect)
		}
		for m := range v.guards {
			v.guards[m] = NewHarm(share)
		}
		for m := range v.means {
			v.means[m] = NewMean(s.Arms[0].Weight, s.Arms[i+1].Weight)
		}
	}
	t.purchases = sync.OnceValue(func() int { return purchasesFor(s.Effect, t.level(), s.Arms[0].Weight, s.Arms[1].Weight) })
	return t
}

// Serving says how a person is served.
type Serving struct {
	Arm    int
	Expose bool // they take part and are not known to have been exposed
}

// Serve returns how a person is served now, or false if by nothing of this
// experiment's. Who was exposed keeps the arm that is on record.
func (t *Trial) Serve(person wire.UserID) (Serving, bool) {
	if t.shipped >= 0 {
		return Serving{Arm: t.shipped}, true
	}
	if u := t.units[person]; u != nil {
		return Serving{Arm: t.standing(int(u.arm))}, true
	}
	arm, part := t.Assign(person)
	if !part || t.full || t.stopped[arm] || t.Over() {
		return Serving{}, false
	}
	return Serving{Arm: arm, Expose: true}, true
}

// Over reports whether nothing is compared any more: an arm was shipped, or
// none but the control is left.
func (t *Trial) Over() bool { return t.shipped >= 0 || !slices.Contains(t.stopped[1:], false) }

// standing is the arm, or the control in place of one that was stopped.
func (t *Trial) standing(arm int) int {
	if t.stopped[arm] {
		return 0
	}
	return arm
}

// Expose takes in that a person was first served by an arm. known is what was
// known of them before, a number that goes along with what they will do. A
// second exposure, and one to an arm that is no more, counts for nothing.
func (t *Trial) Expose(person wire.UserID, arm string, known float64, at wire.Millis) {
	a, ok := t.arm(arm)
	if !ok || t.units[person] != nil || t.full || t.stopped[a] || t.Over() {
		return
	}
	t.tick(at)
	u := &unit{person: person, at: at, arm: uint8(a), known: float32(known)}
	t.units[person] = u
	t.waiting = append(t.waiting, u)
	t.exposed[a]++
	t.split.Add(a)
	t.full = len(t.units) >= MostPeople
	t.events++
}

// Observe takes in what somebody did, and returns what that decides.
func (t *Trial) Observe(h Happening) []Decision {
	t.tick(h.At)
	u := t.units[h.Person]
	if u == nil || h.At < u.at || h.At-u.at >= t.window() || t.shipped >= 0 || t.stopped[u.arm] {
		return nil
	}
	t.events++
	u.minutes += float32(h.Minutes)
	if h.Rated && u.rated < 1<<16-1 {
		u.rated++
		u.rating += float32(h.Rating)
	}
	if h.Clicked {
		t.credit(u, h.Item)
	}
	before := len(t.decisions)
	for m, did := range [len(shareMetrics)]bool{h.Bought, h.Clicked, h.Hid, h.Left} {
		if did && u.did&(1<<m) == 0 {
			u.did |= 1 << m
			t.count(m, int(u.arm), h.At)
		}
	}
	return t.decisions[before:]
}

// count takes in that one more person of an arm did something.
func (t *Trial) count(m, arm int, at wire.Millis) {
	t.did[arm][m]++
	for i := range t.versus {
		if arm != 0 && arm != i+1 || t.stopped[i+1] {
			continue
		}
		v := &t.versus[i]
		v.shares[m].Add(arm != 0)
		if m >= firstGuard {
			guard := &v.guards[m-firstGuard]
			guard.Add(arm != 0)
			if p := guard.P(); p <= t.guardLevel() {
				t.decide(Decision{
					At: at, What: Stopped, Arm: t.Arms[i+1].Name, By: string(shareMetrics[m]),
					Events: int(guard.n), Arms: int(guard.k), P: p,
				})
			}
		}
		t.history[i].note(at, v)
	}
}

// guardLevel is that of each guardrail of each arm.
func (t *Trial) guardLevel() float64 {
	return GuardLevel / float64(max(1, len(t.versus))*(len(shareMetrics)-firstGuard))
}

// level is that of each metric's comparison of one arm.
func (t *Trial) level() float64 { return Level / float64(max(1, len(t.versus))) }

// Decide takes in a decision: an operator's, or a guardrail's that is on
// record. One that is in force already changes nothing, nor does any once an
// arm was shipped.
func (t *Trial) Decide(d Decision) bool {
	if !t.Can(d.What, d.Arm) {
		return false
	}
	t.decide(d)
	return true
}

func (t *Trial) decide(d Decision) {
	a, _ := t.arm(d.Arm)
	if d.What == Shipped {
		t.shipped = a
	} else {
		t.stopped[a] = true
		t.split.Drop(a)
	}
	t.decisions = append(t.decisions, d)
}

func (t *Trial) window() wire.Millis { return wire.Millis(t.Window.Milliseconds()) }

// tick lets time go on to at, as far as it had not: people whose window is
// over are counted in the means.
func (t *Trial) tick(at wire.Millis) {
	t.now = max(t.now, at)
	done := 0
	for done < len(t.waiting) && t.waiting[done].at+t.window() <= t.now {
		t.settle(t.waiting[done])
		done++
	}
	if done > 0 {
		t.waiting = slices.Delete(t.waiting, 0, done)
	}
}

// settle counts one person in the means.
func (t *Trial) settle(u *unit) {
	u.list = nil
	if t.stopped[u.arm] || t.shipped >= 0 {
		return
	}
	rating := float64(u.rating) / max(1, float64(u.rated))
	t.means[u.arm][0].add(float64(u.minutes))
	if u.rated > 0 {
		t.means[u.arm][1].add(rating)
	}
	for i := range t.versus {
		if u.arm != 0 && int(u.arm) != i+1 || t.stopped[i+1] {
			continue
		}
		v := &t.versus[i]
		v.means[0].Add(u.arm != 0, float64(u.minutes), float64(u.known))
		if u.rated > 0 {
			v.means[1].Add(u.arm != 0, rating, float64(u.known))
		}
		t.history[i].note(u.at+t.window(), v)
	}
}

// Show takes in that an item of a drafted list was shown, and whose pick it
// was. A new list of a person takes the place of the one before.
func (t *Trial) Show(person wire.UserID, list, item, arm string, at wire.Millis) {
	a, ok := t.arm(arm)
	u := t.units[person]
	if !ok || !t.Interleave || u == nil || at-u.at >= t.window() {
		return
	}
	if u.list == nil || u.list.id != list {
		u.list = &shown{id: list}
	}
	if len(u.list.items) < mostShown {
		u.list.items = append(u.list.items, item)
		u.list.arms = append(u.list.arms, uint8(a))
	}
}

const mostShown = 100 // items of a list

// credit counts the first click in a drafted list.
func (t *Trial) credit(u *unit, item string) {
	if u.list == nil {
		return
	}
	if i := slices.Index(u.list.items, item); i >= 0 {
		t.drafts.Click(u.list.arms[i] == 1)
		u.list = nil
	}
}

// Can reports whether a decision would change something.
func (t *Trial) Can(what, arm string) bool {
	a, ok := t.arm(arm)
	return ok && t.shipped < 0 && (what == Shipped || what == Stopped && a != 0 && !t.stopped[a])
}

// Forget takes a person out: nothing that they do counts any more. What was
// counted of them by then stays in the sums, which name nobody.
func (t *Trial) Forget(person wire.UserID) {
	u := t.units[person]
	if u == nil {
		return
	}
	delete(t.units, person)
	t.waiting = slices.DeleteFunc(t.waiting, func(w *unit) bool { return w == u })
}

// Metrics lists all, the one that decides first.
func Metrics() []Metric { return slices.Concat(shareMetrics[:], meanMetrics[:]) }
