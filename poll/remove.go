package poll

import (
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// What people write in a poll stands before the class. A moderator may take an
// answer, or a word of a cloud, out of the result, also when the poll is
// closed: whoever has given nothing else has no vote any more, and the word
// does not count in this poll again. The log says where it stood and does not
// repeat it: it remains its author's.

// maxPlaces is of how many people a removal names the word. One would do, but
// their words may be forgotten.
const maxPlaces = 20

// Place is where somebody gave a word: the N-th that is counted of them.
type Place struct {
	By wire.UserID `json:"by"`
	N  int         `json:"n"`
}

func (s *State) decideRemove(c Remove) ([]Event, error) {
	p, err := s.opened(c.Poll)
	if err != nil {
		return nil, err
	}
	e := Removed{Poll: p.ID}
	switch p.kind() {
	case KindText:
		if c.Text == "" || c.Word != "" {
			return nil, wire.ErrField.In("text")
		}
		for user, given := range p.Given {
			if given.Text.Text == c.Text {
				e.Whose = append(e.Whose, user)
			}
		}
		if e.Whose == nil {
			return nil, wire.ErrNotFound.In("text")
		}
		slices.Sort(e.Whose)
	case KindCloud:
		if c.Word == "" || c.Text != "" {
			return nil, wire.ErrField.In("word")
		}
		key := p.keyOf(c.Word)
		if key == "" {
			return nil, wire.ErrNotFound.In("word")
		}
		for _, user := range slices.Sorted(maps.Keys(p.Given)) {
			counted := p.Given[user].Counted
			n := slices.IndexFunc(counted, func(w Word) bool { return w.key() == key })
			if n < 0 {
				continue
			}
			if len(e.Places) < maxPlaces {
				e.Places = append(e.Places, Place{user, n})
			}
			if len(counted) == 1 {
				e.Whose = append(e.Whose, user)
			}
		}
	default:
		return nil, wire.ErrField.In("poll")
	}
	return []Event{e}, nil
}

// keyOf is by what a word of the result is counted; "" if it stands in none.
func (p *Poll) keyOf(word string) string {
	for _, given := range p.Given {
		for _, w := range given.Counted {
			if w.Text.Text == word {
				return w.key()
			}
		}
	}
	return ""
}

// remove takes out what a moderator has removed.
func (p *Poll) remove(e Removed) {
	words := p.at(e)
	p.result, p.cloud = nil, nil
	for _, user := range e.Whose {
		p.retract(user)
	}
	if len(words) == 0 {
		return // all who gave it have been forgotten, and the word with them
	}
	p.Removed = append(p.Removed, words...)
	key := words[0].Text
	for user, given := range p.Given {
		if slices.ContainsFunc(given.Counted, func(w Word) bool { return w.key() == key }) {
			given.Counted = slices.DeleteFunc(slices.Clone(given.Counted), func(w Word) bool { return w.key() == key })
			p.Given[user] = given
		}
	}
}

// at finds the word that is removed, as it is counted: for each of those who
// are named, so that it stays removed when some of them are forgotten.
func (p *Poll) at(e Removed) []wire.Personal {
	var words []wire.Personal
	for _, place := range e.Places {
		if counted := p.Given[place.By].Counted; place.N < len(counted) && counted[place.N].key() != "" {
			words = append(words, wire.Own(place.By, counted[place.N].key()))
		}
	}
	return words
}
