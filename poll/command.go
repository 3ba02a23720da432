package poll

import (
	"github.com/lyceum-live/lyceum/wire"
)

// Command is a wish about polls. Its name on the wire is its name here:
// "poll.vote" is [Vote].
type Command interface {
	least() wire.Role // who may give it
}

type (
	// Create prepares a poll, and opens it at once if Open says so. Which
	// fields there are beside the text depends on the kind.
	Create struct {
		Text     string              `json:"text"`
		Kind     Kind                `json:"kind,omitzero"`      // "" means choice
		Choices  []string            `json:"choices,omitzero"`   // choice, ranking
		Images   []string            `json:"images,omitzero"`    // of each choice, "" for none
		Max      int                 `json:"max,omitzero"`       // choice: how many one person may pick; 0 means 1
		Stars    int                 `json:"stars,omitzero"`     // rating; 0 means 5
		Min      float64             `json:"min,omitzero"`       // scale, number; both 0: 1 to 5, and no bounds
		MaxValue float64             `json:"max_value,omitzero"` //
		Low      string              `json:"low,omitzero"`       // scale: names of its ends
		High     string              `json:"high,omitzero"`      //
		Words    int                 `json:"words,omitzero"`     // cloud: entries of one person; 0 means 1
		Hidden   bool                `json:"hidden,omitzero"`    // the same as Shown "closed"
		Shown    Shown               `json:"shown,omitzero"`     // "" means live
		Weights  map[wire.UserID]int `json:"weights,omitzero"`   // whose vote counts more than once
		Then     []*Act              `json:"then,omitzero"`      // choice, ranking: what follows if it wins, null: nothing
		Secret   bool                `json:"secret,omitzero"`    // not choosing words; no weights
		Open     bool                `json:"open,omitzero"`

		quick string // the name of the poll in one tap that this is
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
	// Vote gives what the kind of the poll asks for, in place of what was given before.
	Vote struct {
		Poll    uint64   `json:"poll"`
		Choices []int    `json:"choices,omitzero"` // choice; ranking: all of them, best first
		Value   *float64 `json:"value,omitzero"`   // rating, scale, number
		Text    string   `json:"text,omitzero"`    // text
		Words   []string `json:"words,omitzero"`   // cloud
	}
	// Retract takes one's vote back.
	Retract struct {
		Poll uint64 `json:"poll"`
	}
	// Remove takes an answer or a word out of the result, as it is shown there.
	Remove struct {
		Poll uint64 `json:"poll"`
		Text string `json:"text,omitzero"` // of a text: all answers that say just this
		Word string `json:"word,omitzero"` // of a cloud
	}
	// Show lets viewers see the result of a poll that is hidden from them.
	Show struct {
		Poll uint64 `json:"poll"`
	}
	// Quick makes and opens a poll in one tap: "yesno", "abcd" or "understood".
	Quick struct {
		Text string `json:"text,omitzero"`
		Kind string `json:"kind"`
	}
	// Close ends the voting. Where some see the class late, it ends for
	// everybody when the last of them has seen it: Wait, which is the server's.
	Close struct {
		Poll uint64      `json:"poll"`
		Wait wire.Millis `json:"-"`
	}
	// Drop throws a draft away.
	Drop struct {
		Poll uint64 `json:"poll"`
	}
	// Tick closes what has had its time. It comes from the room's clock.
	Tick struct{}
)

func (Create) least() wire.Role  { return wire.Moderator }
func (Open) least() wire.Role    { return wire.Moderator }
func (Vote) least() wire.Role    { return wire.Viewer }
func (Retract) least() wire.Role { return wire.Viewer }
func (Remove) least() wire.Role  { return wire.Moderator }
func (Show) least() wire.Role    { return wire.Moderator }
func (Quick) least() wire.Role   { return wire.Moderator }
func (Close) least() wire.Role   { return wire.Moderator }
func (Drop) least() wire.Role    { return wire.Moderator }
func (Tick) least() wire.Role    { return wire.Host }

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
