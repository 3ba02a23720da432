package poll

import (
	"fmt"

	"github.com/lyceum-live/lyceum/wire"
)

// Command is a wish about polls. Its name on the wire is its name here:
// "poll.vote" is [Vote].
type Command interface {
	least() wire.Role // who may give it
}

type (
	// Create prepares a poll, and opens it at once if Open says so.
	Create struct {
		Text    string   `json:"text"`
		Choices []string `json:"choices"`
		Max     int      `json:"max,omitzero"` // choices one person may pick; 0 means 1
		Hidden  bool     `json:"hidden,omitzero"`
		Open    bool     `json:"open,omitzero"`
	}
	// Edit writes a draft anew.
	Edit struct {
		Poll uint64 `json:"poll"`
		Create
	}
	// Open lets people vote.
	Open struct {
		Poll uint64 `json:"poll"`
	}
	// Vote picks choices, in place of those picked before.
	Vote struct {
		Poll    uint64 `json:"poll"`
		Choices []int  `json:"choices"`
	}
	// Close ends the voting.
	Close struct {
		Poll uint64 `json:"poll"`
	}
	// Drop throws a draft away.
	Drop struct {
		Poll uint64 `json:"poll"`
	}
)

func (Create) least() wire.Role { return wire.Moderator }
func (Open) least() wire.Role   { return wire.Moderator }
func (Vote) least() wire.Role   { return wire.Viewer }
func (Close) least() wire.Role  { return wire.Moderator }
func (Drop) least() wire.Role   { return wire.Moderator }

// Clean returns c with its texts cleaned and its defaults filled in, or says
// which field is wrong.
func (c Create) Clean() (Create, error) {
	text, err := wire.CleanText(c.Text, wire.MaxTitle, false)
	if err != nil {
		return Create{}, wire.ErrText.In("text")
	}
	c.Text = text
	if len(c.Choices) < 2 || len(c.Choices) > wire.MaxChoices {
		return Create{}, wire.ErrField.In("choices")
	}
	choices := make([]string, len(c.Choices))
	for i, choice := range c.Choices {
		if choices[i], err = wire.CleanText(choice, wire.MaxChoice, false); err != nil {
			return Create{}, wire.ErrText.In(fmt.Sprintf("choices[%d]", i))
		}
	}
	c.Choices = choices
	if c.Max == 0 {
		c.Max = 1
	}
	if c.Max < 1 || c.Max > len(choices) {
		return Create{}, wire.ErrField.In("max")
	}
	return c, nil
}

// ballot returns the choices as a set, if p allows it.
func (c Vote) ballot(p *Poll) (Ballot, error) {
	var b Ballot
	if len(c.Choices) < 1 || len(c.Choices) > p.Max {
		return 0, wire.ErrField.In("choices")
	}
	for _, choice := range c.Choices {
		if choice < 0 || choice >= len(p.Choices) || b&(1<<choice) != 0 {
			return 0, wire.ErrField.In("choices")
		}
		b |= 1 << choice
	}
	return b, nil
}
