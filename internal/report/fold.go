package report

import (
	"slices"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Fold is what a room's log has come to so far. Whoever has it has it alone.
type Fold struct {
	room    wire.RoomID
	seq     uint64
	at      wire.Millis // of the last event
	partial bool        // the log does not begin at its beginning
	since   wire.Millis // the first event that is known

	title    string
	live     bool
	over     bool
	sittings []Sitting
	notes    []Mark // topics, segments and what was on air
	air      int    // index of the mark of what is on air now, from 1; 0: nothing is
	moods    []Pulse

	people map[wire.UserID]*person
	order  []wire.UserID // of their first coming
	here   int
	peak   int

	messages, deleted, hands, upvotes int

	time     timeline
	comments comments

	board   qa.State
	feels   map[uint64]int // of the board's questions: what they show, see feel
	polls   map[uint64]*pollFold
	quizzes quiz.State
	runs    []*run
	surveys map[uint64]*surveyFold
}

// NewFold returns the fold of an empty log.
func NewFold(id wire.RoomID) *Fold {
	return &Fold{
		room: id, title: string(id), people: map[wire.UserID]*person{}, feels: map[uint64]int{},
		polls: map[uint64]*pollFold{}, surveys: map[uint64]*surveyFold{}, time: newTimeline(), comments: newComments(),
	}
}

// Seq is the position of the last event that was applied.
func (f *Fold) Seq() uint64 { return f.seq }

// maxMarks bounds topics, segments and broadcasts; the newest are kept.
const maxMarks = 2000

// Apply folds the next event of the log into f. Of a log that has lost its
// beginning it leaves out what it cannot know.
func (f *Fold) Apply(h wire.Head, e room.Event) {
	if f.since == 0 {
		f.since = h.At
	}
	if h.Seq != f.seq+1 {
		f.partial = true
	}
	f.seq, f.at = h.Seq, h.At
	switch e := e.(type) {
	case room.Entered:
		f.enter(h, e)
	case room.Left:
		f.left(h, e)
	case room.Banned:
		if e.Until != 0 {
			f.leave(e.User, h.At)
		}
	case room.RoleSet:
		f.person(e.User).granted = e.Role
	case room.Said:
		f.say(h, e)
	case room.Approved:
		h.By = e.Author
		f.say(h, room.Said{Text: e.Text, ReplyTo: e.ReplyTo})
	case room.Deleted:
		f.deleted++
		f.unsay(e.Item)
	case room.HandRaised:
		f.hands++
		f.person(h.By).hands++
	case room.Opened:
		f.live, f.over = true, false
		f.sittings = append(f.sittings, Sitting{From: h.At})
	case room.Ended:
		f.live, f.over = false, true
		if n := len(f.sittings); n > 0 {
			f.sittings[n-1].To = h.At
		}
		f.offAir(h.At)
	case room.Titled:
		f.title = e.Title
	case room.TopicSet:
		f.note(h, "topic", e.Topic.Text)
	case room.SegmentSet:
		f.note(h, "segment", e.Segment.Text)
	case room.StageSet:
		f.onAir(h, e)
	case room.PulseNoted:
		f.feelPulse(h, e)
	case qa.Event:
		f.applyBoard(h, e)
	case poll.Event:
		f.applyPoll(h, e)
	case survey.Event:
		f.applySurvey(h, e)
	case quiz.Event:
		f.applyQuiz(h, e)
	}
}

// note marks the line of time with what is the topic or segment from now on.
func (f *Fold) note(h wire.Head, kind, title string) {
	for i := len(f.notes) - 1; i >= 0; i-- { // the one before is over
		if m := &f.notes[i]; m.Kind == kind {
			if m.Until == 0 {
				m.Until = h.At
			}
			break
		}
	}
	if title != "" {
		f.mark(Mark{Kind: kind, ID: h.Seq, At: h.At, Title: title})
	}
}

func (f *Fold) onAir(h wire.Head, e room.StageSet) {
	switch {
	case len(e.Sources) == 0:
		f.offAir(h.At)
	case f.air == 0:
		f.mark(Mark{Kind: "air", ID: h.Seq, At: h.At})
		f.air = len(f.notes)
	}
}

func (f *Fold) offAir(at wire.Millis) {
	if f.air > 0 {
		f.notes[f.air-1].Until = at
		f.air = 0
	}
}

func (f *Fold) mark(m Mark) {
	if len(f.notes) >= maxMarks {
		const gone = maxMarks / 10
		f.notes = slices.Delete(f.notes, 0, gone)
		f.air = max(0, f.air-gone)
	}
	f.notes = append(f.notes, m)
}

// maxMoods bounds the notes of the pulse, of which there is one a minute at
// most; the newest are kept.
const maxMoods = 3000

func (f *Fold) feelPulse(h wire.Head, e room.PulseNoted) {
	if len(f.moods) >= maxMoods {
		f.moods = slices.Delete(f.moods, 0, maxMoods/10)
	}
	f.moods = append(f.moods, Pulse{At: h.At, Here: e.Here, Pulse: e.Pulse})
}

func (f *Fold) say(h wire.Head, e room.Said) {
	f.messages++
	p := f.person(h.By)
	p.messages++
	b := f.time.touch(h.At, f.here)
	b.messages++
	if p.as().Staff() {
		return
	}
	b.feeling.add(f.comments.add(h.Seq, h.At, e.Text.Text), 1)
}

// unsay takes a message that was deleted out of what the class felt.
func (f *Fold) unsay(id uint64) {
	if at, felt, ok := f.comments.remove(id); ok {
		if b := f.time.find(at); b != nil {
			b.feeling.add(felt, -1)
		}
	}
}
