package report

import (
	"cmp"
	"slices"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

type (
	// Report is what came of a room's classes, as of a position of its log. It
	// is for the staff. What cannot be known is nil, never NaN.
	Report struct {
		Room     wire.RoomID `json:"room"`
		Title    string      `json:"title"`
		Phase    room.Phase  `json:"phase"`
		Seq      uint64      `json:"seq"`
		At       wire.Millis `json:"at"`             // of the last event
		Since    wire.Millis `json:"since,omitzero"` // of the first
		Partial  bool        `json:"partial"`        // older records were let go of
		Sittings []Sitting   `json:"sittings"`       // when the class was live
		Class    Class       `json:"class"`          //
		Step     wire.Millis `json:"step"`           // of the points
		Points   []Point     `json:"points"`         // of the line of time, where anything was
		Marks    []Mark      `json:"marks"`          // what went on, in order of time
		Pulse    []Pulse     `json:"pulse,omitzero"` // each holds until the next
		Quizzes  []Quiz      `json:"quizzes"`        //
		Polls    []Poll      `json:"polls"`          //
		Surveys  []Survey    `json:"surveys"`        //
		Board    []Asked     `json:"board"`          // most votes first, at most [MaxBoard]
		Comments Comments    `json:"comments"`       //
		People   []Person    `json:"people"`         // in the order of their coming
	}
	// Sitting is a time during which the class was live; To is 0 while it is.
	Sitting struct {
		From wire.Millis `json:"from"`
		To   wire.Millis `json:"to"`
	}
	// Class is the whole in numbers. Participation is of the viewers: who wrote,
	// raised a hand, asked by name, voted, or answered a quiz or a survey.
	Class struct {
		People   int         `json:"people"`  // who came, with the staff
		Viewers  int         `json:"viewers"` // without
		Peak     int         `json:"peak"`    // there at once
		Here     int         `json:"here"`
		Duration wire.Millis `json:"duration"`  // for which the class was live
		Stay     *Quartiles  `json:"stay"`      // of viewers in the live class, milliseconds
		Active   int         `json:"active"`    // viewers who took part in anything
		Rate     *float64    `json:"rate"`      // they, of the viewers
		Messages int         `json:"messages"`  //
		Deleted  int         `json:"deleted"`   // of the messages
		Hands    int         `json:"hands"`     // raised
		Asked    int         `json:"asked"`     // questions on the board
		Answered int         `json:"answered"`  // of them
		Secret   int         `json:"anonymous"` // of those asked
		Upvotes  int         `json:"upvotes"`   //
		Polls    int         `json:"polls"`     //
		Votes    int         `json:"votes"`     //
		Surveys  int         `json:"surveys"`   //
		Quizzes  int         `json:"quizzes"`   //
		Items    int         `json:"items"`     // questions of quizzes that are settled
		Answers  int         `json:"answers"`   // to questions of quizzes
		Right    *float64    `json:"right"`     // share of the answers that are settled
		Points   int         `json:"points"`    // won in quizzes
	}
	// Quartiles divide values into four equal parts.
	Quartiles struct {
		Q1     float64 `json:"q1"`
		Median float64 `json:"median"`
		Q3     float64 `json:"q3"`
	}
	// Point is one step of the line of time.
	Point struct {
		At       wire.Millis `json:"at"`
		Present  int         `json:"present"` // most people at once
		Messages int         `json:"messages,omitzero"`
		Asked    int         `json:"asked,omitzero"`   // on the board
		Answers  int         `json:"answers,omitzero"` // to quizzes
		Comments int         `json:"comments,omitzero"`
		Mean     *float64    `json:"feeling"` // of the comments that show any, -1 to 1

		feeling feeling
	}
	// Mark is something that went on: topic, segment, air, poll, quiz (one of
	// its questions) or survey.
	Mark struct {
		Kind  string      `json:"kind"`
		ID    uint64      `json:"id"`
		At    wire.Millis `json:"at"`
		Until wire.Millis `json:"until"` // 0: it goes on
		Title string      `json:"title,omitzero"`
	}
	// Pulse is a note of how many had which mood.
	Pulse struct {
		At   wire.Millis `json:"at"`
		Here int         `json:"here"`
		room.Pulse
	}
	// Feeling is what comments show. Those that have no word for a feeling are
	// in N alone.
	Feeling struct {
		N         int      `json:"n"`
		Mean      *float64 `json:"mean"` // of the others, -1 to 1
		Praise    int      `json:"praise"`
		Neutral   int      `json:"neutral"`
		Complaint int      `json:"complaint"`
	}
	// Comments is their analysis. Examples name nobody.
	Comments struct {
		Feeling Feeling `json:"feeling"`
		Read    int     `json:"read"` // comments whose words were looked at for the rest
		Themes  []Theme `json:"themes"`
		Parts   []Part  `json:"parts"` // of the sittings
	}
	// Theme is a key phrase that comments share, the weightiest first.
	Theme struct {
		Phrase   string    `json:"phrase"`
		Count    int       `json:"count"`   // comments that have it
		Feeling  *float64  `json:"feeling"` // of the first of them
		Examples []Example `json:"examples"`
	}
	// Example is a comment: from the chat, the board or a survey.
	Example struct {
		At     wire.Millis `json:"at,omitzero"`
		Source string      `json:"source"`
		Text   string      `json:"text"`
		Score  *float64    `json:"score"`
	}
	// Part is a segment of a sitting, or so many minutes of it.
	Part struct {
		Title    string      `json:"title,omitzero"`
		From     wire.Millis `json:"from"`
		To       wire.Millis `json:"to"`
		Messages int         `json:"messages"`
		Feeling  Feeling     `json:"feeling"`
		Themes   []Theme     `json:"themes"`
		Best     *Example    `json:"best"`
		Worst    *Example    `json:"worst"`
	}
	// Quiz is what came of a quiz.
	Quiz struct {
		ID        uint64       `json:"id"`
		Title     string       `json:"title"`
		At        wire.Millis  `json:"at"`
		Phase     quiz.Phase   `json:"phase"`
		Of        int          `json:"of"` // questions
		Scoring   quiz.Scoring `json:"scoring"`
		Players   int          `json:"players"`
		Mean      *float64     `json:"mean"`   // of their scores
		Points    int          `json:"points"` // of all
		Teams     []Team       `json:"teams,omitzero"`
		Questions []Question   `json:"questions"` // that were asked
	}
	// Team is a team of a quiz.
	Team struct {
		Name    string `json:"name"`
		Score   int    `json:"score"`
		Members int    `json:"members"`
	}
	// Question is one question of a quiz. Until it is settled (revealed, or the
	// quiz is finished) only how many have answered is known.
	Question struct {
		Number   int         `json:"number"` // from 0
		Type     quiz.Type   `json:"type"`
		Text     string      `json:"text"`
		Points   int         `json:"points"`
		Seconds  int         `json:"seconds"`
		Tags     []string    `json:"tags,omitzero"`
		At       wire.Millis `json:"at"`
		ClosedAt wire.Millis `json:"closed_at"`
		Answered int         `json:"answered"`
		Settled  bool        `json:"settled"`

		Right          int        `json:"right"`
		Difficulty     *float64   `json:"difficulty"`     // share of those who answered that were right
		Share          *float64   `json:"share"`          // of what is right that they had, on average
		Discrimination *float64   `json:"discrimination"` // see discrimination
		Time           *Quartiles `json:"time"`           // milliseconds
		Thirds         int        `json:"thirds"`         // people in the upper and in the lower third; 0: too few
		Choices        []Choice   `json:"choices,omitzero"`
		Typed          []Typed    `json:"typed,omitzero"` // most frequent first
		Key            []string   `json:"key,omitzero"`   // of what is not picked
	}
	// Choice is how often something was picked or, part by part, was right.
	Choice struct {
		Text    string `json:"text"`
		Correct bool   `json:"correct"`
		N       int    `json:"n"`
		Upper   *int   `json:"upper"` // of the upper third
		Lower   *int   `json:"lower"`
	}
	// Typed is an answer that was typed.
	Typed struct {
		Text  string `json:"text"`
		N     int    `json:"n"`
		Right bool   `json:"right"`
	}
	// Poll is a poll that was opened, as the staff sees it.
	Poll struct {
		poll.View
		ClosedAt wire.Millis `json:"closed_at"`
	}
	// Survey is a survey that was opened, as the staff sees it.
	Survey struct {
		survey.View
		ClosedAt wire.Millis `json:"closed_at"`
		Words    []*Words    `json:"words"` // of each item; null where nothing is written
	}
	// Words is what people wrote to one item of a survey.
	Words struct {
		Feeling Feeling `json:"feeling"`
		Themes  []Theme `json:"themes"`
	}
	// Asked is a question of the board. By is "" where it was asked anonymously.
	Asked struct {
		ID        uint64      `json:"id"`
		At        wire.Millis `json:"at"`
		By        string      `json:"by"`
		Anonymous bool        `json:"anonymous,omitzero"`
		Text      string      `json:"text"`
		State     string      `json:"state"`
		Votes     int         `json:"votes"`
		Answers   int         `json:"answers"` // in writing, with replies
		Labels    []string    `json:"labels,omitzero"`
	}
	// Person is somebody who came. Nothing secret or anonymous is counted.
	Person struct {
		ID        wire.UserID `json:"id"`
		Name      string      `json:"name"`
		Role      wire.Role   `json:"role"`
		Here      bool        `json:"here"`
		First     wire.Millis `json:"first"`
		Last      wire.Millis `json:"last"`     // 0: they are here
		Attended  wire.Millis `json:"attended"` // of the live class
		Share     *float64    `json:"share"`    // of it
		Messages  int         `json:"messages"`
		Hands     int         `json:"hands"`
		Questions int         `json:"questions"` // asked by name
		Votes     int         `json:"votes"`     // polls they took part in
		Surveys   int         `json:"surveys"`
		Answered  int         `json:"answered"` // questions of quizzes
		Right     int         `json:"right"`
		Score     int         `json:"score"` // of all quizzes
		Rank      int         `json:"rank"`  // by score; 0: has answered nothing
	}
	// Stay is a time during which somebody was there.
	Stay struct {
		From wire.Millis `json:"from"`
		To   wire.Millis `json:"to"`
	}
)

// MaxBoard is how many questions of a board a report tells; a table has all.
const MaxBoard = 200

// Report says what the log has come to so far.
func (f *Fold) Report() *Report {
	r := &Report{
		Room: f.room, Title: f.title, Phase: room.Waiting, Seq: f.seq, At: f.at, Since: f.since, Partial: f.partial,
		Sittings: slices.Clone(f.sittings), Pulse: slices.Clone(f.moods),
	}
	if f.live {
		r.Phase = room.Live
	} else if f.over {
		r.Phase = room.Over
	}
	r.Quizzes, r.Polls, r.Surveys = f.quizViews(), f.pollViews(), f.surveyViews()
	r.Points, r.Step = f.points(), f.time.step
	r.Marks = f.activities(r)
	r.People = f.persons()
	r.Board = f.asked()
	r.Class = f.class(r)
	r.Comments = f.discuss(r.Points, f.at)
	r.Board = r.Board[:min(len(r.Board), MaxBoard)]
	return r
}

// points is the line of time, with the questions of the board as they stand.
func (f *Fold) points() []Point {
	if f.here > 0 {
		f.time.touch(f.at, f.here)
	}
	out := make([]Point, len(f.time.list))
	for i, b := range f.time.list {
		out[i] = Point{At: b.at, Present: b.peak, Messages: b.messages, Answers: b.answers, feeling: b.feeling}
	}
	for id, q := range f.board.Questions {
		at := f.time.begin(q.At)
		i, found := slices.BinarySearchFunc(out, at, func(p Point, at wire.Millis) int { return cmp.Compare(p.At, at) })
		if !counted(q) {
			continue
		}
		if !found {
			out = slices.Insert(out, i, Point{At: at})
		}
		out[i].Asked++
		if felt, known := f.feels[id]; known && !f.who(q.By).Role.Staff() {
			out[i].feeling.add(felt, 1)
		}
	}
	for i := range out {
		said := out[i].feeling.report()
		out[i].Comments, out[i].Mean = said.N, said.Mean
	}
	return out
}

// activities is all that went on, in order of time.
func (f *Fold) activities(r *Report) []Mark {
	marks := slices.Clone(f.notes)
	for _, p := range r.Polls {
		marks = append(marks, Mark{"poll", p.ID, p.At, p.ClosedAt, p.Text})
	}
	for _, s := range r.Surveys {
		marks = append(marks, Mark{"survey", s.ID, s.At, s.ClosedAt, s.Title})
	}
	for _, q := range r.Quizzes {
		for _, question := range q.Questions {
			marks = append(marks, Mark{"quiz", q.ID, question.At, question.ClosedAt, question.Text})
		}
	}
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.At, b.At) })
	return marks[max(0, len(marks)-maxMarks):]
}

// persons are those who came, with all that they did under their names.
func (f *Fold) persons() []Person {
	asked := map[wire.UserID]int{}
	for _, q := range f.board.Questions {
		if counted(q) && !q.Anonymous {
			asked[q.By]++
		}
	}
	duration := f.duration()
	out := make([]Person, 0, len(f.order))
	for _, id := range f.order {
		p := f.people[id]
		if !p.came && p.name.Owner == "" {
			continue // of whom the log tells no more than that they acted
		}
		v := Person{
			ID: id, Name: p.name.Text, Role: p.as(), Here: p.here, First: p.first, Last: p.last,
			Attended: f.attendedBy(p, f.at), Messages: p.messages, Hands: p.hands, Questions: asked[id],
		}
		if p.here {
			v.Last = 0
		}
		if duration > 0 {
			share := min(1, float64(v.Attended)/float64(duration))
			v.Share = &share
		}
		out = append(out, v)
	}
	tally := func(took func(wire.UserID) bool, count func(*Person)) {
		for i := range out {
			if took(out[i].ID) {
				count(&out[i])
			}
		}
	}
	for id, p := range f.polls {
		tally(p.voted(id), func(v *Person) { v.Votes++ })
	}
	for id, s := range f.surveys {
		tally(s.took(id), func(v *Person) { v.Surveys++ })
	}
	for _, r := range f.runs {
		for i := range out {
			p := r.Players[out[i].ID]
			if p == nil {
				continue
			}
			out[i].Score += p.Score
			out[i].Answered += len(p.Given)
			for _, g := range p.Given {
				if g.Right && r.settled(g.Question) {
					out[i].Right++
				}
			}
		}
	}
	rank(out)
	return out
}

// rank gives those who have answered anything their rank by score: equal
// scores share one, and the next is left out.
func rank(people []Person) {
	var order []*Person
	for i := range people {
		if people[i].Answered > 0 {
			order = append(order, &people[i])
		}
	}
	slices.SortStableFunc(order, func(a, b *Person) int { return cmp.Compare(b.Score, a.Score) })
	for i, p := range order {
		if p.Rank = i + 1; i > 0 && p.Score == order[i-1].Score {
			p.Rank = order[i-1].Rank
		}
	}
}

func (p *Person) active() bool {
	return p.Messages+p.Hands+p.Questions+p.Votes+p.Surveys+p.Answered > 0
}

// duration is how long the class was live, as of the last event.
func (f *Fold) duration() wire.Millis {
	var sum wire.Millis
	for _, s := range f.sittings {
		end := s.To
		if end == 0 {
			end = f.at
		}
		sum += max(0, end-s.From)
	}
	return sum
}

// asked is the board, most votes first. Questions merged into others are part
// of those.
func (f *Fold) asked() []Asked {
	out := []Asked{}
	rows := f.board.Rows(f.who)
	for i, row := range rows {
		if row.Question != 0 || row.Into != 0 {
			continue
		}
		q := Asked{
			ID: row.ID, At: row.At, By: row.By, Anonymous: row.Anonymous, Text: row.Text, State: row.State, Votes: row.Votes, Labels: row.Labels,
		}
		for _, answer := range rows[i+1:] {
			if answer.Question != row.ID {
				break
			}
			q.Answers++
		}
		out = append(out, q)
	}
	slices.SortStableFunc(out, func(a, b Asked) int { return cmp.Compare(b.Votes, a.Votes) })
	return out
}

func (f *Fold) class(r *Report) Class {
	c := Class{
		Peak: f.peak, Here: f.here, Duration: f.duration(), Messages: f.messages, Deleted: f.deleted, Hands: f.hands,
		Upvotes: f.upvotes, Polls: len(r.Polls), Surveys: len(r.Surveys), Quizzes: len(r.Quizzes),
	}
	var stays []float64
	for i := range r.People {
		p := &r.People[i]
		if p.First == 0 {
			continue // at the moderators' socket only
		}
		c.People++
		if p.Role.Staff() {
			continue
		}
		c.Viewers++
		if c.Duration > 0 {
			stays = append(stays, float64(p.Attended))
		}
		if p.active() {
			c.Active++
		}
	}
	c.Stay = quartiles(stays)
	if c.Viewers > 0 {
		rate := float64(c.Active) / float64(c.Viewers)
		c.Rate = &rate
	}
	for id := range f.board.Questions {
		q := f.board.Questions[id]
		if !counted(q) {
			continue
		}
		c.Asked++
		if q.Answered || q.Status == qa.Gone && f.board.Questions[q.Into] != nil && f.board.Questions[q.Into].Answered {
			c.Answered++
		}
		if q.Anonymous {
			c.Secret++
		}
	}
	for _, p := range r.Polls {
		c.Votes += p.Voters
	}
	settled, right := 0, 0
	for _, q := range r.Quizzes {
		c.Points += q.Points
		for _, question := range q.Questions {
			c.Answers += question.Answered
			if question.Settled {
				c.Items++
				settled += question.Answered
				right += question.Right
			}
		}
	}
	if settled > 0 {
		share := float64(right) / float64(settled)
		c.Right = &share
	}
	return c
}
