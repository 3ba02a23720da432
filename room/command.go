package room

import (
	"reflect"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Command is a wish: one of this package's commands or of quiz, poll, qa and
// survey.
type Command any

// Commands of the room itself. Their names on the wire are in [Catalogue].
type (
	// Say puts a message into the chat.
	Say struct {
		Text    string `json:"text"`
		ReplyTo uint64 `json:"reply_to,omitzero"`
		Hold    string `json:"-"` // the rule of the machine check for which it waits for approval; "": it does not
	}
	// RaiseHand asks for the floor.
	RaiseHand struct{}
	// LowerHand takes a hand down: one's own, or for staff somebody's.
	LowerHand struct {
		User wire.UserID `json:"user,omitzero"`
	}
	// Open begins the class, or takes it up again after its end.
	Open struct{}
	// End ends the class.
	End struct{}
	// Set changes what the class is called.
	Set struct {
		Title string `json:"title"`
	}
	// SetTopic says what the class is about at the moment; "" takes it away.
	SetTopic struct {
		Topic string `json:"topic"`
	}
	// SetSegment says which part of the class this is; "" takes it away.
	SetSegment struct {
		Segment string `json:"segment"`
	}
	// PinItem pins an item of the catalogue to the stream; "" takes it down.
	PinItem struct {
		Item string `json:"item"`
	}
	// SetRole makes somebody a moderator, or a viewer again.
	SetRole struct {
		User wire.UserID `json:"user"`
		Role wire.Role   `json:"role"`
	}
	// Go says what the host has on air; nothing means off air.
	Go struct {
		Sources []string `json:"sources"`
	}
	// Delete removes a message, a question or an answer.
	Delete struct {
		Item   uint64 `json:"item"`
		Reason string `json:"reason,omitzero"`
	}
	// Approve lets a message that waits into the chat.
	Approve struct {
		Item uint64 `json:"item"`
	}
	// Reject keeps it out: only its author still sees it.
	Reject struct {
		Item   uint64 `json:"item"`
		Reason string `json:"reason,omitzero"`
	}
	// Mute stops somebody from writing for a time; 0 seconds: until lifted.
	Mute struct {
		User    wire.UserID `json:"user"`
		Seconds int64       `json:"seconds,omitzero"`
		Reason  string      `json:"reason,omitzero"`
	}
	// Unmute lifts a mute.
	Unmute struct {
		User   wire.UserID `json:"user"`
		Reason string      `json:"reason,omitzero"`
	}
	// Ban keeps somebody out for a time; 0 seconds: until lifted.
	Ban struct {
		User    wire.UserID `json:"user"`
		Seconds int64       `json:"seconds,omitzero"`
		Reason  string      `json:"reason,omitzero"`
	}
	// Unban lifts a ban.
	Unban struct {
		User   wire.UserID `json:"user"`
		Reason string      `json:"reason,omitzero"`
	}
	// Slow sets the least time between two messages of a viewer.
	Slow struct {
		Seconds int64 `json:"seconds"`
	}
	// Click says that a suggestion was taken up.
	Click struct {
		Item string `json:"item"`
	}
	// Dismiss says that a suggestion does not interest.
	Dismiss struct {
		Item string `json:"item"`
	}
)

// Queries change nothing in the log.
type (
	// Ping asks for the server's clock.
	Ping struct{}
	// React sends an emoji, which is counted in a signal and then forgotten.
	React struct {
		Emoji string `json:"emoji"`
	}
	// ListPeople asks for a page of the people who have been here.
	ListPeople struct {
		After string `json:"after,omitzero"`
		Limit int    `json:"limit,omitzero"`
		Find  string `json:"find,omitzero"`
		Here  bool   `json:"here,omitzero"`
	}
	// Missing asks who is here and has not voted in a poll.
	Missing struct {
		Poll uint64 `json:"poll"`
	}
	// Audit asks for a page of what moderators did, newest first.
	Audit struct {
		Before uint64 `json:"before,omitzero"`
		Limit  int    `json:"limit,omitzero"`
	}
)

// Commands that only the server gives.
type (
	enter struct {
		Name   string
		Role   wire.Role
		Quiet  bool // only at the moderators' socket: known, but not present
		Writes bool // at the captioners' socket: likewise
	}
	leave struct{}
	tick  struct{}
)

// Spec describes one kind of command.
type Spec struct {
	Name  string    // on the wire
	Least wire.Role // who may give it
	Query bool      // changes nothing in the log and needs no key
	zero  reflect.Type
}

func command[C any](name string, least wire.Role) Spec {
	return Spec{Name: name, Least: least, zero: reflect.TypeFor[C]()}
}

func query[C any](name string, least wire.Role) Spec {
	s := command[C](name, least)
	s.Query = true
	return s
}

// Catalogue lists every command that a client may give.
var Catalogue = []Spec{
	query[Ping]("ping", wire.Viewer),

	command[Say]("chat.say", wire.Viewer),
	query[React]("chat.react", wire.Viewer),
	command[RaiseHand]("hand.raise", wire.Viewer),
	command[LowerHand]("hand.lower", wire.Viewer),

	command[qa.Ask]("qa.ask", wire.Viewer),
	command[qa.Upvote]("qa.upvote", wire.Viewer),
	command[qa.Unvote]("qa.unvote", wire.Viewer),
	command[qa.Answer]("qa.answer", wire.Viewer), // staff, and experts in writing
	command[qa.Reply]("qa.reply", wire.Viewer),   // staff and experts
	command[qa.Label]("qa.label", wire.Moderator),
	command[qa.Dismiss]("qa.dismiss", wire.Moderator),
	command[qa.Restore]("qa.restore", wire.Moderator),
	command[qa.Hold]("qa.hold", wire.Moderator),
	command[qa.Approve]("qa.approve", wire.Moderator),
	command[qa.Reject]("qa.reject", wire.Moderator),
	command[qa.Merge]("qa.merge", wire.Moderator),
	command[qa.Expert]("qa.expert", wire.Host),
	command[qa.Focus]("qa.focus", wire.Moderator),
	query[qa.Similar]("qa.similar", wire.Viewer),
	command[qa.Pin]("qa.pin", wire.Moderator),
	command[qa.Unpin]("qa.unpin", wire.Moderator),

	command[poll.Create]("poll.create", wire.Moderator),
	command[poll.Edit]("poll.edit", wire.Moderator),
	command[poll.Open]("poll.open", wire.Moderator),
	command[poll.Close]("poll.close", wire.Moderator),
	command[poll.Drop]("poll.drop", wire.Moderator),
	command[poll.Vote]("poll.vote", wire.Viewer),
	command[poll.Retract]("poll.retract", wire.Viewer),
	command[poll.Show]("poll.show", wire.Moderator),
	command[poll.Remove]("poll.remove", wire.Moderator),
	command[poll.Quick]("poll.quick", wire.Moderator),
	query[Missing]("poll.missing", wire.Moderator),

	command[survey.Create]("survey.create", wire.Moderator),
	command[survey.Edit]("survey.edit", wire.Moderator),
	command[survey.Drop]("survey.drop", wire.Moderator),
	command[survey.Open]("survey.open", wire.Moderator),
	command[survey.Answer]("survey.answer", wire.Viewer),
	command[survey.Close]("survey.close", wire.Moderator),
	command[survey.Show]("survey.show", wire.Moderator),
	query[survey.Texts]("survey.texts", wire.Moderator),
	query[Feel]("pulse.say", wire.Viewer),

	command[quiz.Create]("quiz.create", wire.Moderator),
	command[quiz.Edit]("quiz.edit", wire.Moderator),
	command[quiz.Drop]("quiz.drop", wire.Moderator),
	command[quiz.Ask]("quiz.ask", wire.Moderator),
	command[quiz.Join]("quiz.join", wire.Viewer),
	command[quiz.Answer]("quiz.answer", wire.Viewer),
	command[quiz.Pause]("quiz.pause", wire.Moderator),
	command[quiz.Resume]("quiz.resume", wire.Moderator),
	command[quiz.Extend]("quiz.extend", wire.Moderator),
	command[quiz.Allow]("quiz.allow", wire.Moderator),
	command[quiz.Close]("quiz.close", wire.Moderator),
	command[quiz.Reveal]("quiz.reveal", wire.Moderator),
	command[quiz.Finish]("quiz.finish", wire.Moderator),
	query[quiz.Practise]("quiz.practise", wire.Viewer),
	query[quiz.Check]("quiz.check", wire.Viewer),

	command[Open]("room.open", wire.Host),
	command[End]("room.end", wire.Host),
	command[Set]("room.set", wire.Host),
	command[SetTopic]("room.topic", wire.Moderator),
	command[SetSegment]("room.segment", wire.Moderator),
	command[PinItem]("shelf.pin", wire.Moderator),
	command[SetRole]("role.set", wire.Host),
	command[Go]("stage.go", wire.Host),
	command[StageInvite]("stage.invite", wire.Moderator),
	command[StageAccept]("stage.accept", wire.Viewer),
	command[StageLeave]("stage.leave", wire.Viewer),
	command[StageAdmit]("stage.admit", wire.Moderator),
	command[StageRemove]("stage.remove", wire.Moderator),
	command[StageSwitch]("stage.switch", wire.Viewer), // one's own; staff: others'
	command[StagePin]("stage.pin", wire.Moderator),
	command[StageMove]("stage.move", wire.Moderator),
	command[StageLayout]("stage.layout", wire.Moderator),
	command[StageRules]("stage.rules", wire.Moderator),
	command[RecordStart]("record.start", wire.Host),
	command[RecordStop]("record.stop", wire.Host),
	command[MarkClip]("clip.mark", wire.Moderator),
	command[SetReplay]("record.replay", wire.Host),
	command[Caption]("caption.say", wire.Viewer), // captioners and staff, as all of these
	command[CaptionBlocks]("caption.vtt", wire.Viewer),
	command[FixCaption]("caption.fix", wire.Viewer),
	query[DraftCaption]("caption.draft", wire.Viewer),

	command[Delete]("mod.delete", wire.Moderator),
	command[Approve]("mod.approve", wire.Moderator),
	command[Reject]("mod.reject", wire.Moderator),
	command[Mute]("mod.mute", wire.Moderator),
	command[Unmute]("mod.unmute", wire.Moderator),
	command[Ban]("mod.ban", wire.Moderator),
	command[Unban]("mod.unban", wire.Moderator),
	command[Slow]("mod.slow", wire.Moderator),
	query[ListPeople]("people.list", wire.Moderator),
	query[Audit]("mod.audit", wire.Moderator),

	command[Click]("suggest.click", wire.Viewer),
	command[Dismiss]("suggest.dismiss", wire.Viewer),
}

var (
	specByName = map[string]*Spec{}
	specByType = map[reflect.Type]*Spec{}
)

func init() {
	for i := range Catalogue {
		s := &Catalogue[i]
		specByName[s.Name] = s
		specByType[s.zero] = s
	}
}

// Parse reads a request's command. An unknown type is [wire.ErrType], a
// command without its key [wire.ErrKey], and data of another shape
// [wire.ErrField].
func Parse(r wire.Request) (Command, error) {
	spec := specByName[r.Type]
	if spec == nil {
		return nil, wire.ErrType
	}
	if !spec.Query && r.Key == "" {
		return nil, wire.ErrKey
	}
	v := reflect.New(spec.zero)
	if err := wire.Decode(r.Data, v.Interface()); err != nil {
		return nil, err
	}
	return v.Elem().Interface(), nil
}

// specOf returns c's spec, or nil for what only the server may say.
func specOf(c Command) *Spec { return specByType[reflect.TypeOf(c)] }
