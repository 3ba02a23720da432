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
	// Voted: somebody has given this and nothing else. Choices that are picked
	// are in order; those of a ranking are the best first.
	Voted struct {
		Poll    uint64          `json:"poll"`
		Choices []int           `json:"choices,omitzero"`
		Value   float64         `json:"value,omitzero"`
		Text    wire.Personal   `json:"text,omitzero"`
		Words   []wire.Personal `json:"words,omitzero"`
		Counted []Word          `json:"counted,omitzero"`
	}
	// Retracted: somebody has taken their vote back.
	Retracted struct {
		Poll uint64 `json:"poll"`
	}
	// Balloted: somebody has given this in a secret poll, in place of what the
	// same hash gave before. The event is by the room itself.
	Balloted struct {
		Poll    uint64      `json:"poll"`
		Hash    wire.UserID `json:"hash"`
		Choices []int       `json:"choices,omitzero"`
		Value   float64     `json:"value,omitzero"`
	}
	// Withdrawn: a ballot in a secret poll has been taken back.
	Withdrawn struct {
		Poll uint64      `json:"poll"`
		Hash wire.UserID `json:"hash"`
	}
	// Participated: these people took part in a secret poll that has closed, in
	// the order of their ids.
	Participated struct {
		Poll  uint64        `json:"poll"`
		Users []wire.UserID `json:"users"`
	}
	// Removed: a moderator has taken something out of the result. It is said
	// where it stands, and whose votes are gone with it.
	Removed struct {
		Poll   uint64        `json:"poll"`
		Places []Place       `json:"places,omitzero"` // of a word
		Whose  []wire.UserID `json:"whose,omitzero"`
	}
	// Revealed: viewers see the result from now on.
	Revealed struct {
		Poll uint64 `json:"poll"`
	}
	// Closing: it closes by itself in a moment, for some see the class late.
	Closing struct {
		Poll  uint64      `json:"poll"`
		Until wire.Millis `json:"until"`
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

func (Created) event()      {}
func (Edited) event()       {}
func (Opened) event()       {}
func (Voted) event()        {}
func (Retracted) event()    {}
func (Balloted) event()     {}
func (Withdrawn) event()    {}
func (Participated) event() {}
func (Removed) event()      {}
func (Revealed) event()     {}
func (Closing) event()      {}
func (Closed) event()       {}
func (Dropped) event()      {}

// question returns what c asks, as by's words. c is clean. Fields that say
// what has always been are left out, so that old and new events read alike.
func (c Create) question(by wire.UserID) Question {
	own := func(text string) wire.Personal {
		if text == "" {
			return wire.Personal{}
		}
		return wire.Own(by, text)
	}
	q := Question{
		Text: own(c.Text), Images: c.Images, Max: c.Max, Hidden: c.Hidden, Stars: c.Stars, Min: c.Min, MaxValue: c.MaxValue,
		Low: own(c.Low), High: own(c.High), Words: c.Words, Quick: c.quick, Secret: c.Secret,
	}
	if c.Kind != KindChoice {
		q.Kind = c.Kind
	}
	if c.Shown == ShownAsked {
		q.Shown = c.Shown
	}
	for _, choice := range c.Choices {
		q.Choices = append(q.Choices, own(choice))
	}
	for user, weight := range c.Weights {
		if weight > 1 {
			if q.Weights == nil {
				q.Weights = map[wire.UserID]int{}
			}
			q.Weights[user] = weight
		}
	}
	for _, act := range c.Then {
		var then *Then
		if act != nil {
			then = &Then{act.Act, own(act.Value)}
		}
		q.Then = append(q.Then, then)
	}
	return q
}
