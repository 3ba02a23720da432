package survey

import (
	"fmt"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// MaxText is how long an answer in one's own words may be, in characters.
const MaxText = 1000

// Reply is an answer as it comes and as its author sees it: by the item's type
// one of these.
type Reply struct {
	Value   *int   `json:"value,omitzero"`
	Choices []int  `json:"choices,omitzero"`
	Text    string `json:"text,omitzero"`
}

// Given is an answer as it is kept; the zero value is one left open.
type Given struct {
	Value   *int          `json:"value,omitzero"`
	Choices []int         `json:"choices,omitzero"` // in order
	Text    wire.Personal `json:"text,omitzero"`
}

func (g Given) open() bool { return g.Value == nil && len(g.Choices) == 0 && g.Text.Text == "" }

func (g Given) same(b Given) bool {
	if (g.Value == nil) != (b.Value == nil) || g.Value != nil && *g.Value != *b.Value {
		return false
	}
	return slices.Equal(g.Choices, b.Choices) && g.Text.Text == b.Text.Text
}

// reply is the answer as its author sees it; nil for one left open.
func (g Given) reply() *Reply {
	if g.open() {
		return nil
	}
	return &Reply{g.Value, slices.Clone(g.Choices), g.Text.Text}
}

// given checks the answers against the items. Words belong to owner.
func (c Answer) given(p *Survey, owner wire.UserID) ([]Given, error) {
	if len(c.Answers) != len(p.Items) {
		return nil, wire.ErrField.In("answers")
	}
	given := make([]Given, len(p.Items))
	any := false
	for i, item := range p.Items {
		at := fmt.Sprintf("answers[%d]", i)
		if r := c.Answers[i]; r != nil {
			g, err := r.given(item, owner, at)
			if err != nil {
				return nil, err
			}
			given[i] = g
		}
		if item.Required && given[i].open() {
			return nil, ErrRequired.In(at)
		}
		any = any || !given[i].open()
	}
	if !any {
		return nil, ErrRequired.In("answers") // nothing is said at all
	}
	return given, nil
}

func (r *Reply) given(item Item, owner wire.UserID, at string) (Given, error) {
	low, high, number := item.Type.span()
	switch {
	case r.Value != nil && !number:
		return Given{}, wire.ErrField.In(at + ".value")
	case len(r.Choices) > 0 && item.Type != Choice:
		return Given{}, wire.ErrField.In(at + ".choices")
	case r.Text != "" && item.Type != Text:
		return Given{}, wire.ErrField.In(at + ".text")
	}
	switch {
	case r.Value != nil:
		if *r.Value < low || *r.Value > high {
			return Given{}, wire.ErrField.In(at + ".value")
		}
		value := *r.Value
		return Given{Value: &value}, nil
	case len(r.Choices) > 0:
		picked := slices.Sorted(slices.Values(r.Choices))
		if len(picked) > 1 && !item.Several || picked[0] < 0 || picked[len(picked)-1] >= len(item.Choices) ||
			len(slices.Compact(slices.Clone(picked))) != len(picked) {
			return Given{}, wire.ErrField.In(at + ".choices")
		}
		return Given{Choices: picked}, nil
	case r.Text != "":
		text, err := wire.CleanText(r.Text, MaxText, true)
		if err != nil {
			return Given{}, wire.ErrText.In(at + ".text")
		}
		return Given{Text: wire.Own(owner, text)}, nil
	}
	return Given{}, nil
}

// Writes reports whether something is said in one's own words.
func (c Answer) Writes() bool {
	return slices.ContainsFunc(c.Answers, func(r *Reply) bool { return r != nil && r.Text != "" })
}
