package poll_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/wire"
)

// model is a poll as a patient person would keep it on paper.
type model struct {
	id      uint64
	ask     poll.Create
	phase   string
	at      wire.Millis
	ballots map[wire.UserID][]int // in the order in which they were picked
	result  []byte                // what was announced at the close
}

// models predicts what becomes of every command.
type models []*model

func (ms models) find(id uint64) *model {
	for _, m := range ms {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (ms models) phase(phases ...string) models {
	var found models
	for _, m := range ms {
		if slices.Contains(phases, m.phase) {
			found = append(found, m)
		}
	}
	slices.SortStableFunc(found, func(a, b *model) int { return cmp.Compare(a.at, b.at) })
	return found
}

// refusal is the code that a command with good texts must be refused with.
func (ms models) refusal(by wire.Actor, c poll.Command) string {
	if _, votes := c.(poll.Vote); !votes && by.Role == wire.Viewer {
		return "auth.forbidden"
	}
	full := len(ms.phase("open")) >= poll.MaxShown
	// of answers with what fits the phase of the poll.
	of := func(id uint64, draft, open, closed string) string {
		m := ms.find(id)
		if m == nil {
			return "wire.not_found"
		}
		return map[string]string{"draft": draft, "open": open, "closed": closed}[m.phase]
	}
	opening := ""
	if full {
		opening = "poll.many"
	}
	switch c := c.(type) {
	case poll.Create:
		if len(ms) >= poll.MaxPolls {
			return "poll.many"
		}
		if c.Open {
			return opening
		}
	case poll.Edit:
		if !c.Open {
			opening = ""
		}
		return of(c.Poll, opening, "poll.open", "poll.closed")
	case poll.Drop:
		return of(c.Poll, "", "poll.open", "poll.closed")
	case poll.Open:
		return of(c.Poll, opening, "", "poll.closed")
	case poll.Close:
		return of(c.Poll, "poll.closed", "", "")
	case poll.Vote:
		m := ms.find(c.Poll)
		switch {
		case m == nil || m.phase == "draft":
			return "wire.not_found"
		case m.phase == "closed":
			return "poll.closed"
		case len(c.Choices) == 0 || len(c.Choices) > max(1, m.ask.Max):
			return "wire.field"
		}
		for i, choice := range c.Choices {
			if choice < 0 || choice >= len(m.ask.Choices) || slices.Contains(c.Choices[:i], choice) {
				return "wire.field"
			}
		}
	}
	return ""
}

// idle reports whether things already are as a command wants them.
func (ms models) idle(by wire.Actor, c poll.Command) bool {
	switch c := c.(type) {
	case poll.Open:
		return ms.find(c.Poll).phase == "open"
	case poll.Close:
		return ms.find(c.Poll).phase == "closed"
	case poll.Vote:
		before := ms.find(c.Poll).ballots[by.User]
		return slices.Equal(slices.Sorted(slices.Values(before)), slices.Sorted(slices.Values(c.Choices)))
	}
	return false
}

// change does what a command that is not refused does. next is the position
// that a new poll would get.
func (ms models) change(by wire.Actor, c poll.Command, next uint64, at wire.Millis) models {
	open := func(m *model) {
		m.phase, m.at, m.ballots = "open", at, map[wire.UserID][]int{}
		if len(ms.phase("open", "closed")) > poll.MaxShown {
			oldest := ms.phase("closed")[0]
			ms = slices.DeleteFunc(ms, func(m *model) bool { return m == oldest })
		}
	}
	switch c := c.(type) {
	case poll.Create:
		m := &model{id: next, ask: c, phase: "draft", at: at}
		if ms = append(ms, m); c.Open {
			open(m)
		}
	case poll.Edit:
		m := ms.find(c.Poll)
		if m.ask = c.Create; c.Open {
			open(m)
		}
	case poll.Drop:
		ms = slices.DeleteFunc(ms, func(m *model) bool { return m.id == c.Poll })
	case poll.Open:
		if m := ms.find(c.Poll); m.phase == "draft" {
			open(m)
		}
	case poll.Close:
		ms.find(c.Poll).phase = "closed"
	case poll.Vote:
		ms.find(c.Poll).ballots[by.User] = c.Choices
	}
	return ms
}

func (m *model) view(staff bool) poll.View {
	v := poll.View{
		ID: m.id, Text: m.ask.Text, Choices: m.ask.Choices, Images: m.ask.Images, Max: max(1, m.ask.Max), Hidden: m.ask.Hidden,
		Phase: poll.Phase(m.phase), At: m.at, Voters: len(m.ballots),
	}
	if m.phase == "closed" || m.phase == "open" && (staff || !m.ask.Hidden) {
		counts := make([]int, len(m.ask.Choices))
		for _, b := range m.ballots {
			for _, choice := range b {
				counts[choice]++
			}
		}
		v.Counts = &counts
	}
	return v
}

func (ms models) views(staff bool) []poll.View {
	out := []poll.View{}
	for _, m := range ms {
		out = append(out, m.view(staff))
	}
	return out
}

func drawCreate(t *rapid.T) poll.Create {
	text := rapid.StringMatching(`[a-zé中]{1,8}`)
	c := poll.Create{
		Text:    text.Draw(t, "text"),
		Choices: rapid.SliceOfN(text, 3, 5).Draw(t, "choices"),
		Max:     rapid.IntRange(0, 3).Draw(t, "max"),
		Hidden:  rapid.Bool().Draw(t, "hidden"),
		Open:    rapid.Bool().Draw(t, "open"),
	}
	if rapid.IntRange(0, 3).Draw(t, "pictures") == 0 {
		c.Images = make([]string, len(c.Choices))
		c.Images[rapid.IntRange(0, len(c.Images)-1).Draw(t, "whose")] = picture
	}
	return c
}

func drawCommand(t *rapid.T, ms models) poll.Command {
	id := uint64(rapid.IntRange(0, 3).Draw(t, "stray"))
	if len(ms) > 0 && rapid.IntRange(0, 9).Draw(t, "known") > 0 {
		id = rapid.SampledFrom(ms).Draw(t, "poll").id
	}
	switch rapid.SampledFrom([]string{"create", "edit", "open", "vote", "vote", "vote", "close", "drop"}).Draw(t, "command") {
	case "create":
		return drawCreate(t)
	case "edit":
		return poll.Edit{Poll: id, Create: drawCreate(t)}
	case "open":
		return poll.Open{Poll: id}
	case "close":
		return poll.Close{Poll: id}
	case "drop":
		return poll.Drop{Poll: id}
	}
	open := ms.phase("open")
	if len(open) == 0 || rapid.IntRange(0, 4).Draw(t, "wild") == 0 {
		return poll.Vote{Poll: id, Choices: rapid.SliceOfN(rapid.IntRange(-1, 5), 0, 3).Draw(t, "picks")}
	}
	m := rapid.SampledFrom(open).Draw(t, "open poll")
	picks := rapid.SliceOfNDistinct(rapid.IntRange(0, len(m.ask.Choices)-1), 1, max(1, m.ask.Max), rapid.ID[int])
	return poll.Vote{Poll: m.id, Choices: picks.Draw(t, "picks")}
}

// Whatever a class does, its polls are what the model says, for each audience;
// a result that was announced never changes; deciding changes nothing; and
// neither a restart from a snapshot nor a replay of the log makes a difference.
func TestPollsFollowTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClass()
		var ms models
		t.Repeat(map[string]func(*rapid.T){
			"command": func(t *rapid.T) {
				c.Now = c.Now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "ms")) * time.Millisecond)
				by := rapid.SampledFrom([]wire.Actor{ana, ben, maya, maya}).Draw(t, "by")
				cmd := drawCommand(t, ms)
				before := encode(t, c.State)
				if _, err := poll.Decide(&c.State, c.Now, by, cmd); code(err) != ms.refusal(by, cmd) {
					t.Fatalf("%T %+v: got %v, want %q", cmd, cmd, err, ms.refusal(by, cmd))
				} else if !bytes.Equal(before, encode(t, c.State)) {
					t.Fatalf("deciding %T changed the state", cmd)
				} else if err != nil {
					return
				}
				idle := ms.idle(by, cmd)
				ms = ms.change(by, cmd, c.Last()+1, wire.At(c.Now))
				shown, _ := c.Do(by, cmd)
				if idle != (len(shown) == 0) || len(shown) > 1 {
					t.Fatalf("%T %+v made %d events; already so: %v", cmd, cmd, len(shown), idle)
				}
				for _, v := range shown {
					checkAudience(t, ms, cmd, v)
				}
			},
			"restart": func(t *rapid.T) { c.State = c.Reload(t) },
			"": func(t *rapid.T) {
				check := func(what string, got, want any) {
					if g, w := encode(t, got), encode(t, want); !bytes.Equal(g, w) {
						t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
					}
				}
				check("viewers", c.State.Snapshot(false), ms.phase("open", "closed").views(false))
				check("staff", c.State.Snapshot(true), ms.phase("open", "closed").views(true))
				check("drafts", c.State.Drafts(), ms.phase("draft").views(true))
				mine := map[uint64][]int{}
				for _, m := range ms {
					if b := m.ballots[ana.User]; b != nil {
						mine[m.id] = slices.Sorted(slices.Values(b))
					}
					for _, staff := range []bool{false, true} {
						v, ok := c.State.Tally(m.id, staff)
						if ok != (m.phase == "open") {
							t.Fatalf("tally of a poll that is %s: %v", m.phase, ok)
						}
						if want := m.view(staff); ok {
							check("tally", v, wire.View{Type: "poll.tally", Data: poll.TallyView{Poll: m.id, Voters: want.Voters, Counts: want.Counts}})
						}
					}
					if m.phase == "closed" {
						now := encode(t, m.view(false))
						if m.result == nil {
							m.result = now
						}
						check("result", wire.Raw(m.result), wire.Raw(now))
					}
				}
				own, _ := c.State.Mine(ana.User)
				check("own votes", own, mine)
			},
		})
		if got, want := encode(t, c.Replay(t)), encode(t, c.State); !bytes.Equal(got, want) {
			t.Fatalf("replayed:\n got %s\nwant %s", got, want)
		}
	})
}

// checkAudience holds what an event showed against what each audience may see.
func checkAudience(t *rapid.T, ms models, cmd poll.Command, v views) {
	if vote, ok := cmd.(poll.Vote); ok {
		if v.All != nil || v.Staff != nil || len(v.Personal) != 1 {
			t.Fatalf("a vote showed %+v", v)
		}
		for _, mine := range v.Personal {
			want := poll.MineView{Poll: vote.Poll, Choices: slices.Sorted(slices.Values(vote.Choices))}
			if mine.Type != "poll.mine" || !bytes.Equal(encode(t, mine.Data), encode(t, want)) {
				t.Fatalf("own vote: got %+v, want %+v", mine, want)
			}
		}
		return
	}
	if v.All != nil {
		got := v.All.Data.(poll.View)
		if m := ms.find(got.ID); m.phase == "draft" || !bytes.Equal(encode(t, got), encode(t, m.view(false))) {
			t.Fatalf("%T showed viewers %+v, not %+v", cmd, got, m.view(false))
		}
	}
	if v.Staff != nil {
		if got, ok := v.Staff.Data.(poll.View); ok && !bytes.Equal(encode(t, got), encode(t, ms.find(got.ID).view(true))) {
			t.Fatalf("%T showed the staff %+v", cmd, got)
		}
	}
	var types [2]string
	for i, view := range []*wire.View{v.All, v.Staff} {
		if view != nil {
			types[i] = view.Type
		}
	}
	if want := showing(ms, cmd, v); types != want {
		t.Fatalf("%T showed %q, want %q", cmd, types, want)
	}
}

// showing is the types of the views for all and for the staff alone that a
// moderator's command makes.
func showing(ms models, cmd poll.Command, v views) [2]string {
	if _, dropped := cmd.(poll.Drop); dropped {
		return [2]string{"", "poll.dropped"}
	}
	view := v.All
	if view == nil {
		view = v.Staff
	}
	switch m := ms.find(view.Data.(poll.View).ID); {
	case m.phase == "draft":
		return [2]string{"", "poll.drafted"}
	case m.phase == "closed":
		return [2]string{"poll.closed", ""}
	case m.ask.Hidden:
		return [2]string{"poll.opened", "poll.opened"}
	}
	return [2]string{"poll.opened", ""}
}
