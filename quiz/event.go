package quiz

import "github.com/lyceum-live/lyceum/wire"

// Event is a fact about quizzes in a room's log. Who did it, and when, is in
// its [wire.Head]; a quiz's id is the position of its Created. Events hold
// answer keys: none may reach a socket.
type Event interface{ event() }

type (
	// Created: a quiz is prepared.
	Created struct {
		Quiz
	}
	// Edited: a prepared quiz asks something else now.
	Edited struct {
		ID uint64 `json:"quiz"`
		Quiz
	}
	// Dropped: a prepared quiz is gone.
	Dropped struct {
		Quiz uint64 `json:"quiz"`
	}
	// Asked: a question is open from the time of its head on.
	Asked struct {
		Quiz     uint64 `json:"quiz"`
		Question int    `json:"question"`
	}
	// Answered: somebody has picked these choices, in order. Whether they are
	// right, and the points for it, are a secret until the reveal.
	Answered struct {
		Quiz     uint64      `json:"quiz"`
		Question int         `json:"question"`
		Choices  []int       `json:"choices"`
		At       wire.Millis `json:"at"` // when the server read it, which may be before its head's time
		Right    bool        `json:"right,omitzero"`
		Points   int         `json:"points,omitzero"`
	}
	// Closed: the question takes no more answers.
	Closed struct {
		Quiz     uint64 `json:"quiz"`
		Question int    `json:"question"`
	}
	// Revealed: everybody knows what was correct, and the points count.
	Revealed struct {
		Quiz     uint64        `json:"quiz"`
		Question int           `json:"question"`
		Right    []wire.UserID `json:"right"` // who was, in order: for followers, who do not know the quiz
	}
	// Finished: the quiz is over and its board final.
	Finished struct {
		Quiz uint64 `json:"quiz"`
	}
)

func (Created) event()  {}
func (Edited) event()   {}
func (Dropped) event()  {}
func (Asked) event()    {}
func (Answered) event() {}
func (Closed) event()   {}
func (Revealed) event() {}
func (Finished) event() {}
