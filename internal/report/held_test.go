package report_test

import (
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// A message that was held and approved is its author's, and one that was
// rejected nobody's.
func TestApprovedMessagesAreTheirAuthors(t *testing.T) {
	inHouse(t, func(c *class) {
		c.house.Screen = func(text string) room.Checked { return room.Checked{Text: text, Rule: "all", Hold: true} }
		c.begin(t, "physics")
		c.enter("host", wire.Host)
		c.enter(user(1), wire.Viewer)
		c.must("host", room.Open{})
		c.must(user(1), room.Say{Text: "I love the demo"})
		c.must("host", room.Approve{Item: c.last()})
		c.must(user(1), room.Say{Text: "never to be read"})
		c.must("host", room.Reject{Item: c.last()})
		r := c.fold().Report()
		for _, p := range r.People {
			want := 0
			if p.ID == user(1) {
				want = 1
			}
			if p.Messages != want {
				t.Errorf("%s has said %d things, not %d", p.ID, p.Messages, want)
			}
		}
		if all := everything(t, c.fold()); strings.Contains(all, "never to be read") {
			t.Error("what was rejected is in the report")
		}
	})
}
