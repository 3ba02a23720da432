package survey

import "github.com/lyceum-live/lyceum/wire"

// Event is a fact about surveys in a room's log. Who did it, and when, is in
// its [wire.Head]; a survey's id is the position of its Created.
type Event interface{ event() }

type (
	// Created: a draft has been written, or a survey opened at once.
	Created struct {
		Form
		Open  bool        `json:"open,omitzero"`
		Until wire.Millis `json:"until,omitzero"`
	}
	// Edited: a draft asks something else now.
	Edited struct {
		Survey uint64 `json:"survey"`
		Form
		Open  bool        `json:"open,omitzero"`
		Until wire.Millis `json:"until,omitzero"`
	}
	// Opened: people may answer, until then if it is known. Of what is open
	// already it says until when: the class has ended.
	Opened struct {
		Survey uint64      `json:"survey"`
		Until  wire.Millis `json:"until,omitzero"`
	}
	// Answered: somebody has answered this and nothing else.
	Answered struct {
		Survey  uint64  `json:"survey"`
		Answers []Given `json:"answers"` // one for each item
	}
	// Balloted: somebody has answered this in an anonymous survey, in place of
	// what the same hash answered before. The event is by the room itself.
	Balloted struct {
		Survey  uint64      `json:"survey"`
		Hash    wire.UserID `json:"hash"`
		Answers []Given     `json:"answers"`
	}
	// Participated: these people answered an anonymous survey that has closed,
	// in the order of their ids.
	Participated struct {
		Survey uint64        `json:"survey"`
		Users  []wire.UserID `json:"users"`
	}
	// Revealed: viewers see this of the result from now on.
	Revealed struct {
		Survey uint64 `json:"survey"`
		Shown  Shown  `json:"shown"`
	}
	// Closed: the answers stand.
	Closed struct {
		Survey uint64 `json:"survey"`
	}
	// Dropped: a draft is gone.
	Dropped struct {
		Survey uint64 `json:"survey"`
	}
)

func (Created) event()      {}
func (Edited) event()       {}
func (Opened) event()       {}
func (Answered) event()     {}
func (Balloted) event()     {}
func (Participated) event() {}
func (Revealed) event()     {}
func (Closed) event()       {}
func (Dropped) event()      {}
