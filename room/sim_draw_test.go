package room_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// draw makes up a command that often makes sense.
func (s *sim) draw(c *simClient) room.Command {
	m := s.models[c.room]
	random := func(ids []uint64) uint64 {
		if len(ids) == 0 || s.chance(50) {
			return uint64(1 + s.rand.IntN(int(m.seq)+2))
		}
		slices.Sort(ids)
		return simPick(s, ids)
	}
	questions := slices.Collect(maps.Keys(m.board))
	polls := func(phases ...string) (ids []uint64) {
		for _, p := range m.pollsIn(phases...) {
			ids = append(ids, p.ID)
		}
		return ids
	}
	forms := func(phases ...string) (ids []uint64) {
		for _, p := range m.surveysIn(phases...) {
			ids = append(ids, p.ID)
		}
		return ids
	}
	quizzes := slices.Collect(maps.Keys(m.prepared))
	running := uint64(0)
	if m.run != nil {
		running = m.run.ID
	}
	text := func() string { return fmt.Sprintf("%s %d", c.name, s.rand.IntN(1_000_000)) }
	who := func() wire.UserID { return simPick(s, s.people).user }
	n := s.rand.IntN(100)
	if simStaff(m.role(string(c.user))) && n < 60 {
		return s.drawStaff(m, random, questions, polls, forms, quizzes, running, text, who)
	}
	switch {
	case n < 3:
		return room.Feel{Mood: simPick(s, []room.Mood{room.TooFast, room.Lost, room.Good, ""})}
	case n < 9:
		return s.drawFilled(random(forms("open")))
	case n < 25:
		say := room.Say{Text: text()}
		if len(m.chat) > 0 && s.chance(200) {
			say.ReplyTo = simPick(s, m.chat).ID
		}
		return say
	case n < 32:
		return qa.Ask{Text: text()}
	case n < 45:
		return qa.Upvote{Question: random(questions)}
	case n < 49:
		return qa.Unvote{Question: random(questions)}
	case n < 72:
		choices := []int{s.rand.IntN(3)}
		if s.chance(300) {
			choices = []int{2, 0}
		}
		id := random(polls("open"))
		p := m.polls[id]
		switch {
		case s.chance(120):
			return poll.Retract{Poll: id}
		case p != nil && p.Kind == "rating":
			stars := float64(1 + s.rand.IntN(p.Stars))
			return poll.Vote{Poll: id, Value: &stars}
		case p != nil && p.Kind == "cloud":
			return poll.Vote{Poll: id, Words: simPick(s, [][]string{{"go"}, {"zig"}, {"go", "lua"}, {"zig", "go"}})}
		case p != nil && p.Kind == "text":
			return poll.Vote{Poll: id, Text: simPick(s, []string{"go", "zig", "the proofs"})}
		case p != nil && p.Kind == "ranking":
			return poll.Vote{Poll: id, Choices: s.rand.Perm(3)}
		}
		return poll.Vote{Poll: id, Choices: choices}
	case n < 85:
		question := 0
		if m.run != nil {
			question = m.run.Question
		}
		return quiz.Answer{Quiz: running, Question: question, Choices: []int{s.rand.IntN(3)}}
	case n < 91:
		return room.RaiseHand{}
	case n < 94:
		return room.LowerHand{}
	case n < 96:
		return room.React{Emoji: simPick(s, room.Emojis)}
	case n < 97:
		return room.Click{Item: "go-101"}
	case n < 98:
		return room.Dismiss{Item: "go-102"}
	}
	return room.Ping{}
}

func (s *sim) drawStaff(m *simModel, random func([]uint64) uint64, questions []uint64, polls, forms func(...string) []uint64, quizzes []uint64, running uint64, text func() string, who func() wire.UserID) room.Command {
	seconds := int64(5 + s.rand.IntN(10))
	var clouds, texts, aside []uint64
	for id, p := range m.polls {
		if p.Kind == "cloud" && len(p.Given) > 0 {
			clouds = append(clouds, id)
		}
		if p.Kind == "text" && len(p.Given) > 0 {
			texts = append(texts, id)
		}
	}
	for id, q := range m.board {
		if q.Aside {
			aside = append(aside, id)
		}
	}
	switch s.rand.IntN(52) {
	case 46, 47:
		return s.drawSurvey()
	case 48:
		return survey.Open{Survey: random(forms("draft"))}
	case 49:
		return survey.Close{Survey: random(forms("open"))}
	case 50:
		return survey.Show{Survey: random(forms("closed")), Words: s.chance(500)}
	case 51:
		if s.chance(500) {
			return survey.Drop{Survey: random(forms("draft"))}
		}
		edit := s.drawSurvey().(survey.Create)
		return survey.Edit{Survey: random(forms("draft")), Create: edit}
	case 42, 43:
		p := poll.Create{Text: text(), Choices: []string{"a", "b", "c"}, Open: true, Secret: true}
		switch s.rand.IntN(3) {
		case 0:
			p.Kind, p.Choices, p.Stars = poll.KindRating, nil, 3
		case 1:
			p.Kind = poll.KindRanking
		}
		return p
	case 44:
		p := poll.Create{Text: text(), Kind: poll.KindText, Open: true, Hidden: s.chance(300)}
		if s.chance(500) {
			p.Kind, p.Choices = poll.KindRanking, []string{"a", "b", "c"}
		}
		return p
	case 45:
		return poll.Remove{Poll: random(texts), Text: simPick(s, []string{"go", "zig", "the proofs"})}
	case 28, 29:
		p := poll.Create{Text: text(), Kind: poll.KindRating, Stars: 3, Open: s.chance(800), Hidden: s.chance(300)}
		if s.chance(500) {
			p.Kind, p.Stars, p.Words = poll.KindCloud, 0, 2
		}
		if !p.Hidden && s.chance(300) {
			p.Shown = poll.ShownAsked
		}
		return p
	case 30:
		return poll.Show{Poll: random(polls("open", "closed"))}
	case 31, 38, 39:
		return poll.Remove{Poll: random(clouds), Word: simPick(s, []string{"go", "go", "zig", "lua"})}
	case 32:
		return qa.Focus{Question: random(questions)}
	case 33:
		return qa.Label{Question: random(questions), Labels: simPick(s, [][]string{{}, {"go"}, {"go", "sql"}})}
	case 34:
		if s.chance(500) {
			return qa.Dismiss{Question: random(questions)}
		}
		return qa.Restore{Question: random(aside)}
	case 35:
		return qa.Reply{Question: random(questions), Text: text()}
	case 36, 40:
		if s.chance(500) {
			return quiz.Pause{Quiz: running}
		}
		return quiz.Resume{Quiz: running}
	case 37, 41:
		return quiz.Extend{Quiz: running, Seconds: 1 + s.rand.IntN(9)}
	case 0, 1, 2:
		return poll.Create{Text: text(), Choices: []string{"a", "b", "c"}, Max: 1 + s.rand.IntN(2), Open: s.chance(700), Hidden: s.chance(400)}
	case 3:
		return poll.Open{Poll: random(polls("draft"))}
	case 4:
		return poll.Close{Poll: random(polls("open"))}
	case 5:
		return poll.Edit{Poll: random(polls("draft")), Create: poll.Create{Text: text(), Choices: []string{"x", "y", "z"}, Max: 2, Open: s.chance(300)}}
	case 6:
		return poll.Drop{Poll: random(polls("draft"))}
	case 7, 8:
		asked := int(seconds)
		draft := quiz.Draft{Text: text(), Choices: []string{"a", "b", "c"}, Correct: []int{s.rand.IntN(3)}, Seconds: &asked}
		return quiz.Create{Title: text(), Questions: []quiz.Draft{draft, draft}}
	case 9, 10, 11:
		if running == 0 || s.chance(400) {
			return quiz.Ask{Quiz: random(quizzes)}
		}
		return quiz.Ask{Quiz: running}
	case 12:
		return quiz.Close{Quiz: running}
	case 13, 14:
		return quiz.Reveal{Quiz: running}
	case 15:
		return quiz.Finish{Quiz: running}
	case 16:
		return qa.Answer{Question: random(nil), Text: simPick(s, []string{"", text()})}
	case 17:
		return qa.Pin{Question: random(nil)}
	case 18:
		return room.Delete{Item: random(nil), Reason: simPick(s, []string{"", "spam"})}
	case 19:
		return room.Mute{User: who(), Seconds: seconds}
	case 20:
		return room.Ban{User: who(), Seconds: seconds}
	case 21:
		if s.chance(500) {
			return room.Unmute{User: who()}
		}
		return room.Unban{User: who()}
	case 22, 23:
		return room.SetRole{User: who(), Role: simPick(s, []wire.Role{wire.Viewer, wire.Moderator})}
	case 24:
		return room.Open{}
	case 25:
		if s.chance(300) {
			return room.End{}
		}
		return room.Open{}
	case 26:
		return room.Go{Sources: simPick(s, [][]string{{"camera"}, {"camera", "microphone"}, {}})}
	}
	return simPick(s, []room.Command{room.Set{Title: text()}, room.Slow{Seconds: int64(s.rand.IntN(3))}, room.ListPeople{}, room.Audit{}})
}
