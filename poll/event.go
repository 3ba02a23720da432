package poll

import "github.com/lyceum-live/lyceum/wire"

// Event is a fact about polls in a room's log. Who did it, and when, is in its
// [wire.Head]; a poll's id is the position of its Created.
type Event interface{ event() }

type (
	// Created: a draft has been written, or a poll opened at once.
	Created struct {
		Question
		Open bool `json:"open,omitzero"`
	}
	// Edited: a draft asks something else now.
	Edited struct {
		Poll uint64 `json:"poll"`
		Question
		Open bool `json:"open,omitzero"`
	}
	// Opened: people may vote.
	Opened struct {
		Poll uint64 `json:"poll"`
	}
	// Voted: somebody has picked these choices, in order, and no others.
	Voted struct {
		Poll    uint64 `json:"poll"`
		Choices []int  `json:"choices"`
	}
	// Closed: the counts stand.
	Closed struct {
		Poll uint64 `json:"poll"`
	}
	// Dropped: a draft is gone.
	Dropped struct {
		Poll uint64 `json:"poll"`
	}
)

func (Created) event() {}
func (Edited) event()  {}
func (Opened) event()  {}
func (Voted) event()   {}
func (Closed) event()  {}
func (Dropped) event() {}

// question returns what c asks, as by's words. c is clean.
func (c Create) question(by wire.UserID) Question {
	q := Question{Text: wire.Own(by, c.Text), Max: c.Max, Hidden: c.Hidden}
	for _, choice := range c.Choices {
		q.Choices = append(q.Choices, wire.Own(by, choice))
	}
	return q
}
