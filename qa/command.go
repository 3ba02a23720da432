package qa

import (
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Command is a wish about the board. Its name on the wire is its name here:
// "qa.upvote" is [Upvote]. Only [Delete] comes by another: it is what
// "mod.delete" means for a question or an answer.
type Command interface {
	least() wire.Role // who may give it
}

type (
	// Ask puts a question on the board. Who asks anonymously is shown to nobody
	// else, and is one person to every limit.
	Ask struct {
		Text      string `json:"text"`
		Anonymous bool   `json:"anonymous,omitzero"`
		Held      bool   `json:"-"` // the machine check wants it to wait for approval
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
	// Experts answer in writing.
	Answer struct {
		Question uint64 `json:"question"`
		Text     string `json:"text,omitzero"`
	}
	// Reply writes under a question, or to one of its answers; the question may
	// then be left out. For the staff and experts.
	Reply struct {
		Question uint64 `json:"question,omitzero"`
		Answer   uint64 `json:"answer,omitzero"`
		Text     string `json:"text"`
	}
	// Label sets a question's labels.
	Label struct {
		Question uint64   `json:"question"`
		Labels   []string `json:"labels"`
	}
	// Dismiss sets a question aside.
	Dismiss struct {
		Question uint64 `json:"question"`
	}
	// Restore puts it back.
	Restore struct {
		Question uint64 `json:"question"`
	}
	// Hold makes new questions wait for approval, or no longer.
	Hold struct {
		On bool `json:"on"`
	}
	// Approve lets a question onto the board.
	Approve struct {
		Question uint64 `json:"question"`
	}
	// Reject keeps it off: only its asker still sees it.
	Reject struct {
		Question uint64 `json:"question"`
	}
	// Merge makes one question of two.
	Merge struct {
		From uint64 `json:"from"`
		Into uint64 `json:"into"`
	}
	// Expert invites somebody to answer, or takes that back.
	Expert struct {
		User wire.UserID `json:"user"`
		On   bool        `json:"on"`
	}
	// Focus says which question is being answered now; 0: none.
	Focus struct {
		Question uint64 `json:"question"`
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

func (Ask) least() wire.Role     { return wire.Viewer }
func (Upvote) least() wire.Role  { return wire.Viewer }
func (Unvote) least() wire.Role  { return wire.Viewer }
func (Answer) least() wire.Role  { return wire.Viewer } // experts are viewers
func (Reply) least() wire.Role   { return wire.Viewer }
func (Label) least() wire.Role   { return wire.Moderator }
func (Dismiss) least() wire.Role { return wire.Moderator }
func (Restore) least() wire.Role { return wire.Moderator }
func (Hold) least() wire.Role    { return wire.Moderator }
func (Approve) least() wire.Role { return wire.Moderator }
func (Reject) least() wire.Role  { return wire.Moderator }
func (Merge) least() wire.Role   { return wire.Moderator }
func (Expert) least() wire.Role  { return wire.Host }
func (Focus) least() wire.Role   { return wire.Moderator }
func (Pin) least() wire.Role     { return wire.Moderator }
func (Unpin) least() wire.Role   { return wire.Moderator }
func (Delete) least() wire.Role  { return wire.Moderator }

// Clean returns c with its text cleaned, or says what is wrong with it.
func (c Ask) Clean() (Ask, error) {
	text, err := wire.CleanText(c.Text, wire.MaxAsk, true)
	if err != nil {
		return Ask{}, wire.ErrText.In("text")
	}
	c.Text = text
	return c, nil
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

// Clean returns c with its labels cleaned and each of them once, or says what
// is wrong with them.
func (c Label) Clean() (Label, error) {
	var labels []string
	for _, label := range c.Labels {
		text, err := wire.CleanText(label, MaxLabel, false)
		if err != nil {
			return Label{}, wire.ErrText.In("labels")
		}
		if !slices.Contains(labels, text) {
			labels = append(labels, text)
		}
	}
	if len(labels) > MaxLabels {
		return Label{}, wire.ErrField.In("labels")
	}
	return Label{c.Question, labels}, nil
}
