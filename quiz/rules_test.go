package quiz_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

func pick[T any](t *rapid.T, name string, from ...T) T { return rapid.SampledFrom(from).Draw(t, name) }

var types = []quiz.Type{
	"", quiz.TypeTrueFalse, quiz.TypeNumeric, quiz.TypeText, quiz.TypeOrder, quiz.TypeMatch, quiz.TypeGaps,
	quiz.TypeHotspot,
}

// picture is the address of some uploaded file.
var picture = wire.FileID(strings.Repeat("0f", 32)).URL()

// drawQuestion draws a question of a type, of which there are few answers.
func drawQuestion(t *rapid.T, kind quiz.Type) quiz.Draft {
	points := pick(t, "points", 0, 1, 999, 1000, 3000)
	seconds := pick(t, "seconds", 0, 5, 6, 7, 8)
	d := quiz.Draft{Type: kind, Text: pick(t, "text", "a", "中"), Points: &points, Seconds: &seconds, Explanation: pick(t, "explanation", "", "so")}
	if kind == quiz.TypeHotspot || rapid.IntRange(0, 4).Draw(t, "media") == 0 {
		d.Media = &quiz.DraftMedia{URL: picture, Kind: quiz.MediaImage, Alt: "a map"}
	}
	switch kind {
	case quiz.TypeHotspot:
		d.Areas = pick(t, "areas", []quiz.Area{{X: 0.3, Y: 0, W: 0.2, H: 1}}, []quiz.Area{{X: 0, Y: 0, W: 0.05, H: 0.1}, {X: 0.7, Y: 0.2, W: 0.1, H: 0.8}})
	case "":
		d.Choices = []string{"a", "b", "c"}[:rapid.IntRange(2, 3).Draw(t, "choices")]
		d.Correct = rapid.SliceOfNDistinct(rapid.IntRange(0, 1), 1, 2, rapid.ID[int]).Draw(t, "correct")
		d.Images = pick(t, "images", nil, []string{picture, "", ""}[:len(d.Choices)])
	case quiz.TypeTrueFalse:
		d.Choices, d.Correct = []string{"True", "False"}, []int{pick(t, "correct", 0, 1)}
	case quiz.TypeNumeric:
		d.Ranges = pick(t, "ranges", []quiz.Range{{Min: 1, Max: 1}}, []quiz.Range{{Min: 0, Max: 0}, {Min: 2, Max: 3.5}})
	case quiz.TypeText:
		d.Accept = pick(t, "accept", []string{"Ana"}, []string{"北京", "台"}, []string{"x", "臺"})
	case quiz.TypeOrder:
		d.Choices = []string{"one", "two", "three"}[:rapid.IntRange(2, 3).Draw(t, "choices")]
	case quiz.TypeMatch:
		d.Pairs = []quiz.DraftPair{{Left: "l", Right: "r"}, {Left: "m", Right: "s"}, {Left: "n", Right: "t"}}[:rapid.IntRange(2, 3).Draw(t, "pairs")]
	case quiz.TypeGaps:
		d.Text, d.Gaps = "[[1]] or [[2]]?", [][]string{{"x", "Ana"}, {"台"}}
	}
	return d
}

func drawCreate(t *rapid.T) quiz.Create {
	c := quiz.Create{
		Title: pick(t, "title", "q", "测验"), Scoring: pick[quiz.Scoring](t, "scoring", "", quiz.Accuracy, quiz.Partial),
		Streak: pick(t, "streak", 0, 0, 150, 500), Teams: pick(t, "teams", nil, nil, []string{"red", "blue"}, []string{"1", "2", "3"}),
		Play: pick(t, "play", false, true),
	}
	for range rapid.IntRange(1, 3).Draw(t, "questions") {
		c.Questions = append(c.Questions, drawQuestion(t, pick(t, "type", types...)))
	}
	return c
}

// drawReply answers a question of such a type, or now and then of another.
func drawReply(t *rapid.T, d quiz.Draft, c quiz.Answer) quiz.Answer {
	kind := d.Type
	if rapid.IntRange(0, 19).Draw(t, "another type") == 0 {
		kind = pick(t, "answer's type", types...)
	}
	word := func() string { return pick(t, "word", "ana", "ＡＮＡ", "北 京", "臺", "台", "x", "y") }
	switch kind {
	case quiz.TypeNumeric:
		c.Number = new(pick(t, "number", 0, 1, 2, 3.5, 4))
	case quiz.TypeHotspot:
		at := []float64{0, 0.04996, 0.05, 0.1, 0.3, 0.5, 0.80004, 0.8001, 1} // as the server keeps them, and finer
		c.Point = &quiz.Point{pick(t, "across", at...), pick(t, "down", at...)}
		if rapid.IntRange(0, 19).Draw(t, "beside the picture") == 0 {
			c.Point[rapid.IntRange(0, 1).Draw(t, "which")] = pick(t, "far", -0.0001, 1.0001, 1e300)
		}
	case quiz.TypeText:
		c.Text = word()
	case quiz.TypeGaps:
		c.Texts = []string{pick(t, "first", "", word()), pick(t, "second", "", word())}
	case quiz.TypeOrder:
		c.Choices = rapid.Permutation([]int{0, 1, 2}[:max(2, len(d.Choices))]).Draw(t, "order")
	case quiz.TypeMatch:
		c.Choices = rapid.SliceOfN(rapid.IntRange(0, max(1, len(d.Pairs)-1)), max(2, len(d.Pairs)), max(2, len(d.Pairs))).Draw(t, "match")
	default:
		c.Choices = rapid.SliceOfN(rapid.IntRange(0, 1), 1, 2).Draw(t, "picks")
	}
	return c
}

// drawBehind has ana, and others at times, see the class late.
func drawBehind(t *rapid.T) map[wire.UserID]wire.Millis {
	if rapid.Bool().Draw(t, "all see it at once") {
		return nil
	}
	behind := map[wire.UserID]wire.Millis{}
	for _, user := range []wire.UserID{"ana", "ben", "cem"} {
		behind[user] = pick[wire.Millis](t, "behind", 0, 0, 1, 700, 2300, 5000, 60_000, -1)
	}
	return behind
}

func drawCommand(t *rapid.T, ms *models, now wire.Millis) quiz.Command {
	r := ms.running()
	stray := rapid.IntRange(0, 9).Draw(t, "stray") == 0
	kinds := []string{"create", "edit", "drop", "ask", "ask", "answer", "close", "reveal", "finish", "tick", "join", "pause", "resume", "extend", "allow"}
	switch { // mostly something that fits
	case stray:
	case len(ms.all) == 0:
		kinds = []string{"create"}
	case r != nil && r.phase == "open" && r.still():
		kinds = []string{"answer", "resume", "resume", "extend", "close"}
	case r != nil && r.phase == "open":
		kinds = []string{"answer", "answer", "answer", "answer", "answer", "answer", "close", "tick", "tick", "join", "pause", "extend", "allow"}
	case r != nil && r.phase == "closed":
		kinds = []string{"reveal", "reveal", "reveal", "finish", "answer", "answer"}
	}
	id := uint64(rapid.IntRange(0, 2).Draw(t, "id"))
	if !stray && len(ms.all) > 0 {
		if id = rapid.SampledFrom(ms.all).Draw(t, "quiz").id; r != nil && rapid.Bool().Draw(t, "the running one") {
			id = r.id
		}
	}
	switch rapid.SampledFrom(kinds).Draw(t, "command") {
	case "create":
		return drawCreate(t)
	case "edit":
		return quiz.Edit{Quiz: id, Create: drawCreate(t)}
	case "drop":
		return quiz.Drop{Quiz: id}
	case "ask":
		return quiz.Ask{Quiz: id, Seed: rapid.Uint64().Draw(t, "seed"), Behind: drawBehind(t)}
	case "close":
		return quiz.Close{Quiz: id}
	case "reveal":
		return quiz.Reveal{Quiz: id}
	case "finish":
		return quiz.Finish{Quiz: id}
	case "pause":
		return quiz.Pause{Quiz: id}
	case "resume":
		return quiz.Resume{Quiz: id}
	case "extend":
		return quiz.Extend{Quiz: id, Seconds: pick(t, "seconds more", 1, 3, 0, 601)}
	case "allow":
		return quiz.Allow{User: pick[wire.UserID](t, "whom", "ana", "ben"), Allowance: pick(t, "allowance",
			quiz.Allowance{Times: 1}, quiz.Allowance{Times: 1.5}, quiz.Allowance{Times: 3}, quiz.Allowance{Untimed: true}, quiz.Allowance{Times: 10.5})}
	case "join":
		if r != nil {
			id = r.id
		}
		return quiz.Join{Quiz: id, Team: rapid.IntRange(0, 3).Draw(t, "team")}
	case "tick":
		return quiz.Tick{}
	}
	c := quiz.Answer{Quiz: id, Question: rapid.IntRange(-1, 3).Draw(t, "question")}
	if r != nil && !stray {
		c.Quiz, c.Question = r.id, max(0, r.question-pick(t, "before", 0, 0, 0, 1))
	}
	d := quiz.Draft{}
	if r != nil && c.Question >= 0 && c.Question < len(r.ask.Questions) {
		d = r.draft(c.Question)
	}
	if c = drawReply(t, d, c); stray {
		c.Choices = rapid.SliceOfN(rapid.IntRange(-1, 70), 0, 3).Draw(t, "wild picks")
	}
	c.At = now - wire.Millis(rapid.IntRange(-1000, 5000).Draw(t, "read before"))
	c.Lag = pick[wire.Millis](t, "lag", 0, 0, 10, 200, 900, -5)
	return c
}

// shownNow is what is to be ordered, or the rights, as everybody sees them.
func shownNow(s *quiz.State) []string {
	switch v := s.Snapshot(who); {
	case v == nil:
		return nil
	case v.Current.Type == quiz.TypeOrder:
		return v.Current.Choices
	default:
		return v.Current.Rights
	}
}

// Whatever a class does, its quiz is what the model says, late answers are
// refused and scores are within their bounds; deciding changes nothing; and
// neither a restart from a snapshot nor a replay of the log makes a difference.
func TestQuizFollowsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		ms := &models{more: map[wire.UserID]quiz.Allowance{}}
		check := func(what string, got, want any) {
			if g, w := encode(t, got), encode(t, want); !bytes.Equal(g, w) {
				t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"command": func(t *rapid.T) {
				c.Wait(time.Duration(pick(t, "wait", 0, 1, 300, 700, 3000)) * time.Millisecond)
				now := wire.At(c.Now)
				cmd := drawCommand(t, ms, now)
				by := pick(t, "by", ana, ben, maya)
				switch cmd.(type) {
				case quiz.Tick:
					by = wire.System
				case quiz.Answer, quiz.Join:
				default:
					if by == ben { // only ana tries what is the staff's
						by = maya
					}
				}
				want, idle := ms.outcome(by, cmd, now)
				before := encode(t, c.State)
				if _, err := quiz.Decide(&c.State, c.Now, by, cmd); code(err) != want {
					t.Fatalf("%T %+v: got %v, want %q", cmd, cmd, err, want)
				}
				check("state after deciding", c.State, wire.Raw(before))
				next := c.Last() + 1
				shown, _ := c.Do(by, cmd)
				if want != "" || idle {
					if len(shown) > 0 {
						t.Fatalf("%T %+v made an event", cmd, cmd)
					}
					return
				}
				ms.change(by.User, cmd, next, now, shownNow(&c.State))
				if _, asked := cmd.(quiz.Ask); asked {
					checkShown(t, ms.running())
				}
				checkViews(t, ms, by.User, cmd, shown)
			},
			"restart": func(t *rapid.T) { c.State = c.Reload(t) },
			"":        func(t *rapid.T) { checkState(t, c, ms, check) },
		})
		check("replayed", c.Replay(t), c.State)
	})
}

// checkShown holds what is shown in another order against what the author wrote.
func checkShown(t *rapid.T, m *model) {
	d := m.draft(m.question)
	var wrote []string
	if d.Type == quiz.TypeOrder {
		wrote = append(wrote, d.Choices...)
	}
	for _, pair := range d.Pairs {
		wrote = append(wrote, pair.Right)
	}
	if !slices.Equal(slices.Sorted(slices.Values(wrote)), slices.Sorted(slices.Values(m.shown))) {
		t.Fatalf("%v is shown as %v", wrote, m.shown)
	}
}

// checkState holds all that can be asked of a state against the model.
func checkState(t *rapid.T, c *class, ms *models, check func(what string, got, want any)) {
	var drafts []quiz.DraftView
	for _, m := range ms.all {
		if m.phase == "prepared" || m.phase != "finished" && !m.ask.Play {
			drafts = append(drafts, m.draftView())
		}
	}
	check("drafts", c.State.Drafts(), drafts)
	var allows []quiz.AllowView
	for _, user := range slices.Sorted(maps.Keys(ms.more)) {
		allows = append(allows, quiz.AllowView{User: user, Name: who(user).Name, Allowance: ms.more[user]})
	}
	check("accommodations", c.State.Accommodations(who), allows)
	m := ms.running()
	tally, open := c.State.Tally()
	if (m != nil && m.phase == "open") != open {
		t.Fatalf("open: %v", open)
	}
	if alarm := c.State.Alarm(); !alarm.IsZero() != (m != nil && ms.over(m, 1<<60)) || !alarm.IsZero() &&
		(!ms.over(m, wire.At(alarm)) || ms.over(m, wire.At(alarm)-1)) {
		t.Fatalf("alarm at %v", alarm)
	}
	if m == nil {
		check("no quiz", c.State.Snapshot(who), nil)
		return
	}
	view := m.view()
	check("quiz", c.State.Snapshot(who), view)
	if open {
		check("tally", tally.Data, quiz.TallyView{Quiz: m.id, Question: m.question, Answered: view.Current.Answered})
	}
	for _, place := range view.Board {
		most := 0
		for _, d := range m.ask.Questions[:m.revealed] {
			most += *d.Points + m.ask.Streak
		}
		if place.Score < 0 || place.Score > most {
			t.Fatalf("%d is not within 0 and %d", place.Score, most)
		}
	}
	own, standing := c.State.Mine(ana.User)
	var wantOwn []quiz.Own
	for q := range m.question + 1 {
		if g := m.of(ana.User, q); g != nil {
			wantOwn = append(wantOwn, quiz.Own{Quiz: m.id, Question: q, Choices: g.say.Choices, Text: g.say.Text, Number: g.say.Number, Texts: g.say.Texts, Point: kept(g.say.Point)})
		}
	}
	check("own answers", own, wantOwn)
	mine := m.mine(ana.User, ms.more[ana.User]).Data.(quiz.MineView)
	want := &quiz.Standing{Quiz: m.id, Score: mine.Score, Rank: mine.Rank, Streak: mine.Streak, Team: mine.Team, Deadline: mine.Deadline, Behind: mine.Behind}
	if want.Rank > 0 {
		want.Of = mine.Of
	}
	if *want == (quiz.Standing{Quiz: m.id}) {
		want = nil
	}
	check("own standing", standing, want)
}

// checkViews holds what a command's events showed against what each audience
// may see.
func checkViews(t *rapid.T, ms *models, by wire.UserID, c quiz.Command, shown []views) {
	last := shown[len(shown)-1]
	var want views
	m := ms.running()
	view := func(kind string) *wire.View { return &wire.View{Type: kind, Data: m.view()} }
	one := func(user wire.UserID) map[wire.UserID]wire.View {
		return map[wire.UserID]wire.View{user: m.mine(user, ms.more[user])}
	}
	those := func() map[wire.UserID]wire.View {
		out := map[wire.UserID]wire.View{}
		for user := range ms.more {
			out[user] = m.mine(user, ms.more[user])
		}
		return out
	}
	switch c := c.(type) {
	case quiz.Create:
		want.Staff = &wire.View{Type: "quiz.drafted", Data: ms.all[len(ms.all)-1].draftView()}
	case quiz.Edit:
		want.Staff = &wire.View{Type: "quiz.drafted", Data: ms.find(c.Quiz).draftView()}
	case quiz.Drop:
		want.Staff = &wire.View{Type: "quiz.dropped", Data: quiz.DroppedView(c)}
	case quiz.Ask:
		want.All, want.Personal = view("quiz.asked"), those()
		for _, user := range m.slow() {
			want.Personal[user] = m.mine(user, ms.more[user])
		}
	case quiz.Join, quiz.Answer:
		want.Personal = one(by)
	case quiz.Pause:
		want.All = view("quiz.paused")
	case quiz.Resume:
		want.All, want.Personal = view("quiz.resumed"), those()
	case quiz.Extend:
		want.All, want.Personal = view("quiz.extended"), those()
	case quiz.Allow:
		want.Staff = &wire.View{Type: "quiz.allowed", Data: quiz.AllowView{User: c.User, Name: who(c.User).Name, Allowance: usual(c.Allowance)}}
		if m != nil && m.phase == "open" {
			want.Personal = one(c.User)
		}
	case quiz.Close, quiz.Tick:
		want.All = view("quiz.closed")
	case quiz.Reveal:
		want.All = view("quiz.revealed")
		want.Personal = map[wire.UserID]wire.View{}
		for user := range m.teams {
			want.Personal[user] = m.mine(user, ms.more[user])
		}
		for _, g := range m.given {
			want.Personal[g.user] = m.mine(g.user, ms.more[g.user])
		}
	case quiz.Finish:
		want.All = view("quiz.finished")
		if len(shown) == 2 && shown[0].All.Type != "quiz.revealed" {
			t.Fatalf("finishing what is closed showed %+v", shown[0])
		}
	}
	for _, pair := range [][2]any{
		{last.All, want.All}, {last.Staff, want.Staff},
		{fmt.Sprint(slices.Sorted(maps.Keys(last.Personal))), fmt.Sprint(slices.Sorted(maps.Keys(want.Personal)))},
		{last.Personal, want.Personal},
	} {
		if got, wanted := encode(t, pair[0]), encode(t, pair[1]); !bytes.Equal(got, wanted) {
			t.Fatalf("%T showed\n     %s\nwant %s", c, got, wanted)
		}
	}
}
