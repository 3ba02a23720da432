package trial

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// model is a class as its log tells it, folded in the plainest way. It shares
// no code with the server: it reads the records' own JSON and docs/protocol.md.
type model struct {
	room      wire.RoomID
	phase     string
	polls     []*pollOf // open and closed, in the order of opening
	drafts    map[uint64]*pollOf
	tallies   map[string]bool // every state that a poll was ever in
	questions map[uint64]*questionOf
	pinned    uint64
	prepared  map[uint64]*quizOf
	quiz      *quizOf // the running or last one
	chat      []uint64
	hands     []wire.UserID
	here      map[wire.UserID]bool
	earned    []entry
	counted   map[string]bool // what counts once, and caps
	caps      map[string]int
}

type pollOf struct {
	id      uint64
	choices int
	max     int
	hidden  bool
	phase   string
	votes   map[wire.UserID][]int
}

type questionOf struct {
	by       wire.UserID
	votes    map[wire.UserID]bool
	answered bool
	answers  []uint64
}

type quizOf struct {
	id        uint64
	questions []quizQuestion
	at        int // the current question
	phase     string
	askedAt   int64
	closedAt  int64
	given     map[int]map[wire.UserID]given
	score     map[wire.UserID]int
	reached   map[wire.UserID]int64
	places    []place
}

type quizQuestion struct {
	Choices []any `json:"choices"`
	Correct []int `json:"correct"`
	Points  int64 `json:"points"`
	Seconds int64 `json:"seconds"`
}

type given struct {
	choices []int
	at      int64
	points  int
	right   bool
}

type place struct {
	Rank  int         `json:"rank"`
	ID    wire.UserID `json:"id"`
	Score int         `json:"score"`
}

// entry is a line of the ledger, without what only names it.
type entry struct {
	user   wire.UserID
	rule   string
	points int64
	room   wire.RoomID
	seq    uint64
}

func newModel(id wire.RoomID) *model {
	return &model{
		room: id, phase: "waiting",
		drafts: map[uint64]*pollOf{}, tallies: map[string]bool{}, questions: map[uint64]*questionOf{},
		prepared: map[uint64]*quizOf{}, here: map[wire.UserID]bool{}, counted: map[string]bool{}, caps: map[string]int{},
	}
}

// fold takes the next record in. It returns the type of the numbered view that
// viewers and staff get ("" where they get none), and what is wrong with the
// record itself.
func (m *model) fold(r room.Record) (viewers, staff string, err error) {
	both := func(kind string) { viewers, staff = kind, kind }
	var e struct {
		Quiet     bool              `json:"quiet"`
		Item      json.RawMessage   `json:"item"`
		User      wire.UserID       `json:"user"`
		Users     []wire.UserID     `json:"users"`
		Question  json.RawMessage   `json:"question"`
		Asker     wire.UserID       `json:"asker"`
		Aloud     bool              `json:"aloud"`
		Poll      uint64            `json:"poll"`
		Open      bool              `json:"open"`
		Choices   []json.RawMessage `json:"choices"`
		Max       int               `json:"max"`
		Hidden    bool              `json:"hidden"`
		Quiz      uint64            `json:"quiz"`
		Questions []quizQuestion    `json:"questions"`
		At        int64             `json:"at"`
		Right     json.RawMessage   `json:"right"`
		Points    int               `json:"points"`
	}
	if err := json.Unmarshal(r.Data, &e); err != nil {
		return "", "", err
	}
	var number int
	_ = json.Unmarshal(e.Question, &number) // of a board's question: its id; of a quiz's: from 0
	question := uint64(max(number, 0))
	var item uint64 // of a suggestion it is a name
	_ = json.Unmarshal(e.Item, &item)

	switch r.Kind {
	case "room.entered":
		if !e.Quiet {
			m.here[r.By] = true
		}
	case "room.left":
		delete(m.here, r.By)
		m.lower(r.By)
	case "chat.said":
		m.chat = append(m.chat, r.Seq)
		m.chat = m.chat[max(0, len(m.chat)-100):]
		both(r.Kind)
	case "chat.deleted":
		m.chat = slices.DeleteFunc(m.chat, func(id uint64) bool { return id == item })
		both(r.Kind)
	case "hand.raised":
		m.hands = append(m.hands, r.By)
		both(r.Kind)
	case "hand.lowered":
		m.lower(e.User)
		both(r.Kind)
	case "room.opened":
		m.phase = "live"
		both(r.Kind)
	case "room.ended":
		m.phase, m.hands = "ended", nil
		both(r.Kind)
	case "room.stayed":
		day := time.UnixMilli(int64(r.At)).UTC().Format(time.DateOnly)
		for _, user := range e.Users {
			m.earn(r, user, "stayed", 20, "stayed "+day+string(user), 0)
		}
	case "room.titled":
		both("room.changed")
	case "stage.set":
		both("stage.changed")
	case "mod.acted":
		staff = r.Kind
	case "room.noted", "suggest.clicked", "suggest.dismissed":

	case "qa.asked":
		m.questions[r.Seq] = &questionOf{by: r.By, votes: map[wire.UserID]bool{}}
		m.earn(r, r.By, "asked", 5, "", 5)
		both(r.Kind)
	case "qa.upvoted":
		q := m.questions[question]
		if q == nil || q.votes[r.By] || q.by == r.By || q.by != e.Asker {
			return "", "", fmt.Errorf("upvote of %d by %s", question, r.By)
		}
		q.votes[r.By] = true
		m.earn(r, q.by, "upvoted", 2, fmt.Sprint("upvoted ", question, " ", r.By), 20)
	case "qa.unvoted":
		q := m.questions[question]
		if q == nil || !q.votes[r.By] {
			return "", "", fmt.Errorf("vote of %s for %d taken back", r.By, question)
		}
		delete(q.votes, r.By)
	case "qa.answered":
		m.questions[question].answered = true
		if !e.Aloud {
			m.questions[question].answers = append(m.questions[question].answers, r.Seq)
		}
		both(r.Kind)
	case "qa.pinned":
		m.pinned = question
		both("qa.pinned")
	case "qa.unpinned":
		m.pinned = 0
		both("qa.pinned")
	case "qa.deleted":
		delete(m.questions, item)
		if m.pinned == item {
			m.pinned = 0
		}
		for _, q := range m.questions {
			q.answers = slices.DeleteFunc(q.answers, func(id uint64) bool { return id == item })
		}
		both(r.Kind)

	case "poll.created":
		p := &pollOf{id: r.Seq, choices: len(e.Choices), max: e.Max, hidden: e.Hidden, phase: "draft"}
		m.drafts[p.id] = p
		if staff = "poll.drafted"; e.Open {
			m.openPoll(p)
			both("poll.opened")
		}
	case "poll.opened":
		m.openPoll(m.drafts[e.Poll])
		both(r.Kind)
	case "poll.closed":
		p := m.poll(e.Poll)
		if p == nil || p.phase != "open" {
			return "", "", fmt.Errorf("poll %d closed", e.Poll)
		}
		p.phase = "closed"
		both(r.Kind)
	case "poll.voted":
		p := m.poll(e.Poll)
		picks := numbers(e.Choices)
		if p == nil || p.phase != "open" || len(picks) == 0 || len(picks) > p.max || slices.Max(picks) >= p.choices {
			return "", "", fmt.Errorf("vote in poll %d for %v", e.Poll, picks)
		}
		p.votes[r.By] = picks
		m.tallies[tallyText(p)] = true
		m.earn(r, r.By, "voted", 3, fmt.Sprint("voted ", p.id, " ", r.By), 0)

	case "quiz.created":
		m.prepared[r.Seq] = &quizOf{
			id: r.Seq, questions: e.Questions, given: map[int]map[wire.UserID]given{},
			score: map[wire.UserID]int{}, reached: map[wire.UserID]int64{},
		}
		staff = "quiz.drafted"
	case "quiz.asked":
		if q := m.prepared[e.Quiz]; q != nil {
			m.quiz = q
			delete(m.prepared, e.Quiz)
		}
		if m.quiz == nil || m.quiz.id != e.Quiz {
			return "", "", fmt.Errorf("quiz %d asks", e.Quiz)
		}
		m.quiz.at, m.quiz.phase, m.quiz.askedAt = number, "open", int64(r.At)
		m.quiz.given[number] = map[wire.UserID]given{}
		both(r.Kind)
	case "quiz.answered":
		if err := m.answer(r, number, given{numbers(e.Choices), e.At, e.Points, string(e.Right) == "true"}); err != nil {
			return "", "", err
		}
	case "quiz.closed":
		m.quiz.phase, m.quiz.closedAt = "closed", int64(r.At)
		both(r.Kind)
	case "quiz.revealed":
		m.quiz.phase = "revealed"
		right := m.quiz.reveal()
		var said []wire.UserID
		if _ = json.Unmarshal(e.Right, &said); !slices.Equal(said, right) {
			return "", "", fmt.Errorf("quiz %d names %v as right, but it was %v", m.quiz.id, said, right)
		}
		for _, user := range right {
			m.earn(r, user, "correct", 10, "", 0)
		}
		both(r.Kind)
	case "quiz.finished":
		m.quiz.phase = "finished"
		both(r.Kind)
	default:
		return "", "", fmt.Errorf("the trial does not know %q", r.Kind)
	}
	return viewers, staff, nil
}

func (m *model) lower(user wire.UserID) {
	m.hands = slices.DeleteFunc(m.hands, func(u wire.UserID) bool { return u == user })
}

func (m *model) poll(id uint64) *pollOf {
	for _, p := range m.polls {
		if p.id == id {
			return p
		}
	}
	return nil
}

// openPoll shows a poll; of more than 20, the oldest that is closed is forgotten.
func (m *model) openPoll(p *pollOf) {
	delete(m.drafts, p.id)
	p.phase, p.votes = "open", map[wire.UserID][]int{}
	m.tallies[tallyText(p)] = true
	if m.polls = append(m.polls, p); len(m.polls) <= 20 {
		return
	}
	for i, old := range m.polls {
		if old.phase == "closed" {
			m.polls = slices.Delete(m.polls, i, i+1)
			return
		}
	}
}

func (p *pollOf) counts() []int {
	counts := make([]int, p.choices)
	for _, picks := range p.votes {
		for _, choice := range picks {
			counts[choice]++
		}
	}
	return counts
}

func tallyText(p *pollOf) string { return fmt.Sprint(p.id, len(p.votes), p.counts()) }

// knows reports whether the tally was true at some time.
func (m *model) knows(t tally) bool {
	if t.Counts != nil {
		return m.tallies[fmt.Sprint(t.Poll, t.Voters, t.Counts)]
	}
	p := m.poll(t.Poll)
	return p == nil || p.hidden && t.Voters <= len(p.votes)
}

// answer checks an answer and its points: all of them below half a second,
// then points·(1 − took/(2·limit)), rounded half up.
func (m *model) answer(r room.Record, number int, g given) error {
	q := m.quiz
	// What was read before the close counts, though the close was decided first.
	if q == nil || q.phase != "open" && (q.phase != "closed" || g.at >= q.closedAt) || q.at != number {
		return fmt.Errorf("an answer of %s to question %d, which is not open", r.By, number)
	}
	if _, twice := q.given[number][r.By]; twice {
		return fmt.Errorf("a second answer of %s", r.By)
	}
	asked := q.questions[number]
	took, limit := g.at-q.askedAt, asked.Seconds*1000
	if took < 0 || took >= limit {
		return fmt.Errorf("an answer after %d of %d ms", took, limit)
	}
	right, points := slices.Equal(g.choices, asked.Correct), int64(0)
	switch {
	case right && took < 500:
		points = asked.Points
	case right:
		exact := new(big.Rat).Mul(big.NewRat(asked.Points, 1), new(big.Rat).Sub(big.NewRat(1, 1), big.NewRat(took, 2*limit)))
		exact.Add(exact, big.NewRat(1, 2))
		points = new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
	}
	if right != g.right || points != int64(g.points) {
		return fmt.Errorf("the answer of %s after %d ms is %v and worth %d, not %v and %d", r.By, took, right, points, g.right, g.points)
	}
	q.given[number][r.By] = g
	m.earn(r, r.By, "answered", 5, "", 0)
	return nil
}

// reveal adds the points of the current question, ranks all who ever answered
// and returns who was right.
func (q *quizOf) reveal() []wire.UserID {
	var right []wire.UserID
	for user, g := range q.given[q.at] {
		if g.right {
			right = append(right, user)
		}
		if g.points > 0 {
			q.score[user] += g.points
			q.reached[user] = g.at
		}
	}
	slices.Sort(right)
	players := map[wire.UserID]bool{}
	for _, answers := range q.given {
		for user := range answers {
			players[user] = true
		}
	}
	order := slices.SortedFunc(maps.Keys(players), func(a, b wire.UserID) int {
		return cmp.Or(cmp.Compare(q.score[b], q.score[a]), cmp.Compare(q.reached[a], q.reached[b]), cmp.Compare(a, b))
	})
	q.places = nil
	for i, user := range order {
		rank := i + 1
		if i > 0 && q.score[user] == q.score[order[i-1]] {
			rank = q.places[i-1].Rank
		}
		q.places = append(q.places, place{rank, user, q.score[user]})
	}
	return right
}

// earn books points: once for each name that is not empty, and never more than
// limit times for one person and rule, if there is a limit.
func (m *model) earn(r room.Record, user wire.UserID, rule string, points int64, once string, limit int) {
	if once != "" {
		if m.counted[once] {
			return
		}
		m.counted[once] = true
	}
	if n := &limit; *n > 0 {
		at := rule + " " + string(user)
		if m.caps[at] >= limit {
			return
		}
		m.caps[at]++
	}
	m.earned = append(m.earned, entry{user, rule, points, m.room, r.Seq})
}

func numbers(raw []json.RawMessage) []int {
	out := make([]int, len(raw))
	for i, r := range raw {
		_ = json.Unmarshal(r, &out[i])
	}
	return out
}
