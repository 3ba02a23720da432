package poll_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

// spellings are ways to write a word, by what they all mean: the model of the
// test counts by this table and by nothing else.
var spellings = map[string]string{
	"Go": "go", "ＧＯ": "go", "go": "go", "GO": "go",
	"机器": "machine", "機器": "machine",
	"fun": "fun", "Fun": "fun", "FUN": "fun",
	"42": "42", "４２": "42",
}

// cast is one person's vote as the model keeps it.
type cast struct {
	vote poll.Vote
	seq  uint64 // where it was given
}

// paper is one open poll, kept on paper.
type paper struct {
	ask   poll.Create
	casts map[wire.UserID]cast
	open  bool
	shown bool // the staff has shown it
}

func (m *paper) visible() bool {
	if m.ask.Secret && m.open {
		return false
	}
	switch m.ask.Shown {
	case poll.ShownClosed:
		return m.shown || !m.open
	case poll.ShownAsked:
		return m.shown
	}
	return true
}

// weight is how often somebody counts.
func (m *paper) weight(user wire.UserID) int {
	if w := m.ask.Weights[user]; w > 1 {
		return w
	}
	return 1
}

// counts are votes for each choice, or the duels that it wins in a ranking.
func (m *paper) counts() []int {
	counts := make([]int, len(m.ask.Choices))
	for user, c := range m.casts {
		for i, choice := range c.vote.Choices {
			if m.ask.Kind == poll.KindRanking {
				for range c.vote.Choices[i+1:] {
					counts[choice] += m.weight(user)
				}
			} else {
				counts[choice] += m.weight(user)
			}
		}
	}
	return counts
}

// numbers are all values, each as often as it weighs.
func (m *paper) numbers() []float64 {
	var all []float64
	for user, c := range m.casts {
		for range m.weight(user) {
			all = append(all, *c.vote.Value)
		}
	}
	slices.Sort(all)
	return all
}

func (m *paper) words() map[string]int {
	counts := map[string]int{}
	for user, c := range m.casts {
		said := map[string]bool{}
		for _, w := range c.vote.Words {
			said[spellings[w]] = true
		}
		for word := range said {
			counts[word] += m.weight(user)
		}
	}
	return counts
}

func (m *paper) texts() []string {
	all := slices.SortedFunc(func(yield func(cast) bool) {
		for _, c := range m.casts {
			if !yield(c) {
				return
			}
		}
	}, func(a, b cast) int { return cmp.Compare(b.seq, a.seq) })
	var said []string
	for _, c := range all {
		said = append(said, c.vote.Text)
	}
	return said
}

var people = []wire.Actor{
	ana, ben, {User: "cho", Role: wire.Viewer}, {User: "dee", Role: wire.Viewer}, {User: "eli", Role: wire.Viewer},
}

func drawKind(t *rapid.T) poll.Create {
	kinds := []poll.Kind{
		poll.KindChoice, poll.KindRanking, poll.KindRating, poll.KindScale, poll.KindNumber, poll.KindText, poll.KindCloud,
	}
	ask := poll.Create{
		Text: "Well?", Open: true, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		Shown: rapid.SampledFrom([]poll.Shown{poll.ShownLive, poll.ShownClosed, poll.ShownAsked}).Draw(t, "shown"),
	}
	switch ask.Kind {
	case poll.KindChoice, poll.KindRanking:
		ask.Choices = []string{"a", "b", "c", "d"}[:rapid.IntRange(2, 4).Draw(t, "choices")]
		if ask.Kind == poll.KindChoice {
			ask.Max = rapid.IntRange(1, len(ask.Choices)).Draw(t, "max")
		}
	case poll.KindRating:
		ask.Stars = rapid.IntRange(2, 10).Draw(t, "stars")
	case poll.KindScale:
		ask.Min = float64(rapid.IntRange(-20, 20).Draw(t, "min"))
		ask.MaxValue = ask.Min + float64(rapid.IntRange(1, 20).Draw(t, "steps"))
		if ask.Min == 0 && ask.MaxValue == 0 {
			ask.MaxValue = 3
		}
	case poll.KindNumber:
		if rapid.Bool().Draw(t, "bounded") {
			ask.Min, ask.MaxValue = -3.5, rapid.Float64Range(-3, 1e6).Draw(t, "bound")
		}
	case poll.KindCloud:
		ask.Words = rapid.IntRange(1, 5).Draw(t, "words")
	}
	if ask.Kind != poll.KindText && ask.Kind != poll.KindCloud && rapid.IntRange(0, 2).Draw(t, "secret") == 0 {
		if ask.Secret = true; ask.Shown == poll.ShownLive {
			ask.Shown = poll.ShownClosed
		}
		return ask
	}
	for _, p := range people {
		if rapid.IntRange(0, 3).Draw(t, "weighted") == 0 {
			if ask.Weights == nil {
				ask.Weights = map[wire.UserID]int{}
			}
			ask.Weights[p.User] = rapid.IntRange(1, 7).Draw(t, "weight")
		}
	}
	return ask
}

// drawVote returns a vote that ask takes.
func drawVote(t *rapid.T, ask poll.Create) poll.Vote {
	v := poll.Vote{}
	value := func(x float64) { v.Value = &x }
	switch ask.Kind {
	case poll.KindChoice:
		v.Choices = rapid.SliceOfNDistinct(rapid.IntRange(0, len(ask.Choices)-1), 1, ask.Max, rapid.ID[int]).Draw(t, "picks")
	case poll.KindRanking:
		v.Choices = rapid.Permutation([]int{0, 1, 2, 3}[:len(ask.Choices)]).Draw(t, "order")
	case poll.KindRating:
		value(float64(rapid.IntRange(1, ask.Stars).Draw(t, "stars")))
	case poll.KindScale:
		value(float64(rapid.IntRange(int(ask.Min), int(ask.MaxValue)).Draw(t, "step")))
	case poll.KindNumber:
		if ask.Min == 0 && ask.MaxValue == 0 {
			value(rapid.SampledFrom([]float64{0, 1, -7, 0.1, 0.30000000000000004, 1e12, -1e12, 12.5, 13, 14, 15.25}).Draw(t, "number"))
		} else {
			value(rapid.Float64Range(ask.Min, ask.MaxValue).Draw(t, "number"))
		}
	case poll.KindText:
		v.Text = rapid.StringMatching(`[a-z学]{1,9}`).Draw(t, "text")
	case poll.KindCloud:
		words := slices.Sorted(func(yield func(string) bool) {
			for w := range spellings {
				if !yield(w) {
					return
				}
			}
		})
		v.Words = rapid.SliceOfN(rapid.SampledFrom(words), 1, ask.Words).Draw(t, "words")
	}
	return v
}

// drawWrong returns a vote that ask does not take.
func drawWrong(t *rapid.T, ask poll.Create) poll.Vote {
	x := func(x float64) *float64 { return &x }
	wrong := []poll.Vote{{}, {Choices: []int{0, 0}}, {Choices: []int{12}}, {Choices: []int{-1}}, {Words: []string{"a", "b", "c", "d", "e", "f"}},
		{Value: x(math.Inf(1))}, {Value: x(math.NaN())}, {Value: x(2e12)}, {Text: strings.Repeat("x", 201)}, {Words: []string{strings.Repeat("x", 31)}},
		{Words: []string{" \u200b "}}, {Text: "\u200b"}, {Choices: []int{0}, Text: "and"}, {Value: x(1), Words: []string{"and"}}}
	if ask.Kind == poll.KindRating || ask.Kind == poll.KindScale {
		wrong = append(wrong, poll.Vote{Value: x(1.5)}, poll.Vote{Value: x(ask.MaxValue + float64(ask.Stars) + 1)})
	}
	if ask.Kind == poll.KindRanking {
		wrong = append(wrong, poll.Vote{Choices: []int{0}})
	}
	return rapid.SampledFrom(wrong).Draw(t, "wrong")
}

// Polls of every kind count what a patient person would, whatever is changed,
// taken back or restarted; a viewer never gets what is hidden; and the result
// that was announced stays.
func TestKindsFollowTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		c.keep()
		ask := drawKind(t)
		m := &paper{ask: ask, casts: map[wire.UserID]cast{}, open: true}
		id := c.Must(t, maya, ask)
		var announced []byte
		leaks := func(v []views) {
			for _, v := range v {
				if v.All != nil {
					m.hides(t, v.All.Data)
				}
			}
		}
		someone := rapid.SampledFrom(people)
		t.Repeat(map[string]func(*rapid.T){
			"vote": func(t *rapid.T) {
				by, vote := someone.Draw(t, "by"), drawVote(t, ask)
				vote.Poll = id
				shown, err := c.Do(by, vote)
				if !m.open {
					if code(err) != "poll.closed" {
						t.Fatalf("a late vote: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatalf("%+v: %v", vote, err)
				}
				if len(shown) > 0 {
					m.casts[by.User] = cast{vote, c.Last()}
					if len(shown[0].Personal) == 1 == ask.Secret || shown[0].All != nil || shown[0].Staff != nil {
						t.Fatalf("a vote showed %+v", shown)
					}
				}
			},
			"wrong vote": func(t *rapid.T) {
				vote := drawWrong(t, ask)
				vote.Poll = id
				before := encode(t, c.State)
				if _, err := c.Do(someone.Draw(t, "by"), vote); err == nil && m.open && !m.takes(vote) {
					t.Fatalf("%s took %+v", ask.Kind, vote)
				} else if err != nil && !bytes.Equal(before, encode(t, c.State)) {
					t.Fatalf("a refused vote changed the state")
				} else if err == nil && m.open {
					t.Skip("it is one that the kind takes")
				}
			},
			"retract": func(t *rapid.T) {
				by := someone.Draw(t, "by")
				shown, err := c.Do(by, poll.Retract{Poll: id})
				if _, had := m.casts[by.User]; m.open && (err != nil || had != (len(shown) == 1)) || !m.open && code(err) != "poll.closed" {
					t.Fatalf("taking back (had voted: %v) showed %d views: %v", had, len(shown), err)
				}
				if m.open {
					delete(m.casts, by.User)
				}
			},
			"show": func(t *rapid.T) {
				seen := m.visible()
				shown, err := c.Do(maya, poll.Show{Poll: id})
				if ask.Secret && m.open {
					if code(err) != "poll.secret" {
						t.Fatalf("showing an open secret poll: %v", err)
					}
					return
				}
				if err != nil || seen != (len(shown) == 0) {
					t.Fatalf("showing what is visible (%v): %d views, %v", seen, len(shown), err)
				}
				if m.shown = m.shown || !seen; !seen && (shown[0].All == nil || shown[0].All.Type != "poll.shown") {
					t.Fatalf("showed %+v", shown)
				}
			},
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "really") > 0 {
					t.Skip("not yet")
				}
				takers, _ := c.State.Takers(id, []wire.UserID{"eli", "cho", "ana", "dee", "ben", "maya"})
				shown, err := c.Do(maya, poll.Close{Poll: id})
				if err != nil {
					t.Fatal(err)
				}
				if m.open {
					m.participated(t, takers)
				}
				m.open = false
				leaks(shown)
			},
			"restart": func(t *rapid.T) { c.State = c.Reload(t) },
			"": func(t *rapid.T) {
				staff := c.State.Snapshot(true)[0]
				if ask.Secret && m.open {
					tally, _ := c.State.Tally(id, true)
					if told := tally.Data.(poll.TallyView); staff.Result != nil || staff.Counts != nil || told.Counts != nil || told.Result != nil {
						t.Fatalf("the staff sees an open secret poll: %+v, %+v", staff, told)
					}
				} else {
					m.holds(t, staff)
				}
				m.conceals(t, c)
				viewer := c.State.Snapshot(false)[0]
				m.hides(t, viewer)
				if v, ok := c.State.Tally(id, false); ok != m.open {
					t.Fatalf("a tally of a poll that is open: %v", m.open)
				} else if ok {
					m.hides(t, v.Data)
				}
				for _, p := range people {
					m.own(t, &c.State, id, p.User)
				}
				if has, err := c.State.Voted(id); ask.Secret != (code(err) == "poll.secret") {
					t.Fatalf("who has voted (secret: %v): %v", ask.Secret, err)
				} else if err == nil {
					for _, p := range people {
						if _, voted := m.casts[p.User]; has(p.User) != voted {
							t.Fatalf("%s has voted: %v", p.User, has(p.User))
						}
					}
				}
				if !m.open {
					now := encode(t, []any{staff.Voters, staff.Weight, staff.Counts, staff.Result})
					if announced == nil {
						announced = now
					}
					if !bytes.Equal(announced, now) {
						t.Fatalf("a closed result became %s, and was %s", now, announced)
					}
				}
			},
		})
		if got, want := encode(t, c.Replay(t)), encode(t, c.State); !bytes.Equal(got, want) {
			t.Fatalf("replayed:\n got %s\nwant %s", got, want)
		}
	})
}

// participated checks who is said to have taken part: those who did, in the
// order of their ids, if the poll is secret.
func (m *paper) participated(t *rapid.T, takers []wire.UserID) {
	var want []wire.UserID
	for user := range m.casts {
		if m.ask.Secret {
			want = append(want, user)
		}
	}
	slices.Sort(want)
	if !slices.Equal(takers, want) {
		t.Fatalf("%v took part, not %v", takers, want)
	}
}

// conceals fails if the log or a snapshot of a secret poll names a voter.
func (m *paper) conceals(t *rapid.T, c *class) {
	if !m.ask.Secret {
		return
	}
	written := encode(t, c.State)
	for i, e := range c.Log {
		written = append(append(written, encode(t, e)...), encode(t, c.Heads[i].By)...)
	}
	for _, p := range people {
		if bytes.Contains(written, []byte(`"`+p.User+`"`)) {
			t.Fatalf("%s is named in %s", p.User, written)
		}
	}
}

// takes reports whether a drawn wrong vote happens to be right for the kind.
func (m *paper) takes(v poll.Vote) bool {
	switch {
	case m.ask.Kind == poll.KindNumber && v.Value != nil && len(v.Words) == 0:
		return *v.Value == 1 && m.ask.Min == 0 && m.ask.MaxValue == 0
	}
	return false
}

// hides fails if what a viewer gets tells a hidden result, or anything that is
// for the staff.
func (m *paper) hides(t *rapid.T, data any) {
	b := encode(t, data)
	if bytes.Contains(b, []byte(`"weights"`)) || bytes.Contains(b, []byte(`"then"`)) {
		t.Fatalf("a viewer gets %s", b)
	}
	told := bytes.Contains(b, []byte(`"result":{`)) || bytes.Contains(b, []byte(`"counts":[`)) || bytes.Contains(b, []byte(`"weight":`))
	if told && !m.visible() {
		t.Fatalf("a viewer gets the result of a hidden poll: %s", b)
	}
	if v, ok := data.(poll.View); ok && m.visible() {
		m.holds(t, v)
	}
}

// holds compares a view with all in it to the model.
func (m *paper) holds(t *rapid.T, v poll.View) {
	if v.Voters != len(m.casts) {
		t.Fatalf("%d voters, not %d", v.Voters, len(m.casts))
	}
	switch m.ask.Kind {
	case poll.KindChoice, poll.KindRanking:
		if v.Counts == nil || !slices.Equal(*v.Counts, m.counts()) || v.Result != nil {
			t.Fatalf("counts %v, not %v (and %v)", v.Counts, m.counts(), v.Result)
		}
		return
	}
	r := v.Result
	if v.Counts != nil || r == nil || r.N != len(m.casts) {
		t.Fatalf("%s: counts %v, result %+v", m.ask.Kind, v.Counts, r)
	}
	switch m.ask.Kind {
	case poll.KindText:
		if !slices.Equal(r.Texts, m.texts()) {
			t.Fatalf("texts %q, not %q", r.Texts, m.texts())
		}
	case poll.KindCloud:
		got := map[string]int{}
		for i, w := range r.Words {
			got[spellings[w.Word]] += w.N
			if i > 0 && w.N > r.Words[i-1].N {
				t.Fatalf("the words are not in order: %v", r.Words)
			}
		}
		if want := m.words(); fmt.Sprint(got) != fmt.Sprint(want) || len(got) != len(r.Words) {
			t.Fatalf("words %v, not %v", r.Words, want)
		}
	default:
		m.sums(t, r)
	}
}

// sums checks mean, median and histogram of numbers.
func (m *paper) sums(t *rapid.T, r *poll.Result) {
	all := m.numbers()
	if len(all) == 0 {
		if r.Mean != nil || r.Median != nil {
			t.Fatalf("numbers out of nothing: %+v", r)
		}
		return
	}
	sum := 0.0
	for _, x := range all {
		sum += x
	}
	near := func(what string, got *float64, want float64) {
		if got == nil || math.Abs(*got-want) > 1e-9*max(1, math.Abs(all[0]), math.Abs(all[len(all)-1])) {
			t.Fatalf("%s of %v: %v, not %v", what, all, got, want)
		}
	}
	near("mean", r.Mean, sum/float64(len(all)))
	near("median", r.Median, (all[(len(all)-1)/2]+all[len(all)/2])/2)
	total, rest := 0, all
	for i, n := range r.Histogram {
		total += n
		in := rest[:min(n, len(rest))]
		rest = rest[len(in):]
		for _, x := range in {
			low, high := r.From+float64(i)*r.Step, r.From+float64(i+1)*r.Step
			if slack := 1e-9 * max(1, math.Abs(x), r.Step); x < low-slack || x > high+slack {
				t.Fatalf("%v is counted from %v to %v: %+v of %v", x, low, high, r, all)
			}
		}
	}
	bins := 12
	switch m.ask.Kind {
	case poll.KindRating:
		bins = m.ask.Stars
	case poll.KindScale:
		bins = int(m.ask.MaxValue-m.ask.Min) + 1
	}
	if total != len(all) || len(r.Histogram) > bins || m.ask.Kind != poll.KindNumber && len(r.Histogram) != bins {
		t.Fatalf("a histogram of %d bars with %d values, of %d", len(r.Histogram), total, len(all))
	}
}

// own checks what somebody sees of their own vote.
func (m *paper) own(t *rapid.T, s *poll.State, id uint64, user wire.UserID) {
	picked, given := s.Mine(user)
	choices, ballot := picked[id], given[id]
	c := m.casts[user]
	if m.ask.Secret && !m.open {
		c = cast{} // nobody knows any more
	}
	want := slices.Clone(c.vote.Choices)
	if m.ask.Kind == poll.KindChoice {
		slices.Sort(want)
	}
	if !slices.Equal(choices, want) || ballot.Text != c.vote.Text || !slices.Equal(ballot.Words, c.vote.Words) ||
		(ballot.Value == nil) != (c.vote.Value == nil) || ballot.Value != nil && *ballot.Value != *c.vote.Value {
		t.Fatalf("%s sees %v %+v of %+v", user, choices, ballot, c.vote)
	}
}
