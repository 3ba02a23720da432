package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

type (
	// Detail is what one person did, one by one.
	Detail struct {
		Person
		Stays   []Stay   `json:"stays"`   // at most 500, the oldest
		Answers []Answer `json:"answers"` // to questions of quizzes that are settled
		Asked   []Asked  `json:"asked"`   // by name
		Given   []Vote   `json:"given"`   // in polls
	}
	// Answer is somebody's answer to one question of a quiz.
	Answer struct {
		Quiz     uint64      `json:"quiz"`
		Title    string      `json:"title"`
		Number   int         `json:"number"`
		Question string      `json:"question"`
		Text     string      `json:"text"`
		Right    bool        `json:"right"`
		Share    float64     `json:"share"`
		Points   int         `json:"points"` // with what a run of right answers added
		Took     wire.Millis `json:"took"`
	}
	// Vote is that somebody took part in a poll and, unless that is secret, how.
	Vote struct {
		Poll   uint64 `json:"poll"`
		Title  string `json:"title"`
		Secret bool   `json:"secret,omitzero"`
		Given  string `json:"given"`
	}
)

// Person says what one person did; false where nobody of that id came.
func (f *Fold) Person(user wire.UserID) (Detail, bool) {
	people := f.persons()
	i := slices.IndexFunc(people, func(p Person) bool { return p.ID == user })
	if i < 0 {
		return Detail{}, false
	}
	d := Detail{Person: people[i], Stays: slices.Clone(f.people[user].stays)}
	if p := f.people[user]; p.here && len(d.Stays) < maxStays {
		d.Stays = append(d.Stays, Stay{From: p.since})
	}
	f.eachAnswer(func(by wire.UserID, a Answer) bool {
		d.Answers = append(d.Answers, a)
		return true
	}, user)
	for _, row := range f.asked() {
		if q := f.board.Questions[row.ID]; q.By == user && !q.Anonymous {
			d.Asked = append(d.Asked, row)
		}
	}
	f.eachVote(func(by wire.UserID, v Vote) bool {
		d.Given = append(d.Given, v)
		return true
	}, user)
	return d, true
}

// eachAnswer tells the answers to all questions that are settled, by quiz and
// question, of everybody or of one person.
func (f *Fold) eachAnswer(tell func(wire.UserID, Answer) bool, only ...wire.UserID) {
	for _, r := range f.runs {
		users := only
		if len(only) == 0 {
			users = slices.Sorted(maps.Keys(r.Players))
		}
		for i := range r.Questions {
			if !r.settled(i) {
				continue
			}
			q, a := &r.Questions[i], &r.asked[i]
			for _, user := range users {
				g := given(r.Players[user], i)
				if g == nil {
					continue
				}
				v := Answer{
					Quiz: r.ID, Title: r.Title.Text, Number: i, Question: q.Text.Text, Text: answerOf(q, a.shown, g),
					Right: g.Right, Share: g.Share, Points: g.Points + g.Bonus, Took: a.took(g.At),
				}
				if g.Right {
					v.Share = 1
				}
				if !tell(user, v) {
					return
				}
			}
		}
	}
}

func given(p *quiz.Player, question int) *quiz.Given {
	if p == nil {
		return nil
	}
	i := slices.IndexFunc(p.Given, func(g quiz.Given) bool { return g.Question == question })
	if i < 0 {
		return nil
	}
	return &p.Given[i]
}

// eachVote tells who took part in which poll, and how if that may be told, of
// everybody or of one person.
func (f *Fold) eachVote(tell func(wire.UserID, Vote) bool, only ...wire.UserID) {
	for _, p := range f.pollViews() {
		fold := f.polls[p.ID]
		voted := fold.voted(p.ID)
		users := only
		if len(only) == 0 {
			users = f.order
		}
		for _, user := range users {
			if !voted(user) {
				continue
			}
			v := Vote{Poll: p.ID, Title: p.Text, Secret: p.Secret}
			if !p.Secret {
				v.Given = votedFor(p, fold.state.Own(p.ID, user))
			}
			if !tell(user, v) {
				return
			}
		}
	}
}

// votedFor is a vote as a line of text.
func votedFor(p Poll, v poll.MineView) string {
	var parts []string
	for _, choice := range v.Choices {
		parts = append(parts, p.Choices[choice])
	}
	parts = append(parts, v.Words...)
	switch {
	case v.Value != nil:
		return digits(*v.Value)
	case v.Text != "":
		return v.Text
	}
	return strings.Join(parts, "; ")
}
