package qa_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// Whatever a class does, its board is what the model says and everybody is
// shown what the model says; deciding changes nothing; and neither a restart
// from a snapshot nor a replay of the log makes a difference.
func TestBoardFollowsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, b := newClass(), &board{}
		check := func(what string, got, want any) {
			t.Helper()
			if g, w := encode(t, got), encode(t, want); !bytes.Equal(g, w) {
				t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"command": func(t *rapid.T) {
				c.Now = c.Now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "ms")) * time.Millisecond)
				by := rapid.SampledFrom([]wire.Actor{ana, ben, maya, hana}).Draw(t, "by")
				cmd := drawCommand(t, b)
				want, idle := b.outcome(by, cmd)
				before := encode(t, c.State)
				if _, err := qa.Decide(&c.State, c.Now, by, cmd); code(err) != want {
					t.Fatalf("%T %+v by %s: got %v, want %q", cmd, cmd, by.User, err, want)
				}
				check("state after deciding", c.State, wire.Raw(before))
				next := c.Last() + 1
				got, _ := c.Do(by, cmd)
				if want != "" || idle {
					if len(got) > 0 {
						t.Fatalf("%T %+v made an event", cmd, cmd)
					}
					return
				}
				was := b.clone()
				b.change(by, cmd, next, wire.At(c.Now))
				expected := b.showing(cmd, by, next, was)
				if len(got) != len(expected) {
					t.Fatalf("%T made %d events, not %d", cmd, len(got), len(expected))
				}
				for i, v := range expected {
					var view *wire.View
					if v.kind != "" {
						view = &wire.View{Type: v.kind, Data: v.data}
					}
					if v.staffOnly {
						check("view of viewers", got[i].All, (*wire.View)(nil))
						check("view of staff", got[i].Staff, view)
					} else {
						check("view of all", got[i].All, view)
						check("view of staff", got[i].Staff, (*wire.View)(nil))
					}
					personal := map[wire.UserID]wire.View{}
					if v.to != "" {
						personal[v.to] = wire.View{Type: "qa.mine", Data: b.own(v.to)}
					}
					if len(got[i].Personal) != len(personal) {
						t.Fatalf("%T told %v of their own", cmd, got[i].Personal)
					}
					for user, own := range personal {
						check("own", got[i].Personal[user], own)
					}
				}
			},
			"restart": func(t *rapid.T) { c.State = c.Reload(t) },
			"": func(t *rapid.T) {
				check("viewers' board", c.State.Snapshot(who, false), b.snapshot(false))
				check("staff's board", c.State.Snapshot(who, true), b.snapshot(true))
				votes := map[uint64]int{}
				var ids, every []uint64
				for _, m := range b.papers {
					every = append(every, m.id)
					if m.pile == "board" || m.pile == "dismissed" {
						ids, votes[m.id] = append(ids, m.id), len(m.voters)
					}
					if author, secret := c.State.Author(m.id); author != m.by || secret != m.anonymous {
						t.Fatalf("author of %d: %q, %v", m.id, author, secret)
					}
					for _, a := range m.answers {
						if author, secret := c.State.Author(a.id); author != a.by || secret {
							t.Fatalf("author of answer %d: %q, %v", a.id, author, secret)
						}
					}
				}
				for _, by := range []wire.Actor{ana, ben, maya, hana} {
					var mine []uint64
					for _, m := range b.papers {
						if m.voters[by.User] {
							mine = append(mine, m.id)
						}
					}
					check("own votes", c.State.Mine(by.User), mine)
					check("own questions", c.State.Own(by.User, who), b.own(by.User))
				}
				check("ids", slices.Sorted(slices.Values(c.State.IDs())), ids)
				check("votes", c.State.Votes(append(every, 1<<40)), wire.View{Type: "qa.votes", Data: qa.VotesView{Votes: votes}})
			},
		})
		check("replayed", c.Replay(t), c.State)
	})
}

// secret makes every text and name findable in whatever is shown.
const secret = "zq9"

// Nothing of a question that waits or was rejected, and nothing of who asked
// anonymously, is in any view, snapshot, answer to a search, export or audit
// that somebody else gets: whatever is shown to anyone is looked through.
func TestNothingLeaks(t *testing.T) {
	people := []wire.Actor{ana, ben, maya, hana, {User: "cleo", Role: wire.Viewer}}
	rapid.Check(t, func(t *rapid.T) {
		c, b := newClass(), &board{}
		var askers []wire.UserID // of anonymous questions: so quiet otherwise that a name can come from nowhere else
		quiet := []wire.UserID{"shy1", "shy2"}
		hidden := map[uint64]string{} // text of what only its asker may see, or with it the staff
		look := func(what string, staff bool, to wire.UserID, v any) {
			t.Helper()
			shown := string(encode(t, v))
			for _, user := range askers {
				if user != to && strings.Contains(shown, string(user)) {
					t.Fatalf("%s tells %s of %s: %s", what, to, user, shown)
				}
			}
			for id, text := range hidden {
				m := b.raw(id)
				if m == nil || m.pile != "waiting" && m.pile != "rejected" || m.pile == "waiting" && staff || m.by == to {
					continue
				}
				if strings.Contains(shown, text) {
					t.Fatalf("%s shows %s what %s is %s: %s", what, to, text, m.pile, shown)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"command": func(t *rapid.T) {
				by := rapid.SampledFrom(people).Draw(t, "by")
				cmd := drawCommand(t, b)
				if ask, is := cmd.(qa.Ask); is {
					ask.Text = fmt.Sprintf("%s%d why?", secret, c.Last()+1)
					if ask.Anonymous {
						by = wire.Actor{User: rapid.SampledFrom(quiet).Draw(t, "quiet"), Role: wire.Viewer}
						askers = append(askers, by.User)
					}
					cmd = ask
				}
				refusal, idle := b.outcome(by, cmd)
				next := c.Last() + 1
				shown, _ := c.Do(by, cmd)
				if refusal == "" && !idle {
					b.change(by, cmd, next, wire.At(c.Now))
				}
				if m := b.raw(next); m != nil {
					hidden[next] = fmt.Sprintf("%s%d ", secret, next)
				}
				for _, v := range shown {
					look("a view", v.Staff == nil, "", v.All)
					look("a view of the staff", true, "", v.Staff)
					for user, own := range v.Personal {
						look("a personal view", false, user, own)
					}
				}
			},
			"": func(t *rapid.T) {
				look("a snapshot", false, "", c.State.Snapshot(who, false))
				look("the staff's snapshot", true, "", c.State.Snapshot(who, true))
				look("the votes", false, "", c.State.Votes(slices.Collect(maps.Keys(c.State.Questions))))
				look("the run", false, "", c.State.Run(who))
				look("the export", true, "", c.State.Rows(who))
				for _, by := range people {
					look("own", false, by.User, c.State.Own(by.User, who))
					found, err := c.State.Similar(by, qa.Similar{Text: secret + "1 why?"})
					if err != nil {
						t.Fatal(err)
					}
					look("a search", by.Role.Staff(), by.User, found)
				}
			},
		})
	})
}
