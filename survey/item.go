package survey

import (
	"fmt"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a form.
const (
	MaxItems     = 20
	MaxHours     = 7 * 24
	DefaultHours = 24
)

// Type is what an item is answered with.
type Type string

// The types of items.
const (
	NPS          Type = "nps"          // 0 to 10: would you recommend it
	Stars        Type = "stars"        // 1 to 5
	Satisfaction Type = "satisfaction" // 1 to 5: five faces
	Choice       Type = "choice"       // one of 2 to 12, or several
	Text         Type = "text"         // in one's own words
)

// span is the numbers that an item of the type is answered with.
func (t Type) span() (low, high int, ok bool) {
	switch t {
	case NPS:
		return 0, 10, true
	case Stars, Satisfaction:
		return 1, 5, true
	}
	return 0, 0, false
}

// Item is one thing that a survey asks.
type Item struct {
	Type     Type            `json:"type"`
	Text     wire.Personal   `json:"text"`
	Choices  []wire.Personal `json:"choices,omitzero"`
	Several  bool            `json:"several,omitzero"`  // of the choices may be picked
	Required bool            `json:"required,omitzero"` //
}

// Draft is an item as its author writes it, and as everybody sees it.
type Draft struct {
	Type     Type     `json:"type"`
	Text     string   `json:"text"`
	Choices  []string `json:"choices,omitzero"`
	Several  bool     `json:"several,omitzero"`
	Required bool     `json:"required,omitzero"`
}

// clean returns c with its texts cleaned and its defaults filled in, or says
// which field is wrong.
func (c Create) clean() (Create, error) {
	var err error
	if c.Title, err = wire.CleanText(c.Title, wire.MaxTitle, false); err != nil {
		return Create{}, wire.ErrText.In("title")
	}
	if len(c.Items) < 1 || len(c.Items) > MaxItems {
		return Create{}, wire.ErrField.In("items")
	}
	c.Items = slices.Clone(c.Items)
	for i := range c.Items {
		if err := c.Items[i].clean(fmt.Sprintf("items[%d].", i)); err != nil {
			return Create{}, err
		}
	}
	if c.When == "" {
		c.When = WhenNow
	}
	if c.When != WhenNow && c.When != WhenEnd {
		return Create{}, wire.ErrField.In("when")
	}
	if c.Hours == 0 {
		c.Hours = DefaultHours
	}
	if c.Hours < 1 || c.Hours > MaxHours {
		return Create{}, wire.ErrField.In("hours")
	}
	return c, nil
}

// clean cleans an item in place. What does not belong to its type is refused.
func (d *Draft) clean(at string) error {
	text, err := wire.CleanText(d.Text, wire.MaxTitle, false)
	if err != nil {
		return wire.ErrText.In(at + "text")
	}
	d.Text = text
	if d.Type != Choice {
		_, _, number := d.Type.span()
		switch {
		case !number && d.Type != Text:
			return wire.ErrField.In(at + "type")
		case len(d.Choices) > 0:
			return wire.ErrField.In(at + "choices")
		case d.Several:
			return wire.ErrField.In(at + "several")
		}
		return nil
	}
	if len(d.Choices) < 2 || len(d.Choices) > wire.MaxChoices {
		return wire.ErrField.In(at + "choices")
	}
	d.Choices = slices.Clone(d.Choices)
	for i, choice := range d.Choices {
		if choice, err = wire.CleanText(choice, wire.MaxChoice, false); err != nil {
			return wire.ErrText.In(fmt.Sprintf("%schoices[%d]", at, i))
		}
		if slices.Contains(d.Choices[:i], choice) {
			return wire.ErrField.In(fmt.Sprintf("%schoices[%d]", at, i))
		}
		d.Choices[i] = choice
	}
	return nil
}

// form returns what c asks, as by's words. c is clean.
func (c Create) form(by wire.UserID) Form {
	f := Form{Title: wire.Own(by, c.Title), When: c.When, Anonymous: c.Anonymous, Hours: c.Hours}
	for _, d := range c.Items {
		item := Item{Type: d.Type, Text: wire.Own(by, d.Text), Several: d.Several, Required: d.Required}
		for _, choice := range d.Choices {
			item.Choices = append(item.Choices, wire.Own(by, choice))
		}
		f.Items = append(f.Items, item)
	}
	return f
}

// draft is the item as it is shown.
func (i Item) draft() Draft {
	d := Draft{Type: i.Type, Text: i.Text.Text, Several: i.Several, Required: i.Required}
	for _, choice := range i.Choices {
		d.Choices = append(d.Choices, choice.Text)
	}
	return d
}
