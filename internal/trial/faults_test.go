package trial

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// story makes a short class by hand, with all that its people were promised
// and heard of it: ana and ben vote, ana asks, ben upvotes, both answer a quiz.
type story struct {
	*history
	*books
	ana, ben, host *diary
}

const storyRoom wire.RoomID = "story"

func newStory() *story {
	s := &story{
		history: newHistory(storyRoom),
		books: &books{
			map[wire.RoomID][]room.Record{}, map[wire.UserID][]reward.Entry{}, map[wire.UserID]int64{},
		},
	}
	for _, d := range []**diary{&s.ana, &s.ben, &s.host} {
		*d = &diary{room: storyRoom, direct: true, role: wire.Viewer, visits: []*visit{{full: true, epoch: "e"}}}
		s.who = append(s.who, *d)
	}
	s.ana.user, s.ben.user, s.host.user, s.host.role = "ana", "ben", "host", wire.Host
	s.host.visits[0].staff = true

	s.happens(s.ana, "", "room.entered", `{}`, "")
	s.happens(s.ben, "", "room.entered", `{}`, "")
	s.happens(s.host, "", "room.entered", `{}`, "")
	s.happens(s.ana, "chat.say", "chat.said", `{"text":"sealed"}`, `{"id":4,"by":{"id":"ana"},"text":"hello"}`)
	s.ana.wishes[0].data = map[string]any{"text": "hello"}
	s.happens(s.host, "poll.create", "poll.created", `{"choices":[{},{}],"max":1,"open":true}`,
		`{"id":5,"max":1,"hidden":false,"phase":"open","voters":0,"counts":[0,0]}`)
	s.votes(s.ana, 0)
	s.votes(s.ben, 0)
	s.votes(s.ana, 1)
	s.happens(s.host, "poll.close", "poll.closed", `{"poll":5}`,
		`{"id":5,"max":1,"hidden":false,"phase":"closed","voters":2,"counts":[1,1]}`)
	s.happens(s.ana, "qa.ask", "qa.asked", `{"text":"sealed"}`, `{"id":10,"by":{"id":"ana"},"text":"why?"}`)
	s.ana.wishes[3].data = map[string]any{"text": "why?"}
	s.happens(s.ben, "qa.upvote", "qa.upvoted", `{"question":10,"asker":"ana"}`, "")
	s.ben.wishes[1].data = map[string]any{"question": 10}
	s.happens(s.host, "quiz.create", "quiz.created", `{"questions":[{"choices":[{},{}],"correct":[1],"points":100,"seconds":10}]}`, `{"id":12}`)
	s.host.visits[0].views[4].seq = 12
	s.happens(s.host, "quiz.ask", "quiz.asked", `{"quiz":12,"question":0}`, quizView("open", 0, "null", "null", "[]"))
	s.answers(s.ana, 1, 14_000+1000, true, 95)
	s.answers(s.ben, 0, 14_000+2000, false, 0)
	s.happens(s.host, "quiz.close", "quiz.closed", `{"quiz":12,"question":0}`, quizView("closed", 2, "null", "null", "[]"))
	board := `[{"rank":1,"id":"ana","score":95},{"rank":2,"id":"ben","score":0}]`
	s.happens(s.host, "quiz.reveal", "quiz.revealed", `{"quiz":12,"question":0,"right":["ana"]}`, quizView("revealed", 2, "[1]", "[1,1]", board))

	for i, e := range []entry{
		{"ana", "voted", 3, storyRoom, 6}, {"ben", "voted", 3, storyRoom, 7}, {"ana", "asked", 5, storyRoom, 10},
		{"ana", "upvoted", 2, storyRoom, 11}, {"ana", "answered", 5, storyRoom, 14}, {"ben", "answered", 5, storyRoom, 15},
		{"ana", "correct", 10, storyRoom, 17},
	} {
		s.ledger[e.user] = append(s.ledger[e.user], reward.Entry{
			Key: fmt.Sprint(i), User: e.user, Points: e.points, Rule: e.rule, Room: e.room, Seq: e.seq,
		})
		s.balances[e.user] += e.points
	}
	s.balances["host"] = 0
	told := int64(25)
	s.ana.told = &told
	you := `{"votes":{"5":[1]},"upvotes":[],"hand":false,"answers":[{"quiz":12,"question":0,"choices":[1]}],"quiz":{"quiz":12,"score":95,"rank":1,"of":2}}`
	s.ana.visits = append(s.ana.visits, &visit{seq: 17, full: true, final: true, epoch: "e", you: json.RawMessage(you)})
	s.room().snap(false, 17, json.RawMessage(`{"phase":"waiting","count":3,"chat":[{"id":4}],"hands":[],
		"polls":[{"id":5,"max":1,"hidden":false,"phase":"closed","voters":2,"counts":[1,1]}],
		"questions":[{"id":10,"by":{"id":"ana"},"votes":1,"pinned":false,"answered":false,"answers":[]}],
		"quiz":`+quizView("revealed", 2, "[1]", "[1,1]", board)+`}`))
	s.room().count(json.RawMessage(`{"poll":5,"voters":2,"counts":[2,0]}`))
	return s
}

func quizView(phase string, answered int, correct, counts, board string) string {
	return fmt.Sprintf(`{"id":12,"of":1,"question":0,"phase":%q,"current":{"asked_at":14000,"deadline":24000,"answered":%d,"correct":%s,"counts":%s},"board":%s}`,
		phase, answered, correct, counts, board)
}

func (s *story) room() *heardIn     { return s.history.rooms[storyRoom] }
func (s *story) log() []room.Record { return s.logs[storyRoom] }
func (s *story) last() *room.Record { return &s.log()[len(s.log())-1] }
func (s *story) votes(d *diary, choice int) {
	s.happens(d, "poll.vote", "poll.voted", fmt.Sprintf(`{"poll":5,"choices":[%d]}`, choice), "")
	d.wishes[len(d.wishes)-1].data = map[string]any{"poll": 5, "choices": []int{choice}}
}

func (s *story) answers(d *diary, choice int, at int64, right bool, points int) {
	s.happens(d, "quiz.answer", "quiz.answered", fmt.Sprintf(`{"quiz":12,"question":0,"choices":[%d],"at":%d,"right":%v,"points":%d}`, choice, at, right, points), "")
	d.wishes[len(d.wishes)-1].data = map[string]any{"quiz": 12, "question": 0, "choices": []int{choice}}
}

// happens writes one event into the log, into its giver's diary and, if there
// is a view, into everybody's.
func (s *story) happens(d *diary, command, kind, data, seen string) {
	seq := uint64(len(s.log()) + 1)
	r := room.Record{V: 1, Seq: seq, At: wire.Millis(1000 * (seq + 1)), Kind: kind, By: d.user, Data: []byte(data)}
	if command != "" {
		r.Key = fmt.Sprint(d.user, "-", len(d.wishes))
		w := &wish{key: r.Key, kind: command, sent: 1, answered: true, seq: seq}
		d.wishes = append(d.wishes, w)
	}
	s.logs[storyRoom] = append(s.logs[storyRoom], r)
	if seen == "" {
		return
	}
	shown := map[string]string{"poll.created": "poll.opened", "quiz.created": "quiz.drafted"}[kind]
	if shown == "" {
		shown = kind
	}
	for _, who := range s.who {
		v := who.visits[0]
		if kind == "quiz.created" && !v.staff {
			continue
		}
		h := s.room().see(v.staff, seq, shown, json.RawMessage(seen))
		if n := len(v.views); n > 0 {
			h.prev = v.views[n-1].seq
		}
		v.views = append(v.views, h)
	}
}

// TestCheckerFindsFaults proves that the checker can fail: each planted fault
// is found, as what it is, and a history without one passes.
func TestCheckerFindsFaults(t *testing.T) {
	tests := []struct {
		name  string
		plant func(*story)
		kind  string // "" none
		says  string
	}{
		{"nothing", func(*story) {}, "", ""},
		{"a lost acknowledgement", func(s *story) { s.last().Key = "" }, "lost", "acknowledged at 17 and is not in the log"},
		{"a lost end of the log", func(s *story) { s.logs[storyRoom] = s.log()[:15] }, "lost", "view 16 was heard, but the log ends at 15"},
		{"no answer", func(s *story) { s.ben.wishes[0].answered = false }, "lost", "never answered"},
		{"a command that counts twice", func(s *story) { s.log()[7].Key = s.log()[5].Key }, "doubled", "key ana-1 of ana is at [6 8]"},
		{"a repetition answered otherwise", func(s *story) { s.ana.wishes[1].others = []string{"ok 9"} }, "doubled", "answered with 6, and again with ok 9"},
		{"another position than promised", func(s *story) { s.ana.wishes[1].seq = 7 }, "order", "acknowledged at 7 and is at 6"},
		{"a later wish before an earlier one", func(s *story) {
			w := s.ana.wishes
			w[1], w[2] = w[2], w[1]
		}, "order", "poll.vote of ana-2 is at 8, poll.vote of ana-1 at 6"},
		{"records out of order", func(s *story) { s.log()[3].Seq, s.log()[4].Seq = 5, 4 }, "order", "record 4 has position 5"},
		{"a refused command that was carried out", func(s *story) { s.ben.wishes[0].refused = "poll.closed" }, "wrong", "was refused (poll.closed), but is at 7"},
		{"nothing changed that did", func(s *story) { s.ben.wishes[0].seq = 0 }, "wrong", "changed nothing, but is at 7"},
		{"another vote than sent", func(s *story) { s.ben.wishes[0].data["choices"] = []int{1} }, "wrong", "has choices [0], not [1]"},
		{"another text than sent", func(s *story) { s.ana.wishes[0].data["text"] = "bye" }, "wrong", `says "hello", not "bye"`},
		{"a wrong tally", func(s *story) { s.edit(9, `"counts":[1,1]`, `"counts":[2,0]`) }, "wrong", "view 9 (poll.closed)"},
		{"a tally that never was", func(s *story) { s.room().count(json.RawMessage(`{"poll":5,"voters":2,"counts":[0,2]}`)) }, "wrong", "poll 5 never stood at 2 voters, [0 2]"},
		{"a wrong score", func(s *story) { s.edit(17, `"score":95`, `"score":190`) }, "wrong", "view 17 (quiz.revealed)"},
		{"a second vote that adds to the first", func(s *story) { s.edit(9, `"voters":2`, `"voters":3`) }, "wrong", "view 9 (poll.closed)"},
		{"wrong points of an answer", func(s *story) { s.rewrite(14, `"points":95`, `"points":96`) }, "wrong", "worth 95, not true and 96"},
		{"an answer after the bell", func(s *story) { s.rewrite(14, `"at":15000`, `"at":24000`) }, "wrong", "after 10000 of 10000 ms"},
		{"two answers of one person", func(s *story) { s.log()[14].By = "ana" }, "wrong", "a second answer of ana"},
		{"a vote after the close", func(s *story) {
			s.happens(s.ben, "", "poll.voted", `{"poll":5,"choices":[1]}`, "")
		}, "wrong", "vote in poll 5"},
		{"a wrong snapshot", func(s *story) {
			s.room().snap(false, 9, json.RawMessage(`{"phase":"waiting","count":2,"chat":[{"id":4}]}`))
		}, "wrong", "snapshot at 9 (staff: false): 2 people, not 3"},
		{"a wrong word about oneself", func(s *story) {
			v := s.ana.visits[1]
			v.you = json.RawMessage(strings.Replace(string(v.you), `"5":[1]`, `"5":[0]`, 1))
		}, "wrong", "votes map[5:[0]], not map[5:[1]]"},
		{"a missing ledger entry", func(s *story) {
			s.ledger["ana"] = s.ledger["ana"][1:]
			s.balances["ana"] -= 3
		}, "lost", "rule:voted"},
		{"a double ledger entry", func(s *story) {
			s.ledger["ben"] = append(s.ledger["ben"], s.ledger["ben"][0])
			s.balances["ben"] += 3
		}, "doubled", "rule:voted"},
		{"a wrong balance", func(s *story) { s.balances["ben"]++ }, "wrong", "balance of 9 and entries of 8"},
		{"an old balance told last", func(s *story) { *s.ana.told = 15 }, "wrong", "told a balance of 15 last, but has 25"},
		{"a view that is missing", func(s *story) { s.ana.visits[0].views = slices.Delete(s.ana.visits[0].views, 1, 2) }, "gap", "ana never heard view 5"},
		{"a chain that is broken", func(s *story) { s.ana.visits[0].views[2].prev = 8 }, "gap", "follows 8, after 5"},
		{"a last view that is missing", func(s *story) {
			v := s.ben.visits[0]
			v.views = v.views[:len(v.views)-1]
		}, "gap", "ben never heard view 17"},
		{"a view heard twice", func(s *story) {
			v := s.ben.visits[0]
			v.views = append(v.views, v.views[len(v.views)-1])
		}, "doubled", "ben heard view 17 twice"},
		{"two views swapped", func(s *story) {
			v := s.ben.visits[0].views
			v[1], v[2] = v[2], v[1]
		}, "order", "ben heard view 5 after 9"},
		{"a view of the staff's that a viewer heard", func(s *story) {
			v := s.ben.visits[0]
			v.views = slices.Insert(v.views, 4, heard{seq: 12, prev: 10})
			v.views[5].prev = 12
		}, "wrong", "heard view 12, which the log does not give"},
		{"two people who heard another thing", func(s *story) {
			h := s.room().see(false, 4, "chat.said", json.RawMessage(`{"id":4,"by":{"id":"ana"},"text":"hullo"}`))
			s.ben.visits[0].views[0].sum = h.sum
		}, "wrong", "view 4 was heard with two contents"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStory()
			tt.plant(s)
			v := check(s.history, s.books)
			if tt.kind == "" {
				v.report(t)
				return
			}
			if !slices.ContainsFunc(v.faults[tt.kind], func(f string) bool { return strings.Contains(f, tt.says) }) {
				t.Errorf("no fault %q that says %q in %v", tt.kind, tt.says, v.faults)
			}
		})
	}
}

// edit changes what all heard of a view.
func (s *story) edit(seq uint64, from, to string) {
	for _, staff := range []bool{false, true} {
		at := sighting{staff, seq}
		v := s.room().views[at]
		if !strings.Contains(string(v.data), from) {
			panic("nothing to edit")
		}
		v.data = json.RawMessage(strings.Replace(string(v.data), from, to, 1))
		s.room().views[at] = v
	}
}

// rewrite changes a record.
func (s *story) rewrite(seq uint64, from, to string) {
	r := &s.log()[seq-1]
	if !strings.Contains(string(r.Data), from) {
		panic("nothing to rewrite")
	}
	r.Data = []byte(strings.Replace(string(r.Data), from, to, 1))
}
