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
	// Asked: a question is open from the time of its head on. The first one
	// has the chance of the quiz: what is drawn and in which order it is shown.
	// Behind is who sees the question by how much later than the others.
	Asked struct {
		Quiz     uint64                      `json:"quiz"`
		Question int                         `json:"question"`
		Seed     uint64                      `json:"seed,omitzero"`
		Behind   map[wire.UserID]wire.Millis `json:"behind,omitzero"`
	}
	// Joined: somebody plays for a team, the first of which is 1.
	Joined struct {
		Quiz uint64 `json:"quiz"`
		Team int    `json:"team"`
	}
	// Answered: somebody has answered by one of Choices (also what is brought
	// into an order or matched), Text, Number, Texts and Point. Whether that is right,
	// and the points for it, are a secret until the reveal.
	Answered struct {
		Quiz     uint64          `json:"quiz"`
		Question int             `json:"question"`
		Choices  []int           `json:"choices"`
		Text     wire.Personal   `json:"text,omitzero"`
		Number   *float64        `json:"number,omitzero"`
		Texts    []wire.Personal `json:"texts,omitzero"`
		Point    *Point          `json:"point,omitzero"`
		At       wire.Millis     `json:"at"` // when it counts as given, which may be before its head's time
		Right    bool            `json:"right,omitzero"`
		Share    float64         `json:"share,omitzero"` // of what is right, where not all is
		Points   int             `json:"points,omitzero"`
		Bonus    int             `json:"bonus,omitzero"` // for a run of right answers
		Team     int             `json:"team,omitzero"`  // that who had none plays for from now on
	}
	// Paused: the clock stands still.
	Paused struct {
		Quiz     uint64 `json:"quiz"`
		Question int    `json:"question"`
	}
	// Resumed: the clock runs again.
	Resumed struct {
		Quiz     uint64 `json:"quiz"`
		Question int    `json:"question"`
	}
	// Extended: the question ends later.
	Extended struct {
		Quiz     uint64      `json:"quiz"`
		Question int         `json:"question"`
		By       wire.Millis `json:"by"`
	}
	// Allowed: somebody has more time from now on, or again the usual.
	Allowed struct {
		User wire.UserID `json:"user"`
		Allowance
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
func (Joined) event()   {}
func (Answered) event() {}
func (Paused) event()   {}
func (Resumed) event()  {}
func (Extended) event() {}
func (Allowed) event()  {}
func (Closed) event()   {}
func (Revealed) event() {}
func (Finished) event() {}
