package room

import (
	"reflect"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Event is a fact in the log: one of this package's events or of quiz, poll,
// qa and survey. Who did it, when and where it stands are in its [wire.Head].
type Event any

// Events of the room itself.
type (
	// Entered: somebody came in, or has another name or role than before.
	Entered struct {
		Name  wire.Personal `json:"name"`
		Role  wire.Role     `json:"role"`           // as their token says
		Quiet bool          `json:"quiet,omitzero"` // only at the moderators' socket: not present
	}
	// Left: somebody has no socket any more.
	Left struct {
		Seconds int64     `json:"seconds"`       // how long they had been here
		Role    wire.Role `json:"role,omitzero"` // for followers, who do not know the people
	}
	// Said: a message is in the chat.
	Said struct {
		Text    wire.Personal `json:"text"`
		ReplyTo uint64        `json:"reply_to,omitzero"`
	}
	// Deleted: a message is gone from the chat.
	Deleted struct {
		Item uint64 `json:"item"`
	}
	// HandRaised: somebody wants the floor.
	HandRaised struct{}
	// HandLowered: their hand is down again.
	HandLowered struct {
		User wire.UserID `json:"user"`
	}
	// Opened: the class has begun, or goes on.
	Opened struct{}
	// Ended: the class is over.
	Ended struct{}
	// Stayed: these people were there for at least half of the class and at its end.
	Stayed struct {
		Users []wire.UserID `json:"users"`
	}
	// Titled: the class has another title.
	Titled struct {
		Title string `json:"title"`
	}
	// TopicSet: this is what the class is about at the moment.
	TopicSet struct {
		Topic wire.Personal `json:"topic"`
	}
	// SegmentSet: this part of the class has begun.
	SegmentSet struct {
		Segment wire.Personal `json:"segment"`
	}
	// ItemPinned: this item of the catalogue is pinned to the stream; "": none.
	ItemPinned struct {
		Item string `json:"item"`
	}
	// RoleSet: somebody has another role than their token says.
	RoleSet struct {
		User wire.UserID `json:"user"`
		Role wire.Role   `json:"role"`
	}
	// StageSet: something else is on air.
	StageSet struct {
		Sources []string `json:"sources"`
	}
	// Muted: somebody may not write until then; -1: until lifted, 0: lifted.
	Muted struct {
		User  wire.UserID `json:"user"`
		Until wire.Millis `json:"until"`
	}
	// Banned: somebody must stay out until then; -1: until lifted, 0: lifted.
	Banned struct {
		User   wire.UserID   `json:"user"`
		Until  wire.Millis   `json:"until"`
		Reason wire.Personal `json:"reason"`
	}
	// Slowed: viewers wait this long between two messages.
	Slowed struct {
		Seconds int64 `json:"seconds"`
	}
	// Acted is the audit entry of a moderator's act; the fact itself is the
	// event before it.
	Acted struct {
		Act     string        `json:"act"` // the command's name on the wire
		Target  wire.UserID   `json:"target,omitzero"`
		Item    uint64        `json:"item,omitzero"`
		Reason  wire.Personal `json:"reason,omitzero"`
		Seconds int64         `json:"seconds,omitzero"`
	}
	// Noted: a command had nothing to change. Its key is kept all the same: repeated
	// after others, it would have. Or, by the system: the room was still open.
	Noted struct{}
	// Clicked: somebody took a suggestion up.
	Clicked struct {
		Item string `json:"item"`
	}
	// Dismissed: a suggestion does not interest somebody.
	Dismissed struct {
		Item string `json:"item"`
	}
)

// kinds gives each event its name in the log. A name never changes its
// meaning: an event of another shape gets another name.
var kinds = []struct {
	name string
	zero Event
}{
	{"room.entered", Entered{}},
	{"room.left", Left{}},
	{"chat.said", Said{}},
	{"chat.deleted", Deleted{}},
	{"chat.held", Withheld{}},
	{"chat.approved", Approved{}},
	{"chat.rejected", Rejected{}},
	{"hand.raised", HandRaised{}},
	{"hand.lowered", HandLowered{}},
	{"room.opened", Opened{}},
	{"room.ended", Ended{}},
	{"room.stayed", Stayed{}},
	{"room.titled", Titled{}},
	{"room.topic", TopicSet{}},
	{"room.segment", SegmentSet{}},
	{"shelf.pinned", ItemPinned{}},
	{"role.set", RoleSet{}},
	{"stage.set", StageSet{}},
	{"stage.invited", GuestInvited{}},
	{"stage.ready", GuestReady{}},
	{"stage.seated", GuestSeated{}},
	{"stage.left", GuestGone{}},
	{"stage.switched", GuestSwitched{}},
	{"stage.pinned", GuestPinned{}},
	{"stage.moved", GuestMoved{}},
	{"stage.laid", StageLaidOut{}},
	{"stage.ruled", StageRuled{}},
	{"record.started", RecordStarted{}},
	{"record.stopped", RecordStopped{}},
	{"record.replay", ReplaySet{}},
	{"clip.marked", ClipMarked{}},
	{"caption.said", Captioned{}},
	{"caption.fixed", CaptionFixed{}},
	{"mod.muted", Muted{}},
	{"mod.banned", Banned{}},
	{"mod.slowed", Slowed{}},
	{"mod.acted", Acted{}},
	{"room.noted", Noted{}},
	{"suggest.clicked", Clicked{}},
	{"suggest.dismissed", Dismissed{}},

	{"qa.asked", qa.Asked{}},
	{"qa.upvoted", qa.Upvoted{}},
	{"qa.unvoted", qa.Unvoted{}},
	{"qa.answered", qa.Answered{}},
	{"qa.pinned", qa.Pinned{}},
	{"qa.unpinned", qa.Unpinned{}},
	{"qa.deleted", qa.Deleted{}},
	{"qa.replied", qa.Replied{}},
	{"qa.labelled", qa.Labelled{}},
	{"qa.dismissed", qa.Dismissed{}},
	{"qa.restored", qa.Restored{}},
	{"qa.held", qa.Held{}},
	{"qa.approved", qa.Approved{}},
	{"qa.rejected", qa.Rejected{}},
	{"qa.merged", qa.Merged{}},
	{"qa.invited", qa.Invited{}},
	{"qa.focused", qa.Focused{}},

	{"poll.created", poll.Created{}},
	{"poll.edited", poll.Edited{}},
	{"poll.opened", poll.Opened{}},
	{"poll.voted", poll.Voted{}},
	{"poll.retracted", poll.Retracted{}},
	{"poll.removed", poll.Removed{}},
	{"poll.revealed", poll.Revealed{}},
	{"poll.balloted", poll.Balloted{}},
	{"poll.withdrawn", poll.Withdrawn{}},
	{"poll.participated", poll.Participated{}},
	{"poll.closing", poll.Closing{}},
	{"poll.closed", poll.Closed{}},
	{"poll.dropped", poll.Dropped{}},

	{"survey.created", survey.Created{}},
	{"survey.edited", survey.Edited{}},
	{"survey.opened", survey.Opened{}},
	{"survey.answered", survey.Answered{}},
	{"survey.balloted", survey.Balloted{}},
	{"survey.participated", survey.Participated{}},
	{"survey.closed", survey.Closed{}},
	{"survey.revealed", survey.Revealed{}},
	{"survey.dropped", survey.Dropped{}},
	{"pulse.noted", PulseNoted{}},

	{"quiz.created", quiz.Created{}},
	{"quiz.edited", quiz.Edited{}},
	{"quiz.dropped", quiz.Dropped{}},
	{"quiz.asked", quiz.Asked{}},
	{"quiz.joined", quiz.Joined{}},
	{"quiz.answered", quiz.Answered{}},
	{"quiz.paused", quiz.Paused{}},
	{"quiz.resumed", quiz.Resumed{}},
	{"quiz.extended", quiz.Extended{}},
	{"quiz.allowed", quiz.Allowed{}},
	{"quiz.closed", quiz.Closed{}},
	{"quiz.revealed", quiz.Revealed{}},
	{"quiz.finished", quiz.Finished{}},
}

var (
	kindByType = map[reflect.Type]string{}
	typeByKind = map[string]reflect.Type{}
)

func init() {
	for _, k := range kinds {
		t := reflect.TypeOf(k.zero)
		kindByType[t] = k.name
		typeByKind[k.name] = t
	}
}
