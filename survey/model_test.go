package survey_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// sheet is a survey as a patient person would keep it on paper.
type sheet struct {
	id      uint64
	form    survey.Create
	phase   string
	until   time.Time // zero: open as long as the class goes on
	answers map[wire.UserID][]*survey.Reply
	shown   survey.Shown
	result  []byte // as it was when it was closed
}

type sheets map[uint64]*sheet

func (ss sheets) in(phase string) (ids []uint64) {
	for _, id := range slices.Sorted(maps.Keys(ss)) {
		if ss[id].phase == phase {
			ids = append(ids, id)
		}
	}
	return ids
}

// fits reports whether an answer may be given to an item, and whether it says
// anything.
func fits(item survey.Draft, r *survey.Reply) (ok, says bool) {
	if r == nil {
		return true, false
	}
	switch item.Type {
	case survey.NPS:
		if r.Value != nil && (*r.Value < 0 || *r.Value > 10) {
			return false, false
		}
		return len(r.Choices) == 0 && r.Text == "", r.Value != nil
	case survey.Stars, survey.Satisfaction:
		if r.Value != nil && (*r.Value < 1 || *r.Value > 5) {
			return false, false
		}
		return len(r.Choices) == 0 && r.Text == "", r.Value != nil
	case survey.Choice:
		for i, choice := range r.Choices {
			if choice < 0 || choice >= len(item.Choices) || slices.Contains(r.Choices[:i], choice) {
				return false, false
			}
		}
		return r.Value == nil && r.Text == "" && (len(r.Choices) < 2 || item.Several), len(r.Choices) > 0
	}
	return r.Value == nil && len(r.Choices) == 0, r.Text != ""
}

// refusal is the code with which an answer must be refused.
func (ss sheets) refusal(now time.Time, by wire.Actor, c survey.Answer) string {
	m := ss[c.Survey]
	switch {
	case by.Role != wire.Viewer:
		return "auth.forbidden"
	case m == nil || m.phase == "draft":
		return "wire.not_found"
	case m.phase == "closed" || !m.until.IsZero() && !now.Before(m.until):
		return "survey.closed"
	case len(c.Answers) != len(m.form.Items):
		return "wire.field"
	}
	any := false
	for i, item := range m.form.Items {
		ok, says := fits(item, c.Answers[i])
		switch {
		case !ok:
			return "wire.field"
		case item.Required && !says:
			return "survey.required"
		}
		any = any || says
	}
	if !any {
		return "survey.required"
	}
	return ""
}

// recount is the result of the answers, counted with pencil and paper: without
// what people wrote.
func (m *sheet) recount() survey.Result {
	r := survey.Result{N: len(m.answers), Items: make([]survey.ItemResult, len(m.form.Items))}
	for i, item := range m.form.Items {
		out := &r.Items[i]
		var values []float64
		low, high := 1, 5
		if item.Type == survey.NPS {
			low, high = 0, 10
		}
		switch item.Type {
		case survey.Choice:
			out.Counts = make([]int, len(item.Choices))
		case survey.Text:
		default:
			out.Histogram = make([]int, high-low+1)
		}
		for _, given := range m.answers {
			a := given[i]
			if _, says := fits(item, a); !says {
				continue
			}
			out.N++
			for _, choice := range a.Choices {
				out.Counts[choice]++
			}
			if a.Value != nil {
				values = append(values, float64(*a.Value))
				out.Histogram[*a.Value-low]++
			}
		}
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		sum := 0.0
		for _, v := range values {
			sum += v
			if item.Type == survey.NPS {
				switch {
				case v > 8:
					out.Promoters++
				case v < 7:
					out.Detractors++
				default:
					out.Passives++
				}
			}
		}
		mean, median := sum/float64(len(values)), (values[(len(values)-1)/2]+values[len(values)/2])/2
		out.Mean, out.Median = &mean, &median
		if item.Type == survey.NPS {
			nps := 100 * float64(out.Promoters-out.Detractors) / float64(len(values))
			out.NPS = &nps
		}
	}
	return r
}

// words are what people wrote to an item, in no order.
func (m *sheet) words(i int) (words []string) {
	for _, given := range m.answers {
		if given[i] != nil && given[i].Text != "" {
			words = append(words, given[i].Text)
		}
	}
	slices.Sort(words)
	return words
}

var types = []survey.Type{survey.NPS, survey.Stars, survey.Satisfaction, survey.Choice, survey.Text}

func drawForm(t *rapid.T) survey.Create {
	word := rapid.StringMatching(`[a-zé中]{1,6}`)
	c := survey.Create{
		Title: word.Draw(t, "title"), When: rapid.SampledFrom([]survey.When{survey.WhenNow, survey.WhenEnd}).Draw(t, "when"),
		Anonymous: rapid.Bool().Draw(t, "anonymous"), Hours: rapid.IntRange(1, 3).Draw(t, "hours"), Open: rapid.Bool().Draw(t, "open"),
	}
	for range rapid.IntRange(1, 4).Draw(t, "items") {
		d := survey.Draft{Type: rapid.SampledFrom(types).Draw(t, "type"), Text: word.Draw(t, "text"), Required: rapid.Bool().Draw(t, "required")}
		if d.Type == survey.Choice {
			d.Choices = rapid.SliceOfNDistinct(word, 2, 4, rapid.ID[string]).Draw(t, "choices")
			d.Several = rapid.Bool().Draw(t, "several")
		}
		c.Items = append(c.Items, d)
	}
	return c
}

func drawReply(t *rapid.T, item survey.Draft) *survey.Reply {
	switch rapid.IntRange(0, 9).Draw(t, "wild") {
	case 0:
		return nil
	case 1:
		return &survey.Reply{Value: new(rapid.IntRange(-1, 11).Draw(t, "any number"))}
	case 2:
		return &survey.Reply{}
	}
	switch item.Type {
	case survey.Choice:
		return &survey.Reply{Choices: rapid.SliceOfN(rapid.IntRange(0, len(item.Choices)-1), 1, 2).Draw(t, "picks")}
	case survey.Text:
		return &survey.Reply{Text: rapid.StringMatching(`[a-z中]{1,5}`).Draw(t, "words")}
	case survey.NPS:
		return &survey.Reply{Value: new(rapid.IntRange(0, 10).Draw(t, "nps"))}
	}
	return &survey.Reply{Value: new(rapid.IntRange(1, 5).Draw(t, "value"))}
}

// Whatever a class does: each person's answers count once; what comes out is
// what a recount gives; viewers see nothing of it until it is shown; the staff
// nothing of an anonymous one until it is closed; what is closed never changes;
// deciding changes nothing; and neither a restart from a snapshot nor a replay
// of the log makes a difference.
func TestSurveysFollowTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, ss := newClass(), sheets{}
		over := false
		pick := func(phases ...string) uint64 {
			ids := []uint64{uint64(rapid.IntRange(0, 3).Draw(t, "stray"))}
			for _, phase := range phases {
				ids = append(ids, ss.in(phase)...)
			}
			return ids[rapid.IntRange(0, len(ids)-1).Draw(t, "survey")]
		}
		by := func() wire.Actor { return rapid.SampledFrom([]wire.Actor{ana, ben, cleo, maya, maya}).Draw(t, "by") }
		until := func(hours int) time.Time {
			if !over {
				return time.Time{}
			}
			return c.Now.Add(time.Duration(hours) * time.Hour)
		}
		open := func(m *sheet) {
			if m.until = until(m.form.Hours); m.phase == "draft" {
				m.phase, m.answers = "open", map[wire.UserID][]*survey.Reply{}
			}
		}
		step := func(actor wire.Actor, cmd survey.Command, want string, change func()) {
			before := encode(t, c.State)
			_, err := survey.Decide(&c.State, c.Now, actor, cmd)
			if !bytes.Equal(before, encode(t, c.State)) {
				t.Fatalf("deciding %T changed the state", cmd)
			}
			if actor.Role != wire.Moderator && want != "" && code(err) == "auth.forbidden" {
				want = "auth.forbidden"
			}
			if code(err) != want {
				t.Fatalf("%T %+v by %s: got %v, want %q", cmd, cmd, actor.User, err, want)
			}
			if err == nil {
				if _, err := c.Do(actor, cmd); err != nil {
					t.Fatalf("%T: %v", cmd, err)
				}
				change()
			}
		}
		staffOnly := func(actor wire.Actor, want string) string {
			if !actor.Role.Staff() {
				return "auth.forbidden"
			}
			return want
		}
		phased := func(id uint64, draft, open, closed string) string {
			if m := ss[id]; m != nil {
				return map[string]string{"draft": draft, "open": open, "closed": closed}[m.phase]
			}
			return "wire.not_found"
		}
		full := func() string {
			if len(ss.in("open")) >= survey.MaxShown {
				return "survey.many"
			}
			return ""
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(*rapid.T) {
				form, actor := drawForm(t), by()
				form.Over = over
				want := ""
				if form.Open {
					want = full()
				}
				step(actor, form, staffOnly(actor, want), func() {
					m := &sheet{id: c.Last(), form: form, phase: "draft"}
					if ss[m.id] = m; form.Open {
						open(m)
					}
				})
			},
			"edit": func(*rapid.T) {
				id, form, actor := pick("draft", "open"), drawForm(t), by()
				form.Over = over
				want := phased(id, "", "survey.open", "survey.closed")
				if want == "" && form.Open {
					want = full()
				}
				step(actor, survey.Edit{Survey: id, Create: form}, staffOnly(actor, want), func() {
					if ss[id].form = form; form.Open {
						open(ss[id])
					}
				})
			},
			"open": func(*rapid.T) {
				id, actor := pick("draft", "open"), by()
				step(actor, survey.Open{Survey: id, Over: over}, staffOnly(actor, phased(id, full(), "", "survey.closed")), func() {
					if ss[id].phase == "draft" {
						open(ss[id])
					}
				})
			},
			"answer": func(*rapid.T) {
				id := pick("open", "open", "closed", "draft")
				var a survey.Answer
				if a.Survey = id; ss[id] != nil {
					for _, item := range ss[id].form.Items {
						a.Answers = append(a.Answers, drawReply(t, item))
					}
				}
				actor := by()
				want := ss.refusal(c.Now, actor, a)
				step(actor, a, want, func() { ss[id].answers[actor.User] = a.Answers })
			},
			"close": func(*rapid.T) {
				id, actor := pick("open"), by()
				step(actor, survey.Close{Survey: id}, staffOnly(actor, phased(id, "survey.closed", "", "")), func() { ss[id].phase = "closed" })
			},
			"drop": func(*rapid.T) {
				id, actor := pick("draft"), by()
				step(actor, survey.Drop{Survey: id}, staffOnly(actor, phased(id, "", "survey.open", "survey.closed")), func() { delete(ss, id) })
			},
			"show": func(*rapid.T) {
				id, actor, words := pick("closed", "closed", "open"), by(), rapid.Bool().Draw(t, "words")
				step(actor, survey.Show{Survey: id, Words: words}, staffOnly(actor, phased(id, "survey.closed", "survey.open", "")), func() {
					if words {
						ss[id].shown = survey.ShownAll
					} else if ss[id].shown == "" {
						ss[id].shown = survey.ShownFigures
					}
				})
			},
			"time": func(*rapid.T) {
				c.Now = c.Now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "minutes")) * time.Minute)
				if rapid.Bool().Draw(t, "the clock comes first") {
					step(wire.System, survey.Tick{}, "", func() {
						for _, m := range ss {
							if m.phase == "open" && !m.until.IsZero() && !c.Now.Before(m.until) {
								m.phase = "closed"
							}
						}
					})
				}
			},
			"the class ends or goes on": func(*rapid.T) {
				if over = !over; !over {
					return
				}
				n := len(ss.in("open"))
				for _, id := range ss.in("open") {
					open(ss[id])
				}
				c.end()
				for _, p := range c.State.Snapshot(true) { // those that there was room for
					if m := ss[p.ID]; m.phase == "draft" && p.Phase == survey.PhaseOpen {
						if m.form.When != survey.WhenEnd {
							t.Fatalf("survey %d opened at the end, and is not for it", m.id)
						}
						open(m)
						n++
					}
				}
				for _, id := range ss.in("draft") {
					if ss[id].form.When == survey.WhenEnd && n < survey.MaxShown {
						t.Fatalf("survey %d did not open at the end", id)
					}
				}
			},
			"restart": func(*rapid.T) { c.State = c.Reload(t) },
			"": func(*rapid.T) {
				for _, p := range slices.Collect(maps.Keys(ss)) { // the oldest closed are forgotten
					if c.State.Surveys[p] == nil && ss[p].phase == "closed" {
						delete(ss, p)
					}
				}
				if len(c.State.Surveys) != len(ss) || len(ss.in("open"))+len(ss.in("closed")) > survey.MaxShown && len(ss.in("closed")) > 0 {
					t.Fatalf("%d surveys, the model has %d, %d shown", len(c.State.Surveys), len(ss), len(ss.in("open"))+len(ss.in("closed")))
				}
				check(t, c, ss)
			},
		})
		if got, want := encode(t, c.Replay(t)), encode(t, c.State); !bytes.Equal(got, want) {
			t.Fatalf("replayed:\n got %s\nwant %s", got, want)
		}
	})
}

// check holds what everybody sees against the model.
func check(t *rapid.T, c *class, ss sheets) {
	alarm := time.Time{}
	for _, m := range ss {
		if m.phase == "open" && !m.until.IsZero() && (alarm.IsZero() || m.until.Before(alarm)) {
			alarm = m.until
		}
	}
	if got := c.State.Alarm(); !got.Equal(alarm) {
		t.Fatalf("the alarm is at %v, not %v", got, alarm)
	}
	seen := map[uint64]bool{}
	for _, v := range c.State.Snapshot(false) {
		seen[v.ID] = true
		m := ss[v.ID]
		if m.phase == "draft" || m.phase == "closed" && m.shown == "" || v.Answered != 0 || v.Hours != 0 || (v.Result != nil) != (m.shown != "") {
			t.Fatalf("a viewer sees %+v of a survey that is %s, shown: %q", v, m.phase, m.shown)
		}
		if v.Result != nil {
			m.compare(t, *v.Result, m.shown == survey.ShownAll)
		}
	}
	for _, v := range c.State.Snapshot(true) {
		m := ss[v.ID]
		known := m.phase == "closed" || !m.form.Anonymous
		if string(v.Phase) != m.phase || v.Answered != len(m.answers) || (v.Result != nil) != known || v.Shown != m.shown {
			t.Fatalf("the staff sees %+v of a survey that is %s with %d answers", v, m.phase, len(m.answers))
		}
		if m.phase == "open" && !seen[v.ID] {
			t.Fatalf("viewers do not see survey %d, which is open", v.ID)
		}
		if known {
			m.compare(t, *v.Result, true)
		}
		if tally, ok := c.State.Tally(v.ID); ok != (m.phase == "open") || ok && !bytes.Equal(encode(t, tally.Data),
			encode(t, survey.TallyView{Survey: v.ID, Answered: v.Answered, Result: v.Result})) {
			t.Fatalf("tally %v %+v of %+v", ok, tally, v)
		}
		if m.phase == "closed" {
			if now := encode(t, v.Result); m.result == nil {
				m.result = now
			} else if !bytes.Equal(m.result, now) {
				t.Fatalf("the result was\n%s\nand is\n%s", m.result, now)
			}
		}
		for _, who := range []wire.Actor{ana, ben, cleo} {
			own := c.State.Own(v.ID, who.User).Answers
			want := m.answers[who.User]
			if m.form.Anonymous && m.phase == "closed" {
				want = nil
			}
			if len(own) != len(want) {
				t.Fatalf("%s's own answers to %d: %v, not %v", who.User, v.ID, own, want)
			}
			for i := range own {
				if _, says := fits(m.form.Items[i], want[i]); says != (own[i] != nil) || says && !same(*own[i], *want[i]) {
					t.Fatalf("%s's own answer %d is %+v, not %+v", who.User, i, own[i], want[i])
				}
			}
			if got := c.State.Mine(who.User)[v.ID]; len(got) != len(own) {
				t.Fatalf("%s's answers in the welcome: %v", who.User, got)
			}
		}
	}
	if got := len(c.State.Drafts()); got != len(ss.in("draft")) {
		t.Fatalf("%d drafts, not %d", got, len(ss.in("draft")))
	}
}

func same(a, b survey.Reply) bool {
	if (a.Value == nil) != (b.Value == nil) || a.Value != nil && *a.Value != *b.Value {
		return false
	}
	return a.Text == b.Text && slices.Equal(slices.Sorted(slices.Values(a.Choices)), slices.Sorted(slices.Values(b.Choices)))
}

// compare holds a result against the recount, and its words, in whatever order,
// against those that were written.
func (m *sheet) compare(t *rapid.T, got survey.Result, words bool) {
	bare := survey.Result{N: got.N, Items: slices.Clone(got.Items)}
	for i := range bare.Items {
		var want []string
		if words && m.form.Items[i].Type == survey.Text {
			want = m.words(i)
		}
		if sorted := slices.Sorted(slices.Values(bare.Items[i].Texts)); !slices.Equal(sorted, want) {
			t.Fatalf("words of item %d: %q, not %q", i, sorted, want)
		}
		bare.Items[i].Texts = nil
	}
	if a, b := string(encode(t, bare)), string(encode(t, m.recount())); a != b {
		t.Fatalf("the result is\n%s\nand recounted\n%s", a, b)
	}
}
