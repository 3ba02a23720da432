package qa

import "github.com/lyceum-live/lyceum/wire"

// Command is a wish about the board. Its name on the wire is its name here:
// "qa.upvote" is [Upvote]. Only [Delete] comes by another: it is what
// "mod.delete" means for a question or an answer.
type Command interface {
	least() wire.Role // who may give it
}

type (
	// Ask puts a question on the board.
	Ask struct {
		Text string `json:"text"`
	}
	// Upvote gives a question one's vote.
	Upvote struct {
		Question uint64 `json:"question"`
	}
	// Unvote takes it back.
	Unvote struct {
		Question uint64 `json:"question"`
	}
	// Answer answers a question: in writing, or aloud if there is no text.
	Answer struct {
		Question uint64 `json:"question"`
		Text     string `json:"text,omitzero"`
	}
	// Pin puts a question in front of the class, in place of another.
	Pin struct {
		Question uint64 `json:"question"`
	}
	// Unpin takes it back onto the board.
	Unpin struct {
		Question uint64 `json:"question"`
	}
	// Delete removes a question with its answers, or one answer.
	Delete struct {
		Item uint64 `json:"item"`
	}
)

func (Ask) least() wire.Role    { return wire.Viewer }
func (Upvote) least() wire.Role { return wire.Viewer }
func (Unvote) least() wire.Role { return wire.Viewer }
func (Answer) least() wire.Role { return wire.Moderator }
func (Pin) least() wire.Role    { return wire.Moderator }
func (Unpin) least() wire.Role  { return wire.Moderator }
func (Delete) least() wire.Role { return wire.Moderator }

// Clean returns c with its text cleaned, or says what is wrong with it.
func (c Ask) Clean() (Ask, error) {
	text, err := wire.CleanText(c.Text, wire.MaxAsk, true)
	if err != nil {
		return Ask{}, wire.ErrText.In("text")
	}
	return Ask{text}, nil
}

// Clean returns c with its text cleaned, or says what is wrong with it. No
// text at all is an answer aloud.
func (c Answer) Clean() (Answer, error) {
	if c.Text == "" {
		return c, nil
	}
	text, err := wire.CleanText(c.Text, wire.MaxAsk, true)
	if err != nil {
		return Answer{}, wire.ErrText.In("text")
	}
	return Answer{c.Question, text}, nil
}
