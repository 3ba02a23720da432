package poll

import (
	"fmt"
	"math"

	"github.com/lyceum-live/lyceum/wire"
)

// Kind is what people give as their vote. In events and views a choice has no
// kind, as before there were others.
type Kind string

// The kinds of polls.
const (
	KindChoice  Kind = "choice"  // one or several of the choices
	KindRanking Kind = "ranking" // all choices in an order, best first; counted by Borda
	KindRating  Kind = "rating"  // stars
	KindScale   Kind = "scale"   // a whole number between two ends that may have names
	KindNumber  Kind = "number"  // any number, within bounds if there are any
	KindText    Kind = "text"    // a few words of one's own
	KindCloud   Kind = "cloud"   // single words, counted
)

// Shown says when viewers see the result.
type Shown string

// When viewers see the result; the staff always does.
const (
	ShownLive   Shown = "live"   // as it grows
	ShownClosed Shown = "closed" // when the poll is closed, or shown before
	ShownAsked  Shown = "asked"  // only once somebody of the staff shows it
)

// Bounds of what is asked and answered.
const (
	MaxStars  = 10
	MaxSteps  = 20   // steps of a scale
	MaxScale  = 1000 // the furthest end of a scale from 0
	MaxNumber = 1e12
	MaxLabel  = 40  // characters of the name of an end
	MaxText   = 200 // characters of an answer in one's own words
	MaxWord   = 30  // characters of an entry of a cloud
	MaxWords  = 5   // entries of one person
	MaxWeight = 100
)

// Acts that may follow a poll; see [Then].
const (
	ActTopic   = "topic"   // this is what the class is about now
	ActPin     = "pin"     // an item of the catalogue is pinned to the stream
	ActSegment = "segment" // this part of the class comes next
)

// Act is what a command wants to follow if a choice wins.
type Act struct {
	Act   string `json:"act"`
	Value string `json:"value"`
}

// clean returns c with its texts cleaned and its defaults filled in, or says
// which field is wrong. What does not belong to the kind is refused, so that
// nobody waits for what will not happen.
func (c Create) clean() (Create, error) {
	text, err := wire.CleanText(c.Text, wire.MaxTitle, false)
	if err != nil {
		return Create{}, wire.ErrText.In("text")
	}
	c.Text = text
	switch {
	case c.Shown == "" && (c.Hidden || c.Secret):
		c.Shown = ShownClosed
	case c.Shown == "":
		c.Shown = ShownLive
	case c.Shown != ShownLive && c.Shown != ShownClosed && c.Shown != ShownAsked, (c.Hidden || c.Secret) && c.Shown == ShownLive:
		return Create{}, wire.ErrField.In("shown")
	}
	c.Hidden = c.Shown != ShownLive
	if err := c.cleanKind(); err != nil {
		return Create{}, err
	}
	if err := c.cleanThen(); err != nil {
		return Create{}, err
	}
	return c, c.checkWeights()
}

// cleanKind fills in what the kind needs and refuses what it has not.
func (c *Create) cleanKind() error {
	if c.Kind == "" {
		c.Kind = KindChoice
	}
	var err error
	switch c.Kind {
	case KindChoice, KindRanking:
		err = c.cleanChoices()
	case KindRating:
		if c.Stars == 0 {
			c.Stars = 5
		}
		if c.Stars < 2 || c.Stars > MaxStars {
			err = wire.ErrField.In("stars")
		}
	case KindScale:
		err = c.cleanScale()
	case KindNumber:
		bounded := c.Min != 0 || c.MaxValue != 0
		if !finite(c.Min) || !finite(c.MaxValue) || bounded && c.Min >= c.MaxValue {
			err = wire.ErrField.In("max_value")
		}
	case KindText:
	case KindCloud:
		if c.Words == 0 {
			c.Words = 1
		}
		if c.Words < 1 || c.Words > MaxWords {
			err = wire.ErrField.In("words")
		}
	default:
		err = wire.ErrField.In("kind")
	}
	if err != nil {
		return err
	}
	if c.Secret && (c.Kind == KindText || c.Kind == KindCloud || len(c.Weights) > 0) {
		return wire.ErrField.In("secret") // one's own words, and how much they weigh, tell who it is
	}
	chooses := c.Kind == KindChoice || c.Kind == KindRanking
	ends := c.Kind == KindScale || c.Kind == KindNumber
	for _, stray := range []struct {
		field string
		is    bool
	}{
		{"choices", !chooses && len(c.Choices) > 0},
		{"images", !chooses && len(c.Images) > 0},
		{"then", !chooses && len(c.Then) > 0},
		{"max", c.Kind != KindChoice && c.Max != 0},
		{"stars", c.Kind != KindRating && c.Stars != 0},
		{"min", !ends && c.Min != 0},
		{"max_value", !ends && c.MaxValue != 0},
		{"low", c.Kind != KindScale && c.Low != ""},
		{"high", c.Kind != KindScale && c.High != ""},
		{"words", c.Kind != KindCloud && c.Words != 0},
	} {
		if stray.is {
			return wire.ErrField.In(stray.field)
		}
	}
	return nil
}

func (c *Create) cleanChoices() error {
	if len(c.Choices) < 2 || len(c.Choices) > wire.MaxChoices {
		return wire.ErrField.In("choices")
	}
	choices := make([]string, len(c.Choices))
	for i, choice := range c.Choices {
		var err error
		if choices[i], err = wire.CleanText(choice, wire.MaxChoice, false); err != nil {
			return wire.ErrText.In(fmt.Sprintf("choices[%d]", i))
		}
	}
	c.Choices = choices
	if err := c.cleanImages(); err != nil {
		return err
	}
	if c.Kind != KindChoice {
		return nil
	}
	if c.Max == 0 {
		c.Max = 1
	}
	if c.Max < 1 || c.Max > len(choices) {
		return wire.ErrField.In("max")
	}
	return nil
}

// cleanImages refuses pictures that are not this server's. Where no choice has
// one there are none.
func (c *Create) cleanImages() error {
	if len(c.Images) > 0 && len(c.Images) != len(c.Choices) {
		return wire.ErrField.In("images")
	}
	some := false
	for i, url := range c.Images {
		if _, ours := wire.FileOf(url); url != "" && !ours {
			return wire.ErrField.In(fmt.Sprintf("images[%d]", i))
		}
		some = some || url != ""
	}
	if !some {
		c.Images = nil
	}
	return nil
}

func (c *Create) cleanScale() error {
	if c.Min == 0 && c.MaxValue == 0 {
		c.Min, c.MaxValue = 1, 5
	}
	whole := func(x float64) bool { return x == math.Trunc(x) && math.Abs(x) <= MaxScale }
	switch {
	case !whole(c.Min):
		return wire.ErrField.In("min")
	case !whole(c.MaxValue) || c.MaxValue <= c.Min || c.MaxValue-c.Min > MaxSteps:
		return wire.ErrField.In("max_value")
	}
	for _, end := range []struct {
		field string
		text  *string
	}{{"low", &c.Low}, {"high", &c.High}} {
		if *end.text == "" {
			continue
		}
		text, err := wire.CleanText(*end.text, MaxLabel, false)
		if err != nil {
			return wire.ErrText.In(end.field)
		}
		*end.text = text
	}
	return nil
}

func (c *Create) cleanThen() error {
	if len(c.Then) == 0 {
		c.Then = nil
		return nil
	}
	if len(c.Then) != len(c.Choices) {
		return wire.ErrField.In("then")
	}
	then := make([]*Act, len(c.Then))
	for i, act := range c.Then {
		if act == nil {
			continue
		}
		field := fmt.Sprintf("then[%d]", i)
		switch act.Act {
		case ActTopic, ActSegment:
			text, err := wire.CleanText(act.Value, wire.MaxTitle, false)
			if err != nil {
				return wire.ErrText.In(field)
			}
			then[i] = &Act{act.Act, text}
		case ActPin:
			if !wire.UserID(act.Value).Valid() { // the catalogue's ids are made of the same characters
				return wire.ErrField.In(field)
			}
			then[i] = &Act{act.Act, act.Value}
		default:
			return wire.ErrField.In(field)
		}
	}
	c.Then = then
	return nil
}

func (c *Create) checkWeights() error {
	if len(c.Weights) > wire.MaxList {
		return wire.ErrField.In("weights")
	}
	for user, weight := range c.Weights {
		if !user.Valid() || weight < 1 || weight > MaxWeight {
			return wire.ErrField.In("weights")
		}
	}
	return nil
}

func finite(x float64) bool { return math.Abs(x) <= MaxNumber } // false for NaN as well

// quick are the choices of polls that are made in one tap. A page knows these
// by their name and shows them in its own language.
var quick = map[string]struct {
	text    string
	choices []string
}{
	"yesno":      {"Quick poll", []string{"Yes", "No"}},
	"abcd":       {"Quick poll", []string{"A", "B", "C", "D"}},
	"understood": {"Is this clear so far?", []string{"Clear", "Half clear", "Not yet"}},
}

// create returns the poll that c makes.
func (c Quick) create() (Create, error) {
	q, ok := quick[c.Kind]
	if !ok {
		return Create{}, wire.ErrField.In("kind")
	}
	text := c.Text
	if text == "" {
		text = q.text
	}
	return Create{Text: text, Choices: q.choices, Open: true, quick: c.Kind}.clean()
}
