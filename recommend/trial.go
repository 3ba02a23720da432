package recommend

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/recommend/experiment"
	"github.com/lyceum-live/lyceum/wire"
)

// Rows of the store that are no behaviours but belong among them, so that a
// replay comes to the same experiments. No door for behaviours lets them in.
const (
	exposedKind = "exposed" // Item: experiment/arm; Weight: what was known of the person
	decidedKind = "decided" // Item: experiment/what/arm/by
	apartKind   = "apart"   // the person takes part in no experiment; Weight 0: but does again
)

// Served is how a suggestion came about, kept with the impression so that what
// other policies would have come to can be estimated later.
type Served struct {
	Arm        string  `json:"arm"`
	Model      string  `json:"model"`
	List       string  `json:"list"`                // of which it was part
	Place      int     `json:"place"`               // in it, from 1
	Propensity float64 `json:"propensity,omitzero"` // 0: not known
	Explored   float64 `json:"explored,omitzero"`   // with which probability the place was drawn, if it was
	Draft      string  `json:"draft,omitzero"`      // experiment/arm whose ranker picked it
}

// manner is how somebody is served: the configuration, as the arms of
// experiments change it.
type manner struct {
	arm       string // of experiments, for the log
	ranker    string // Blend, Rule, or a feature
	second    string // interleaved with it; "": none
	draft     *experiment.Trial
	diversity float64
	explore   float64
	floor     float64
	perDay    int
	gap       time.Duration
}

func (e *Engine) usual() manner {
	c := &e.config
	return manner{
		arm: c.Arm, ranker: Blend, diversity: c.Diversity, explore: c.Explore, floor: c.PushFloor, perDay: c.PushPerDay, gap: c.PushGap,
	}
}

// change applies what an arm sets.
func (m *manner) change(set map[string]string, known func(ranker string) bool) (err error) {
	for name, value := range set {
		switch name {
		case "ranker":
			if m.ranker = value; !known(value) {
				err = fmt.Errorf("there is no ranker %q", value)
			}
		case "diversity":
			m.diversity, err = share(value)
		case "explore":
			m.explore, err = share(value)
		case "push_floor":
			m.floor, err = share(value)
		case "push_per_day":
			if m.perDay, err = strconv.Atoi(value); err == nil && m.perDay < 1 {
				err = fmt.Errorf("%s is less than 1", value)
			}
		case "push_gap":
			if m.gap, err = time.ParseDuration(value); err == nil && m.gap < 0 {
				err = fmt.Errorf("%s is negative", value)
			}
		default:
			err = fmt.Errorf("there is no setting %q", name)
		}
		if err != nil {
			return fmt.Errorf("%s=%s: %w", name, value, err)
		}
	}
	return nil
}

func share(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err == nil && !(x >= 0 && x <= 1) {
		err = fmt.Errorf("%s is not within 0 and 1", text)
	}
	return x, err
}

// newTrials makes the experiments that the configuration names.
func (e *Engine) newTrials() error {
	if err := experiment.CheckAll(e.config.Experiments); err != nil {
		return fmt.Errorf("experiments: %w", err)
	}
	for _, s := range e.config.Experiments {
		for i, a := range s.Arms {
			m := e.usual()
			if err := m.change(a.Set, e.ranks); err != nil {
				return fmt.Errorf("experiments: %s: arm %s: %w", s.Name, a.Name, err)
			}
			if s.Interleave && i == 1 && m.ranker == armRanker(s.Arms[0]) {
				return fmt.Errorf("experiments: %s: both arms rank by %s", s.Name, m.ranker)
			}
			if _, ranks := a.Set["ranker"]; s.Interleave && len(a.Set) > 0 && (len(a.Set) > 1 || !ranks) {
				return fmt.Errorf("experiments: %s: arm %s: only rankers are interleaved", s.Name, a.Name)
			}
		}
		e.trials = append(e.trials, experiment.NewTrial(s))
	}
	return nil
}

func armRanker(a experiment.Arm) string {
	if r, ok := a.Set["ranker"]; ok {
		return r
	}
	return Blend
}

func (e *Engine) ranks(name string) bool {
	return name == Blend || name == Rule || slices.Contains(e.Features(), name)
}

// mannerFor is how a person is served now: by the arms that they are on record
// for, and by those that were shipped. The caller holds mu.
func (e *Engine) mannerFor(person wire.UserID) manner {
	m := e.usual()
	var arms []string
	for _, t := range e.trials {
		s, ok := t.Serve(person)
		if !ok || s.Expose || e.apart[person] && !t.Over() {
			continue
		}
		arm := t.Arms[s.Arm]
		arms = append(arms, t.Name+"="+arm.Name)
		if t.Interleave && !t.Over() {
			m.draft, m.ranker, m.second = t, armRanker(t.Arms[0]), armRanker(t.Arms[1])
			continue
		}
		_ = m.change(arm.Set, e.ranks) // was checked when the trial was made
	}
	if len(arms) > 0 {
		m.arm = strings.Join(arms, " ")
	}
	return m
}

// Expose puts on record, before anything is suggested to them, that persons
// come into the experiments that they are to take part in. It is durable and
// happens once: for whoever is on record it costs a look. Persons who are not
// known ("") and those who have refused come into none.
func (e *Engine) Expose(ctx context.Context, persons []wire.UserID, now wire.Millis) error {
	var rows []Behavior
	e.mu.RLock()
	for _, person := range persons {
		if person == "" || e.apart[person] {
			continue
		}
		for _, t := range e.trials {
			s, ok := t.Serve(person)
			if !ok || !s.Expose {
				continue
			}
			known := 0.0
			if p := e.people.byID[person]; p != nil {
				known = math.Log1p(float64(p.minutes))
			}
			rows = append(rows, Behavior{
				ID: exposedKind + "/" + t.Name + "/" + string(person), Person: person, Kind: exposedKind,
				Item: t.Name + "/" + t.Arms[s.Arm].Name, Weight: known, At: now,
			})
		}
	}
	e.mu.RUnlock()
	if len(rows) == 0 {
		return nil
	}
	_, err := e.submit(ctx, rows)
	return err
}

// ErrExperiment: there is no such experiment or arm, or nothing is left to be
// decided about it.
var ErrExperiment = &wire.Error{Code: "recommend.experiment", Text: "there is no such experiment or arm, or it is decided already"}

// Decide stops or ships an arm of an experiment, as an operator wants it.
func (e *Engine) Decide(ctx context.Context, name, what, arm string) error {
	row := Behavior{
		ID: strings.Join([]string{decidedKind, name, what, arm}, "/"), Person: "operator", Kind: decidedKind,
		Item: strings.Join([]string{name, what, arm, experiment.Operator}, "/"), At: wire.At(e.now()),
	}
	e.mu.RLock()
	t := e.trial(name)
	can := t != nil && t.Can(what, arm)
	e.mu.RUnlock()
	if !can {
		return ErrExperiment
	}
	fresh, err := e.submit(ctx, []Behavior{row})
	if err == nil && !fresh[0] {
		err = ErrExperiment
	}
	return err
}

// TakePart says whether a person takes part in experiments. Who refuses is
// served as if there were none from then on, and nothing that they do counts.
func (e *Engine) TakePart(ctx context.Context, person wire.UserID, part bool) error {
	if e.TakesPart(person) == part {
		return nil
	}
	row := Behavior{Person: person, Kind: apartKind, Weight: 1, At: wire.At(e.now())}
	if part {
		row.Weight = 0
	}
	row.ID = fmt.Sprintf("%s/%s/%d/%v", apartKind, person, row.At, row.Weight)
	_, err := e.submit(ctx, []Behavior{row})
	return err
}

// TakesPart reports whether a person takes part in experiments, if there are
// any.
func (e *Engine) TakesPart(person wire.UserID) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return !e.apart[person]
}

// Experiments returns how they stand.
func (e *Engine) Experiments() []experiment.Report {
	e.mu.RLock()
	defer e.mu.RUnlock()
	list := make([]experiment.Report, len(e.trials))
	for i, t := range e.trials {
		list[i] = t.Report()
	}
	return list
}

func (e *Engine) trial(name string) *experiment.Trial {
	for _, t := range e.trials {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// record applies a row that is no behaviour, and reports whether it was one.
func (e *Engine) record(b *Behavior) bool {
	switch b.Kind {
	case exposedKind:
		name, arm, _ := strings.Cut(b.Item, "/")
		if t := e.trial(name); t != nil && !e.apart[b.Person] {
			t.Expose(b.Person, arm, b.Weight, b.At)
		}
	case decidedKind:
		part := strings.Split(b.Item, "/")
		if len(part) != 4 {
			return true
		}
		if t := e.trial(part[0]); t != nil {
			t.Decide(experiment.Decision{At: b.At, What: part[1], Arm: part[2], By: part[3]})
		}
	case apartKind:
		if b.Weight == 0 {
			delete(e.apart, b.Person)
			break
		}
		e.apart[b.Person] = true
		for _, t := range e.trials {
			t.Forget(b.Person)
		}
	default:
		return false
	}
	return true
}

// leftEarly is the share of an item within which who leaves it did not want it.
const leftEarly = 0.1

// tell lets the experiments know of a behaviour, and keeps what they decide.
func (e *Engine) tell(b *Behavior, k *Kind, f *fact) {
	if len(e.trials) == 0 || k.Past || e.apart[b.Person] {
		return
	}
	h := experiment.Happening{
		Person: b.Person, Item: b.Item, At: b.At,
		Bought: k.Name == "buy", Clicked: k.Name == "click", Hid: k.Dismisses,
		Left:    k.Name == "watch" && b.Weight > 0 && b.Weight < leftEarly,
		Minutes: e.minutes(b, k, f),
	}
	if k.Name == "rate" {
		h.Rated, h.Rating = true, b.Weight/k.Full
	}
	drafted, arm, _ := strings.Cut(b.Served.Draft, "/")
	for _, t := range e.trials {
		if t.Name == drafted {
			t.Show(b.Person, b.Served.List, b.Item, arm, b.At)
		}
		for _, d := range t.Observe(h) {
			e.decided = append(e.decided, Behavior{
				ID: strings.Join([]string{decidedKind, t.Name, d.What, d.Arm}, "/"), Person: "operator", Kind: decidedKind,
				Item: strings.Join([]string{t.Name, d.What, d.Arm, d.By}, "/"), At: d.At,
			})
		}
	}
}

// minutes is how long somebody watched, as far as the item's length is known.
func (e *Engine) minutes(b *Behavior, k *Kind, f *fact) float64 {
	if k.Name != "watch" && k.Name != "watched" {
		return 0
	}
	return f.share * e.entries[f.item].Duration.Minutes()
}

// draft picks a list from the rankings of two.
func (e *Engine) draft(q *query, places []int, m *manner, limit int) []pick {
	order := func(ranker string) []int {
		e.scoreBy(ranker, q)
		return slices.Clone(q.best(slices.Clone(places), limit))
	}
	first := order(m.ranker)
	scores := slices.Clone(q.scores[:len(q.items)])
	second := order(m.second)
	e.chance.Lock()
	defer e.chance.Unlock()
	var picks []pick
	for _, p := range experiment.Interleave(first, second, limit, func() bool { return e.chance.Uint64()&1 == 1 }) {
		one := pick{place: p.At, item: q.items[p.At], score: scores[p.At], draft: m.draft.Name + "/" + m.draft.Arms[0].Name}
		if p.Second {
			one.score, one.draft = q.scores[p.At], m.draft.Name+"/"+m.draft.Arms[1].Name
		}
		picks = append(picks, one)
	}
	return picks
}
