package poll

import (
	"math"
	"slices"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/wire"
)

// Given is what somebody gave in a poll that is not a choice.
type Given struct {
	Order   []int           `json:"order,omitzero"` // ranking: the choices, best first
	Value   float64         `json:"value,omitzero"` // rating, scale, number
	Text    wire.Personal   `json:"text,omitzero"`
	Words   []wire.Personal `json:"words,omitzero"`   // cloud: as they were written
	Counted []Word          `json:"counted,omitzero"` // and what is counted of them
	Seq     uint64          `json:"seq,omitzero"`     // text: where it was said
}

// Word is one word of a cloud. What counts is found when it is said: a better
// dictionary does not change a result that has been announced.
type Word struct {
	Text   wire.Personal `json:"text"`            // as it may be shown
	Folded wire.Personal `json:"folded,omitzero"` // as it is counted, if that differs
}

// key is what a word is counted by.
func (w Word) key() string {
	if w.Folded.Text != "" {
		return w.Folded.Text
	}
	return w.Text.Text
}

// same reports whether nothing has changed from a to b but the time.
func (g Given) same(b Given) bool {
	return slices.Equal(g.Order, b.Order) && g.Value == b.Value && g.Text == b.Text && slices.Equal(g.Words, b.Words)
}

// givenOf is what a vote that [Decide] has found valid gives.
func givenOf(e Voted, seq uint64) Given {
	g := Given{Value: e.Value, Text: e.Text, Words: e.Words, Counted: e.Counted}
	if len(e.Choices) > 0 {
		g.Order = e.Choices
	}
	if e.Text.Text != "" {
		g.Seq = seq
	}
	return g
}

// voted returns the event that c is, if p allows it.
func (c Vote) voted(p *Poll, by wire.UserID) (Voted, error) {
	kind := p.kind()
	value := kind == KindRating || kind == KindScale || kind == KindNumber
	switch {
	case len(c.Choices) > 0 && kind != KindChoice && kind != KindRanking:
		return Voted{}, wire.ErrField.In("choices")
	case c.Value != nil && !value:
		return Voted{}, wire.ErrField.In("value")
	case c.Text != "" && kind != KindText:
		return Voted{}, wire.ErrField.In("text")
	case len(c.Words) > 0 && kind != KindCloud:
		return Voted{}, wire.ErrField.In("words")
	}
	e := Voted{Poll: p.ID}
	switch kind {
	case KindChoice:
		b, err := c.ballot(p)
		e.Choices = slices.Collect(b.All())
		return e, err
	case KindRanking:
		ordered := slices.Sorted(slices.Values(c.Choices))
		for i := range p.Choices {
			if len(ordered) != len(p.Choices) || ordered[i] != i {
				return Voted{}, wire.ErrField.In("choices")
			}
		}
		e.Choices = slices.Clone(c.Choices)
		return e, nil
	case KindText:
		said, err := wire.CleanText(c.Text, MaxText, true)
		if err != nil {
			return Voted{}, wire.ErrText.In("text")
		}
		e.Text = wire.Own(by, said)
		return e, nil
	case KindCloud:
		return c.cloud(e, p, by)
	}
	if c.Value == nil || !p.allows(*c.Value) {
		return Voted{}, wire.ErrField.In("value")
	}
	e.Value = *c.Value + 0 // −0 is 0
	return e, nil
}

// allows reports whether a number may be given.
func (p *Poll) allows(x float64) bool {
	switch p.kind() {
	case KindRating:
		return x == math.Trunc(x) && x >= 1 && x <= float64(p.Stars)
	case KindScale:
		return x == math.Trunc(x) && x >= p.Min && x <= p.MaxValue
	}
	bounded := p.Min != 0 || p.MaxValue != 0
	return finite(x) && (!bounded || x >= p.Min && x <= p.MaxValue)
}

// cloud finds the words in c's entries. Each counts once for a person. An
// entry in which no word says anything counts as it stands: "no" and "42" are
// answers.
func (c Vote) cloud(e Voted, p *Poll, by wire.UserID) (Voted, error) {
	if len(c.Words) < 1 || len(c.Words) > p.Words {
		return Voted{}, wire.ErrField.In("words")
	}
	seen := map[string]bool{}
	for _, word := range p.Removed {
		seen[word.Text] = true
	}
	count := func(surface, folded string) {
		if folded == "" || seen[folded] {
			return
		}
		seen[folded] = true
		w := Word{Text: wire.Own(by, surface)}
		if folded != surface {
			w.Folded = wire.Own(by, folded)
		}
		e.Counted = append(e.Counted, w)
	}
	for _, entry := range c.Words {
		entry, err := wire.CleanText(entry, MaxWord, false)
		if err != nil {
			return Voted{}, wire.ErrText.In("words")
		}
		e.Words = append(e.Words, wire.Own(by, entry))
		words := text.Words(entry)
		for _, w := range words {
			count(w.Surface, w.Folded)
		}
		if len(words) == 0 {
			count(entry, text.Fold(entry))
		}
	}
	if len(e.Counted) == 0 {
		return Voted{}, wire.ErrText.In("words")
	}
	return e, nil
}
