package quiz

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Past is a quiz that is finished: what was asked of it. Its key is known, so
// whoever likes may go through it alone, as often as they like: nobody keeps
// what they answer.
type Past struct {
	ID uint64 `json:"id"`
	Quiz
	Seed uint64 `json:"seed,omitzero"`
}

type (
	// Practise asks for the questions of a quiz that is finished. It is a
	// query: it changes nothing.
	Practise struct {
		Quiz uint64 `json:"quiz"`
	}
	// Check asks whether an answer to one of them is right. It is a query.
	Check struct {
		Quiz     uint64   `json:"quiz"`
		Question int      `json:"question"`
		Choices  []int    `json:"choices,omitzero"` // see [Reply] for the five
		Text     string   `json:"text,omitzero"`
		Number   *float64 `json:"number,omitzero"`
		Texts    []string `json:"texts,omitzero"`
		Point    *Point   `json:"point,omitzero"`
	}
)

type (
	// PracticeView is a quiz to practise, without its key.
	PracticeView struct {
		Quiz      uint64     `json:"quiz"`
		Title     string     `json:"title"`
		Questions []FaceView `json:"questions"`
	}
	// CheckedView says how right an answer was, and what is.
	CheckedView struct {
		Right bool    `json:"right"`
		Share float64 `json:"share"` // of what is right
		KeyView
	}
	// PastView names a quiz that can be practised.
	PastView struct {
		ID    uint64 `json:"id"`
		Title string `json:"title"`
		Of    int    `json:"of"`
	}
)

// past is what the run leaves when it is over: the questions that were asked.
func (r *Run) past() Past {
	p := Past{r.ID, r.Quiz, r.Seed}
	p.Questions = r.Questions[:r.Question+1]
	return p
}

// retire keeps the last quiz for practice when the next one begins.
func (s *State) retire() {
	if s.Run == nil {
		return
	}
	s.Past = append(s.Past, s.Run.past())
	if over := len(s.Past) - MaxPast; over > 0 {
		s.Past = slices.Delete(s.Past, 0, over)
	}
}

// finished returns a quiz that can be practised.
func (s *State) finished(id uint64) (Past, error) {
	if s.Run != nil && s.Run.ID == id && s.Run.Phase == PhaseFinished {
		return s.Run.past(), nil
	}
	for _, p := range s.Past {
		if p.ID == id {
			return p, nil
		}
	}
	return Past{}, wire.ErrNotFound.In("quiz")
}

// Finished names the quizzes that can be practised, oldest first.
func (s *State) Finished() []PastView {
	var out []PastView
	for _, p := range s.Past {
		out = append(out, PastView{p.ID, p.Title.Text, len(p.Questions)})
	}
	if s.Run != nil && s.Run.Phase == PhaseFinished {
		p := s.Run.past()
		out = append(out, PastView{p.ID, p.Title.Text, len(p.Questions)})
	}
	return out
}

// Practice returns the questions of a finished quiz, shown as they were.
func (s *State) Practice(c Practise) (PracticeView, error) {
	p, err := s.finished(c.Quiz)
	if err != nil {
		return PracticeView{}, err
	}
	v := PracticeView{Quiz: p.ID, Title: p.Title.Text, Questions: make([]FaceView, len(p.Questions))}
	for i := range p.Questions {
		v.Questions[i] = p.Questions[i].face(shownOrder(p.Seed, i, &p.Questions[i]))
	}
	return v, nil
}

// Check marks an answer to a question of a finished quiz, and returns its key.
func (s *State) Check(c Check) (CheckedView, error) {
	p, err := s.finished(c.Quiz)
	if err != nil {
		return CheckedView{}, err
	}
	if c.Question < 0 || c.Question >= len(p.Questions) {
		return CheckedView{}, wire.ErrNotFound.In("question")
	}
	q := &p.Questions[c.Question]
	reply, err := Reply{c.Choices, c.Text, c.Number, c.Texts, c.Point}.clean(q)
	if err != nil {
		return CheckedView{}, err
	}
	shown := shownOrder(p.Seed, c.Question, q)
	marks, of := reply.mark(q, shown)
	right, wrong := tally(marks)
	return CheckedView{right == of && wrong == 0, float64(max(0, right-wrong)) / float64(of), q.key(shown)}, nil
}
