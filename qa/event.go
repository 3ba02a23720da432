package qa

import "github.com/lyceum-live/lyceum/wire"

// Event is a fact about the board in a room's log. Who did it, and when, is in
// its [wire.Head]; the id of a question or an answer is the position of its
// Asked, Answered or Replied.
type Event interface{ event() }

type (
	// Asked: a question is on the board, or waits for approval if it is Held.
	// Nobody but its asker is shown who asked an Anonymous one.
	Asked struct {
		Text      wire.Personal `json:"text"`
		Anonymous bool          `json:"anonymous,omitzero"`
		Held      bool          `json:"held,omitzero"`
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
		Expert   bool          `json:"expert,omitzero"`
	}
	// Replied: somebody wrote under a question, or to one of its answers. It
	// does not make the question an answered one.
	Replied struct {
		Question uint64        `json:"question"`
		Answer   uint64        `json:"answer,omitzero"`
		Text     wire.Personal `json:"text"`
		Expert   bool          `json:"expert,omitzero"`
	}
	// Labelled: a question has these labels in place of others.
	Labelled struct {
		Question uint64   `json:"question"`
		Labels   []string `json:"labels"`
	}
	// Dismissed: a question is set aside.
	Dismissed struct {
		Question uint64 `json:"question"`
	}
	// Restored: it is back on the board.
	Restored struct {
		Question uint64 `json:"question"`
	}
	// Held: new questions wait for approval from now on, or no longer do.
	Held struct {
		On bool `json:"on"`
	}
	// Approved: a question that waited is on the board. Followers, who do not
	// know the board, are told whose it is.
	Approved struct {
		Question  uint64      `json:"question"`
		Asker     wire.UserID `json:"asker"`
		Anonymous bool        `json:"anonymous,omitzero"`
	}
	// Rejected: a question that waited will not be on the board.
	Rejected struct {
		Question uint64 `json:"question"`
	}
	// Merged: two questions are one.
	Merged struct {
		From uint64 `json:"from"`
		Into uint64 `json:"into"`
	}
	// Invited: somebody may answer as an expert, or no longer may.
	Invited struct {
		User wire.UserID `json:"user"`
		On   bool        `json:"on"`
	}
	// Focused: this question is being answered now; 0: none is.
	Focused struct {
		Question uint64 `json:"question"`
	}
	// Pinned: this question is in front of the class.
	Pinned struct {
		Question uint64 `json:"question"`
	}
	// Unpinned: none is.
	Unpinned struct {
		Question uint64 `json:"question"`
	}
	// Deleted: a question with its answers, or one answer, is gone. A question
	// that waited for approval is Held; Asker is told of one that no view had
	// shown to be theirs.
	Deleted struct {
		Item  uint64      `json:"item"`
		Held  bool        `json:"held,omitzero"`
		Asker wire.UserID `json:"asker,omitzero"`
	}
)

func (Asked) event()     {}
func (Upvoted) event()   {}
func (Unvoted) event()   {}
func (Answered) event()  {}
func (Replied) event()   {}
func (Labelled) event()  {}
func (Dismissed) event() {}
func (Restored) event()  {}
func (Held) event()      {}
func (Approved) event()  {}
func (Rejected) event()  {}
func (Merged) event()    {}
func (Invited) event()   {}
func (Focused) event()   {}
func (Pinned) event()    {}
func (Unpinned) event()  {}
func (Deleted) event()   {}
