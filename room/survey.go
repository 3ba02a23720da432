package room

import (
	"slices"
	"time"

	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// ErrAbsent is the refusal of one who was not in the class.
var ErrAbsent = &wire.Error{Code: "survey.absent", Text: "only those who were in the class can answer now"}

// decideSurvey decides a command of surveys. What opens after the class closes
// by itself.
func (s *State) decideSurvey(now time.Time, by wire.Actor, c survey.Command) ([]Event, error) {
	over := s.Phase == Over
	switch d := c.(type) {
	case survey.Create:
		d.Over = over
		c = d
	case survey.Edit:
		d.Over = over
		c = d
	case survey.Open:
		d.Over = over
		c = d
	}
	events, err := survey.Decide(&s.Surveys, now, by, c)
	if err != nil {
		return nil, err
	}
	return s.closingSurveys(events)
}

// closingSurveys makes the events of surveys the room's, each close with who
// took part, if the survey was anonymous.
func (s *State) closingSurveys(events []survey.Event) ([]Event, error) {
	var out []Event
	for _, e := range events {
		out = append(out, e)
		closed, ok := e.(survey.Closed)
		if !ok {
			continue
		}
		takers, err := s.Surveys.Takers(closed.Survey, s.Order)
		if err != nil {
			return nil, err
		}
		for part := range slices.Chunk(takers, stayedIn) {
			out = append(out, survey.Participated{Survey: closed.Survey, Users: part})
		}
	}
	return out, nil
}

// mayAnswer holds what is true of answers to surveys in a room: they are given
// after the class as well, by those who were in it.
func (s *State) mayAnswer(m *Member, now wire.Millis, c survey.Answer) error {
	if c.Writes() {
		if err := mayWrite(m, now); err != nil {
			return err
		}
	}
	if s.Phase == Over && !s.attended(m) {
		return ErrAbsent
	}
	return nil
}

// attended reports whether somebody was in the class that has ended.
func (s *State) attended(m *Member) bool {
	return m != nil && m.Attended+s.attending(m, s.EndedAt) > 0
}

// absent reports whether somebody sees surveys that they cannot answer.
func (s *State) absent(user wire.UserID) bool {
	return s.Phase == Over && len(s.Surveys.OpenIDs()) > 0 && !s.attended(s.People[user])
}
