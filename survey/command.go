package survey

import (
	"github.com/lyceum-live/lyceum/wire"
)

// Command is a wish about surveys. Its name on the wire is its name here:
// "survey.answer" is [Answer].
type Command interface {
	least() wire.Role // who may give it
}

type (
	// Create prepares a survey, and opens it at once if Open says so.
	Create struct {
		Title     string  `json:"title"`
		Items     []Draft `json:"items"`
		When      When    `json:"when,omitzero"`      // "" means now
		Anonymous bool    `json:"anonymous,omitzero"` //
		Hours     int     `json:"hours,omitzero"`     // that it stays open after the class; 0 means 24
		Open      bool    `json:"open,omitzero"`

		// Over is set by the room: the class has ended, and what opens now
		// closes by itself.
		Over bool `json:"-"`
	}
	// Edit writes a draft anew.
	Edit struct {
		Survey uint64 `json:"survey"`
		Create
	}
	// Open lets people answer.
	Open struct {
		Survey uint64 `json:"survey"`
		Over   bool   `json:"-"` // as in Create
	}
	// Answer gives one answer for each item, null for one left open, in place
	// of what was given before.
	Answer struct {
		Survey  uint64   `json:"survey"`
		Answers []*Reply `json:"answers"`
	}
	// Show lets viewers see the result of a survey that is closed: its figures,
	// and with Words also what people wrote.
	Show struct {
		Survey uint64 `json:"survey"`
		Words  bool   `json:"words,omitzero"`
	}
	// Close ends the answering.
	Close struct {
		Survey uint64 `json:"survey"`
	}
	// Drop throws a draft away.
	Drop struct {
		Survey uint64 `json:"survey"`
	}
	// Tick closes what has been open for its time. Only [wire.System] gives it,
	// at [State.Alarm].
	Tick struct{}
)

func (Create) least() wire.Role { return wire.Moderator }
func (Open) least() wire.Role   { return wire.Moderator }
func (Answer) least() wire.Role { return wire.Viewer }
func (Show) least() wire.Role   { return wire.Moderator }
func (Close) least() wire.Role  { return wire.Moderator }
func (Drop) least() wire.Role   { return wire.Moderator }
func (Tick) least() wire.Role   { return wire.Host }

// Texts asks for a page of what people wrote to one item. It changes nothing.
type Texts struct {
	Survey uint64 `json:"survey"`
	Item   int    `json:"item"`
	After  int    `json:"after,omitzero"` // how many have been read
}
