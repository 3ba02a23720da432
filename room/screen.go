package room

import (
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// ErrBlocked is the refusal of a text by the machine check.
var ErrBlocked = &wire.Error{Code: "mod.blocked", Text: "this text is not allowed here"}

// Checked is what the machine check says of a text.
type Checked struct {
	Text  string // as it may be shown
	Rule  string // the first that found something; "": nothing was found
	Hold  bool   // somebody must look at it first
	Block bool   // nobody may see it
}

// checked is the verdict on all that a command writes.
type checked struct {
	texts       []string // as they may be shown, in the order of written
	rule        string
	hold, block bool
}

// check looks at what a command writes, beside the room's loop. It returns nil
// for a command that may pass as it is.
func (h *House) check(c Command) *checked {
	if h.Screen == nil {
		return nil
	}
	texts := written(c)
	var found *checked
	for i, text := range texts {
		if text == "" {
			continue
		}
		v := h.Screen(text)
		if v.Rule == "" {
			continue
		}
		if found == nil {
			found = &checked{texts: append([]string(nil), texts...), rule: v.Rule}
		}
		found.texts[i] = v.Text
		found.hold, found.block = found.hold || v.Hold, found.block || v.Block
	}
	return found
}

// written is what a command of a viewer's puts before others.
func written(c Command) []string {
	switch c := c.(type) {
	case Say:
		return []string{c.Text}
	case qa.Ask:
		return []string{c.Text}
	case qa.Answer:
		return []string{c.Text}
	case qa.Reply:
		return []string{c.Text}
	case poll.Vote:
		return append([]string{c.Text}, c.Words...)
	}
	return nil
}

// stamp gives a command of a viewer's the verdict on it: what is to be masked
// is masked, and what is to be held waits for approval. It reports whether the
// text must be refused, also where it should be held and cannot be: an answer
// to a poll waits for nobody.
func (v *checked) stamp(c Command) (stamped Command, refused bool) {
	switch c := c.(type) {
	case Say:
		c.Text = v.texts[0]
		if v.hold {
			c.Hold = v.rule
		}
		return c, v.block
	case qa.Ask:
		c.Text, c.Held = v.texts[0], v.hold
		return c, v.block
	case qa.Answer:
		c.Text = v.texts[0]
		return c, v.block || v.hold
	case qa.Reply:
		c.Text = v.texts[0]
		return c, v.block || v.hold
	case poll.Vote:
		c.Text = v.texts[0]
		return c, v.block || v.hold || len(c.Words) > 0 // a cloud has no use for stars
	}
	return c, false
}

// CheckName is a name as it may be shown, or [ErrBlocked]. Names of the staff
// are theirs to choose.
func (h *House) CheckName(name string, role wire.Role) (string, error) {
	if h.Screen == nil || role.Staff() {
		return name, nil
	}
	v := h.Screen(name)
	if v.Hold || v.Block {
		return "", ErrBlocked.In("name")
	}
	return v.Text, nil
}

// noName stands for a name that may not be shown.
const noName = "***"

// nameOf is what somebody is called who comes with a token: it may be older
// than the lists, or another server's, and is no reason to keep them out.
func (h *House) nameOf(name string, role wire.Role) string {
	shown, err := h.CheckName(name, role)
	if err != nil {
		return noName
	}
	return shown
}
