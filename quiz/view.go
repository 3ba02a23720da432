package quiz

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/lyceum-live/lyceum/internal/text"
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
		Board    []PlaceView `json:"board"`            // as of the last reveal
		Scoring  Scoring     `json:"scoring,omitzero"` // "": by speed
		Streak   int         `json:"streak,omitzero"`  // the most that a run of right answers adds
		Teams    []TeamView  `json:"teams,omitzero"`
		Seed     uint32      `json:"seed,omitzero"` // 0: everybody sees the choices in their order
		Play     bool        `json:"play,omitzero"` // the staff may play
	}
	// FaceView is a question as those see it who are to answer.
	FaceView struct {
		Type     Type        `json:"type,omitzero"` // "": of choices
		Text     string      `json:"text"`
		Media    *DraftMedia `json:"media,omitzero"`
		Choices  []string    `json:"choices"`
		Images   []string    `json:"images,omitzero"` // of each choice, "" for none
		Multiple bool        `json:"multiple"`
		Lefts    []string    `json:"lefts,omitzero"`
		Rights   []string    `json:"rights,omitzero"`
		Gaps     int         `json:"gaps,omitzero"`
		Points   int         `json:"points"`
		Seconds  int         `json:"seconds"`
	}
	// KeyView is what is right. All of it is missing, and Correct null, before
	// the reveal.
	KeyView struct {
		Correct     *[]int     `json:"correct"` // to order: what is shown, in its order
		Accept      []string   `json:"accept,omitzero"`
		Ranges      []Range    `json:"ranges,omitzero"`
		Pairs       []int      `json:"pairs,omitzero"` // for each left its right, as it is shown
		Fills       [][]string `json:"fills,omitzero"` // for each gap
		Areas       []Area     `json:"areas,omitzero"`
		Explanation string     `json:"explanation,omitzero"`
	}
	// CurrentView is the question before the class. Counts are null until it is
	// revealed: of those who picked each choice, had each place, pair or gap
	// right, or pointed into each cell of a picture, [HeatSide] to a row.
	CurrentView struct {
		Question int `json:"question"`
		FaceView
		AskedAt  wire.Millis `json:"asked_at"`
		Deadline wire.Millis `json:"deadline"`           // 0: no limit
		PausedAt wire.Millis `json:"paused_at,omitzero"` // the clock stands still since
		Answered int         `json:"answered"`
		Settles  wire.Millis `json:"settles_at,omitzero"` // closed: until then some who see it late may answer
		KeyView
		Counts *[]int     `json:"counts"`
		Words  []WordView `json:"words,omitzero"` // what was typed, the most frequent first
	}
	// WordView is something typed, and by how many.
	WordView struct {
		Text  string `json:"text"`
		N     int    `json:"n"`
		Right bool   `json:"right,omitzero"`
	}
	// TeamView is how a team stands as of the last reveal.
	TeamView struct {
		Name    string `json:"name"`
		Score   int    `json:"score"`
		Members int    `json:"members"`
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
		Scoring   Scoring        `json:"scoring,omitzero"`
		Streak    int            `json:"streak,omitzero"`
		Teams     []string       `json:"teams,omitzero"`
		Shuffle   bool           `json:"shuffle,omitzero"`
		Draw      int            `json:"draw,omitzero"`
		Play      bool           `json:"play,omitzero"`
	}
	// QuestionView is one question of a DraftView: see [Question].
	QuestionView struct {
		Type        Type        `json:"type,omitzero"`
		Text        string      `json:"text"`
		Media       *DraftMedia `json:"media,omitzero"`
		Choices     []string    `json:"choices"`
		Images      []string    `json:"images,omitzero"`
		Correct     []int       `json:"correct"`
		Accept      []string    `json:"accept,omitzero"`
		Ranges      []Range     `json:"ranges,omitzero"`
		Pairs       []DraftPair `json:"pairs,omitzero"`
		Gaps        [][]string  `json:"gaps,omitzero"`
		Areas       []Area      `json:"areas,omitzero"`
		Points      int         `json:"points"`
		Seconds     int         `json:"seconds"`
		Explanation string      `json:"explanation,omitzero"`
		Tags        []string    `json:"tags,omitzero"`
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
		Quiz     uint64      `json:"quiz"`
		Question int         `json:"question"`
		Choices  []int       `json:"choices"` // none: not answered, or otherwise
		Text     string      `json:"text,omitzero"`
		Number   *float64    `json:"number,omitzero"`
		Texts    []string    `json:"texts,omitzero"`
		Point    *Point      `json:"point,omitzero"`
		Correct  *bool       `json:"correct"`
		Share    float64     `json:"share,omitzero"` // of what is right, where that counts
		Points   *int        `json:"points"`         // with the bonus
		Bonus    int         `json:"bonus,omitzero"`
		Score    int         `json:"score"`
		Rank     int         `json:"rank"`
		Of       int         `json:"of"`
		Streak   int         `json:"streak,omitzero"`   // right answers on end as of the last reveal, where that counts
		Team     int         `json:"team,omitzero"`     // the first is 1
		Deadline wire.Millis `json:"deadline,omitzero"` // one's own, -1: none; 0: as everybody's
		Behind   wire.Millis `json:"behind,omitzero"`   // by how much later than others this question is theirs
	}
	// Own is one of a person's own answers.
	Own struct {
		Quiz     uint64   `json:"quiz"`
		Question int      `json:"question"`
		Choices  []int    `json:"choices"`
		Text     string   `json:"text,omitzero"`
		Number   *float64 `json:"number,omitzero"`
		Texts    []string `json:"texts,omitzero"`
		Point    *Point   `json:"point,omitzero"`
	}
	// Standing is where a person stands as of the last reveal.
	Standing struct {
		Quiz     uint64      `json:"quiz"`
		Score    int         `json:"score"`
		Rank     int         `json:"rank"` // 0: none yet
		Of       int         `json:"of"`
		Streak   int         `json:"streak,omitzero"`
		Team     int         `json:"team,omitzero"`
		Deadline wire.Millis `json:"deadline,omitzero"`
		Behind   wire.Millis `json:"behind,omitzero"`
	}
	// AllowView is somebody who has more time: for the staff.
	AllowView struct {
		User wire.UserID `json:"user"`
		Name string      `json:"name"`
		Allowance
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
		personal = s.deadlines()
		for user := range s.Run.Behind {
			personal[user] = s.mine(user)
		}
	case Joined, Answered:
		personal = map[wire.UserID]wire.View{h.By: s.mine(h.By)}
	case Paused:
		all = &wire.View{Type: "quiz.paused", Data: s.Run.view(who)}
	case Resumed:
		all = &wire.View{Type: "quiz.resumed", Data: s.Run.view(who)}
		personal = s.deadlines()
	case Extended:
		all = &wire.View{Type: "quiz.extended", Data: s.Run.view(who)}
		personal = s.deadlines()
	case Allowed:
		staff = &wire.View{Type: "quiz.allowed", Data: AllowView{e.User, who(e.User).Name, e.Allowance}}
		if s.Run != nil && s.Run.Phase == PhaseOpen {
			personal = map[wire.UserID]wire.View{e.User: s.mine(e.User)}
		}
	case Closed:
		all = &wire.View{Type: "quiz.closed", Data: s.Run.view(who)}
	case Revealed:
		all = &wire.View{Type: "quiz.revealed", Data: s.Run.view(who)}
		personal = make(map[wire.UserID]wire.View, len(s.Run.Players))
		for user := range s.Run.Players {
			personal[user] = s.mine(user)
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
// keys: for the staff only. One that runs and that the staff may play is none.
func (s *State) Drafts() []DraftView {
	var out []DraftView
	for _, id := range slices.Sorted(maps.Keys(s.Prepared)) {
		out = append(out, s.Prepared[id].draft(id))
	}
	if s.running() && !s.Run.Play {
		out = append(out, s.Run.draft(s.Run.ID))
		slices.SortFunc(out, func(a, b DraftView) int { return cmp.Compare(a.ID, b.ID) })
	}
	return out
}

// Mine returns user's answers in the running or last quiz, and where they
// stand in it: nil as long as there is nothing to say of that.
func (s *State) Mine(user wire.UserID) ([]Own, *Standing) {
	r := s.Run
	if r == nil {
		return nil, nil
	}
	v := Standing{Quiz: r.ID, Deadline: s.ownDeadline(user), Behind: r.behind(user)}
	var answers []Own
	if p := r.Players[user]; p != nil {
		answers = make([]Own, len(p.Given))
		for i := range p.Given {
			g := p.Given[i].reply()
			answers[i] = Own{r.ID, p.Given[i].Question, g.Choices, g.Text, g.Number, g.Texts, g.Point}
		}
		v.Score, v.Rank, v.Team = p.Score, p.Rank, p.Team
		if r.Streak > 0 {
			v.Streak = p.Streak
		}
		if p.Rank > 0 {
			v.Of = r.Ranked
		}
	}
	if v == (Standing{Quiz: r.ID}) {
		return answers, nil
	}
	return answers, &v
}

// Accommodations lists who has more time, in order: for the staff.
func (s *State) Accommodations(who func(wire.UserID) wire.Person) []AllowView {
	var out []AllowView
	for _, user := range slices.Sorted(maps.Keys(s.Allowed)) {
		out = append(out, AllowView{user, who(user).Name, s.Allowed[user]})
	}
	return out
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
			Question: r.Question, FaceView: q.face(r.Shown),
			AskedAt: r.AskedAt, Deadline: r.Deadline, Answered: r.Answered, Settles: r.settlesAt(),
		},
		Board: make([]PlaceView, len(r.Board)), Scoring: r.Scoring, Streak: r.Streak, Play: r.Play,
	}
	if p := r.paused(); p != nil {
		v.Current.PausedAt = p.From
	}
	if r.Shuffle {
		v.Seed = publicSeed(r.Seed)
	}
	if r.shown() {
		counts := slices.Clone(r.Counts)
		v.Current.KeyView, v.Current.Counts, v.Current.Words = q.key(r.Shown), &counts, r.words()
	}
	for i, p := range r.Board {
		v.Board[i] = PlaceView{p.Rank, p.User, who(p.User).Name, p.Score}
	}
	for i, t := range r.Standings {
		v.Teams = append(v.Teams, TeamView{r.Teams[i].Text, t.Score, t.Members})
	}
	return v
}

// face is the question without its key.
func (q *Question) face(shown []int) FaceView {
	v := FaceView{
		Type: q.Type, Text: q.Text.Text, Media: q.Media.view(), Choices: texts(q.Choices), Images: q.Images, Multiple: q.multiple(),
		Gaps: len(q.Gaps), Points: q.Points, Seconds: q.Seconds,
	}
	for place, i := range shown {
		if q.kind() == TypeOrder {
			v.Choices[place] = q.Choices[i].Text
		} else {
			v.Rights = append(v.Rights, q.Pairs[i].Right.Text)
		}
	}
	for _, pair := range q.Pairs {
		v.Lefts = append(v.Lefts, pair.Left.Text)
	}
	return v
}

// key is what is right, told by what is shown.
func (q *Question) key(shown []int) KeyView {
	correct := slices.Clone(q.Correct)
	v := KeyView{Ranges: q.Ranges, Areas: q.Areas, Explanation: q.Explanation.Text}
	if len(q.Accept) > 0 {
		v.Accept = texts(q.Accept)
	}
	for _, gap := range q.Gaps {
		v.Fills = append(v.Fills, texts(gap))
	}
	back := make([]int, len(shown)) // where each is shown
	for place, i := range shown {
		back[i] = place
	}
	switch q.kind() {
	case TypeOrder:
		correct = back
	case TypeMatch:
		v.Pairs = back
	}
	v.Correct = &correct
	return v
}

// topWords is how many of the things that were typed are shown.
const topWords = 10

// words are the most frequent of what was typed to the current question. What
// is not right is shown only where several typed it: it stands before a class.
// They are looked for once: what is revealed never changes.
func (r *Run) words() []WordView {
	if r.typed == nil {
		words := r.frequent()
		r.typed = &words
	}
	return slices.Clone(*r.typed)
}

func (r *Run) frequent() []WordView {
	if kind := r.current().kind(); kind != TypeText && kind != TypeNumeric {
		return nil
	}
	byFold := map[string]*WordView{}
	for _, user := range slices.Sorted(maps.Keys(r.Players)) {
		g := r.Players[user].given(r.Question)
		if g == nil || g.Entry == nil {
			continue
		}
		said := g.Entry.Text.Text
		if g.Entry.Number != nil {
			said = strconv.FormatFloat(*g.Entry.Number, 'f', -1, 64)
		}
		folded := text.Fold(said)
		if folded == "" {
			continue
		}
		if byFold[folded] == nil {
			byFold[folded] = &WordView{Text: said, Right: g.Right}
		}
		byFold[folded].N++
	}
	var out []WordView
	for _, folded := range slices.Sorted(maps.Keys(byFold)) {
		if w := byFold[folded]; w.Right || w.N > 1 {
			out = append(out, *w)
		}
	}
	slices.SortStableFunc(out, func(a, b WordView) int { return cmp.Compare(b.N, a.N) })
	return out[:min(len(out), topWords)]
}

// mine is what concerns user alone in the current question.
func (s *State) mine(user wire.UserID) wire.View {
	r := s.Run
	v := MineView{Quiz: r.ID, Question: r.Question, Of: r.Ranked, Deadline: s.ownDeadline(user), Behind: r.behind(user)}
	p := r.Players[user]
	if p != nil {
		v.Score, v.Rank, v.Team = p.Score, p.Rank, p.Team
		if r.Streak > 0 {
			v.Streak = p.Streak
		}
	}
	var g Given
	if given := p.given(r.Question); given != nil {
		g = *given
		reply := g.reply()
		v.Choices, v.Text, v.Number, v.Texts, v.Point = reply.Choices, reply.Text, reply.Number, reply.Texts, reply.Point
	}
	if r.shown() {
		points := g.total()
		v.Correct, v.Points, v.Bonus = &g.Right, &points, g.Bonus
		if r.Scoring == Partial {
			v.Share = g.share()
		}
	}
	return wire.View{Type: "quiz.mine", Data: v}
}

// ownDeadline is when the open question ends for somebody who has more time:
// -1 for never, 0 for everybody else.
func (s *State) ownDeadline(user wire.UserID) wire.Millis {
	a, has := s.Allowed[user]
	if r := s.Run; !has || r == nil || r.Phase != PhaseOpen || r.Deadline == 0 {
		return 0
	} else if own := r.deadline(a); own != 0 {
		return own
	}
	return -1
}

// deadlines tells those who have more time how much they have.
func (s *State) deadlines() map[wire.UserID]wire.View {
	out := make(map[wire.UserID]wire.View, len(s.Allowed))
	for user := range s.Allowed {
		out[user] = s.mine(user)
	}
	return out
}

func (q *Quiz) draft(id uint64) DraftView {
	v := DraftView{
		ID: id, Title: q.Title.Text, Questions: make([]QuestionView, len(q.Questions)),
		Scoring: q.Scoring, Streak: q.Streak, Shuffle: q.Shuffle, Draw: q.Draw, Play: q.Play,
	}
	if len(q.Teams) > 0 {
		v.Teams = texts(q.Teams)
	}
	for i, q := range q.Questions {
		w := QuestionView{
			Type: q.Type, Text: q.Text.Text, Media: q.Media.view(), Choices: texts(q.Choices), Images: q.Images, Correct: slices.Clone(q.Correct),
			Ranges: q.Ranges, Areas: q.Areas, Points: q.Points, Seconds: q.Seconds, Explanation: q.Explanation.Text, Tags: q.Tags,
		}
		if len(q.Accept) > 0 {
			w.Accept = texts(q.Accept)
		}
		for _, pair := range q.Pairs {
			w.Pairs = append(w.Pairs, DraftPair{pair.Left.Text, pair.Right.Text})
		}
		for _, gap := range q.Gaps {
			w.Gaps = append(w.Gaps, texts(gap))
		}
		v.Questions[i] = w
	}
	return v
}
