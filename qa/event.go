package qa

import "github.com/lyceum-live/lyceum/wire"

// Event is a fact about the board in a room's log. Who did it, and when, is in
// its [wire.Head]; the id of a question or an answer is the position of its
// Asked or Answered.
type Event interface{ event() }

type (
	// Asked: a question is on the board.
	Asked struct {
		Text wire.Personal `json:"text"`
	}
	// Upvoted: a question has one vote more.
	Upvoted struct {
		Question uint64      `json:"question"`
		Asker    wire.UserID `json:"asker"` // for followers, who do not know the board
	}
	// Unvoted: somebody has taken their vote back.
	Unvoted struct {
		Question uint64 `json:"question"`
	}
	// Answered: a question is answered. Text is empty if it was answered aloud,
	// or if the text was erased later: Aloud tells which.
	Answered struct {
		Question uint64        `json:"question"`
		Aloud    bool          `json:"aloud,omitzero"`
		Text     wire.Personal `json:"text"`
	}
	// Pinned: this question is in front of the class.
	Pinned struct {
		Question uint64 `json:"question"`
	}
	// Unpinned: none is.
	Unpinned struct {
		Question uint64 `json:"question"`
	}
	// Deleted: a question with its answers, or one answer, is gone.
	Deleted struct {
		Item uint64 `json:"item"`
	}
)

func (Asked) event()    {}
func (Upvoted) event()  {}
func (Unvoted) event()  {}
func (Answered) event() {}
func (Pinned) event()   {}
func (Unpinned) event() {}
func (Deleted) event()  {}
