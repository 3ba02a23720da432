package quiz

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

type (
	// View is the running or last quiz, the same for everybody.
	View struct {
		ID       uint64      `json:"id"`
		Title    string      `json:"title"`
		Of       int         `json:"of"`
		Question int         `json:"question"` // from 0
		Phase    Phase       `json:"phase"`
		Current  CurrentView `json:"current"`
		Board    []PlaceView `json:"board"` // as of the last reveal
	}
	// CurrentView is the question before the class. Correct and Counts are null
	// until it is revealed.
	CurrentView struct {
		Question int         `json:"question"`
		Text     string      `json:"text"`
		Choices  []string    `json:"choices"`
		Multiple bool        `json:"multiple"`
		Points   int         `json:"points"`
		Seconds  int         `json:"seconds"`
		AskedAt  wire.Millis `json:"asked_at"`
		Deadline wire.Millis `json:"deadline"`
		Answered int         `json:"answered"`
		Correct  *[]int      `json:"correct"`
		Counts   *[]int      `json:"counts"`
	}
	// PlaceView is a line of the leader board.
	PlaceView struct {
		Rank  int         `json:"rank"`
		ID    wire.UserID `json:"id"`
		Name  string      `json:"name"`
		Score int         `json:"score"`
	}
	// DraftView is a quiz as its authors see it, with its key: for the staff
	// only, and only while the quiz is not finished.
	DraftView struct {
		ID        uint64         `json:"id"`
		Title     string         `json:"title"`
		Questions []QuestionView `json:"questions"`
	}
	// QuestionView is one question of a DraftView.
	QuestionView struct {
		Text    string   `json:"text"`
		Choices []string `json:"choices"`
		Correct []int    `json:"correct"`
		Points  int      `json:"points"`
		Seconds int      `json:"seconds"`
	}
	// DroppedView is the data of "quiz.dropped".
	DroppedView struct {
		Quiz uint64 `json:"quiz"`
	}
	// TallyView is the data of the signal "quiz.tally".
	TallyView struct {
		Quiz     uint64 `json:"quiz"`
		Question int    `json:"question"`
		Answered int    `json:"answered"`
	}
	// MineView is the data of the personal view "quiz.mine". Correct and Points
	// are null until the reveal; Rank is 0 until one's first.
	MineView struct {
		Quiz     uint64 `json:"quiz"`
		Question int    `json:"question"`
		Choices  []int  `json:"choices"` // none: not answered
		Correct  *bool  `json:"correct"`
		Points   *int   `json:"points"`
		Score    int    `json:"score"`
		Rank     int    `json:"rank"`
		Of       int    `json:"of"`
	}
	// Own is one of a person's own answers.
	Own struct {
		Quiz     uint64 `json:"quiz"`
		Question int    `json:"question"`
		Choices  []int  `json:"choices"`
	}
	// Standing is where a person stands as of the last reveal.
	Standing struct {
		Quiz  uint64 `json:"quiz"`
		Score int    `json:"score"`
		Rank  int    `json:"rank"`
		Of    int    `json:"of"`
	}
)

// Views returns what people see of e, which has just been applied: everybody
// all, the staff what is theirs alone, and single persons their own score. A
// reveal tells every player where they stand, whether they answered or not.
func (s *State) Views(h wire.Head, e Event, who func(wire.UserID) wire.Person) (all, staff *wire.View, personal map[wire.UserID]wire.View) {
	switch e := e.(type) {
	case Created:
		staff = &wire.View{Type: "quiz.drafted", Data: e.draft(h.Seq)}
	case Edited:
		staff = &wire.View{Type: "quiz.drafted", Data: e.draft(e.ID)}
	case Dropped:
		staff = &wire.View{Type: "quiz.dropped", Data: DroppedView(e)}
	case Asked:
		all = &wire.View{Type: "quiz.asked", Data: s.Run.view(who)}
	case Answered:
		personal = map[wire.UserID]wire.View{h.By: s.Run.mine(s.Run.Players[h.By])}
	case Closed:
		all = &wire.View{Type: "quiz.closed", Data: s.Run.view(who)}
	case Revealed:
		all = &wire.View{Type: "quiz.revealed", Data: s.Run.view(who)}
		personal = make(map[wire.UserID]wire.View, len(s.Run.Players))
		for user, p := range s.Run.Players {
			personal[user] = s.Run.mine(p)
		}
	case Finished:
		all = &wire.View{Type: "quiz.finished", Data: s.Run.view(who)}
	}
	return all, staff, personal
}

// Snapshot returns the running or last quiz, nil if there was none.
func (s *State) Snapshot(who func(wire.UserID) wire.Person) *View {
	if s.Run == nil {
		return nil
	}
	v := s.Run.view(who)
	return &v
}

// Drafts returns the quizzes that are not finished, oldest first, with their
// keys: for the staff only.
func (s *State) Drafts() []DraftView {
	var out []DraftView
	for _, id := range slices.Sorted(maps.Keys(s.Prepared)) {
		out = append(out, s.Prepared[id].draft(id))
	}
	if s.running() {
		out = append(out, s.Run.draft(s.Run.ID))
		slices.SortFunc(out, func(a, b DraftView) int { return cmp.Compare(a.ID, b.ID) })
	}
	return out
}

// Mine returns user's answers in the running or last quiz, and where they
// stand in it: nil before the first reveal of something they answered.
func (s *State) Mine(user wire.UserID) ([]Own, *Standing) {
	if s.Run == nil || s.Run.Players[user] == nil {
		return nil, nil
	}
	r, p := s.Run, s.Run.Players[user]
	answers := make([]Own, len(p.Given))
	for i, g := range p.Given {
		answers[i] = Own{r.ID, g.Question, g.Choices.list()}
	}
	if p.Rank == 0 {
		return answers, nil
	}
	return answers, &Standing{r.ID, p.Score, p.Rank, r.Ranked}
}

// Tally returns the signal that says how many have answered the open question.
func (s *State) Tally() (wire.View, bool) {
	if s.Run == nil || s.Run.Phase != PhaseOpen {
		return wire.View{}, false
	}
	return wire.View{Type: "quiz.tally", Data: TallyView{s.Run.ID, s.Run.Question, s.Run.Answered}}, true
}

// shown reports whether everybody may know the current question's key.
func (r *Run) shown() bool { return r.Phase == PhaseRevealed || r.Phase == PhaseFinished }

func (r *Run) view(who func(wire.UserID) wire.Person) View {
	q := r.current()
	v := View{
		ID: r.ID, Title: r.Title.Text, Of: len(r.Questions), Question: r.Question, Phase: r.Phase,
		Current: CurrentView{
			Question: r.Question, Text: q.Text.Text, Choices: texts(q.Choices), Multiple: q.multiple(),
			Points: q.Points, Seconds: q.Seconds, AskedAt: r.AskedAt, Deadline: r.Deadline, Answered: r.Answered,
		},
		Board: make([]PlaceView, len(r.Board)),
	}
	if r.shown() {
		correct, counts := slices.Clone(q.Correct), slices.Clone(r.Counts)
		v.Current.Correct, v.Current.Counts = &correct, &counts
	}
	for i, p := range r.Board {
		v.Board[i] = PlaceView{p.Rank, p.User, who(p.User).Name, p.Score}
	}
	return v
}

func (r *Run) mine(p *Player) wire.View {
	v := MineView{Quiz: r.ID, Question: r.Question, Score: p.Score, Rank: p.Rank, Of: r.Ranked}
	var g Given
	if given := p.given(r.Question); given != nil {
		g = *given
		v.Choices = g.Choices.list()
	}
	if r.shown() {
		v.Correct, v.Points = &g.Right, &g.Points
	}
	return wire.View{Type: "quiz.mine", Data: v}
}

func (q *Quiz) draft(id uint64) DraftView {
	v := DraftView{ID: id, Title: q.Title.Text, Questions: make([]QuestionView, len(q.Questions))}
	for i, q := range q.Questions {
		v.Questions[i] = QuestionView{q.Text.Text, texts(q.Choices), slices.Clone(q.Correct), q.Points, q.Seconds}
	}
	return v
}

func texts(choices []wire.Personal) []string {
	out := make([]string, len(choices))
	for i, choice := range choices {
		out[i] = choice.Text
	}
	return out
}
