package room

import (
	"context"
	"time"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// Commands of a class's recording. That a class is recorded is in its log and
// in everybody's view; what is recorded is for whoever follows the log.
type (
	// RecordStart begins a recording.
	RecordStart struct{}
	// RecordStop ends it.
	RecordStop struct{}
	// MarkClip says that what has just happened was good: the last seconds of
	// the recording, 30 unless said otherwise, become a clip.
	MarkClip struct {
		Title   string `json:"title,omitzero"`
		Seconds int64  `json:"seconds,omitzero"`
	}
	// CutClip asks for a clip of any piece of a recording. Only the server gives
	// it, for one of the staff who may be watching long after the class.
	CutClip struct {
		Recording uint64
		From, To  wire.Millis
		Title     string
	}
	// SetReplay says whether viewers may go back in what is being recorded.
	SetReplay struct {
		On bool `json:"on"`
	}
	// RecordDeleted says that a recording is about to be deleted, by a host or,
	// where it has become old, by the server. Only the server gives it.
	RecordDeleted struct {
		ID  uint64
		Old bool
	}
	// RecordFailed is the server's own word that a recording has ended by itself.
	RecordFailed struct {
		ID     uint64
		Reason string
	}
)

// Events of a class's recording, the id of which is the position of its
// RecordStarted.
type (
	// RecordStarted: the class is recorded from now on.
	RecordStarted struct{}
	// RecordStopped: it is not any more; the reason is empty if it was told to.
	RecordStopped struct {
		ID     uint64 `json:"id"`
		Reason string `json:"reason,omitzero"`
	}
	// ReplaySet: viewers may go back in the class while it goes on, or not.
	ReplaySet struct {
		On bool `json:"on"`
	}
	// ClipMarked: this piece of the recording is to be a clip.
	ClipMarked struct {
		Recording uint64      `json:"recording"`
		From      wire.Millis `json:"from"`
		To        wire.Millis `json:"to"`
		Title     string      `json:"title,omitzero"`
	}
)

// ErrNotRecorded refuses a clip of what is not recorded.
var ErrNotRecorded = &wire.Error{Code: "record.off", Text: "the class is not recorded"}

// ErrNoReplay refuses who wants to go back in a class in which that is switched off.
var ErrNoReplay = &wire.Error{Code: "record.closed", Text: "this recording can be seen after the class"}

const (
	clipLeast = 1   // seconds
	clipUsual = 30  // seconds
	clipMost  = 600 // seconds
)

// Recording is whether a class is recorded.
type Recording struct {
	ID     uint64      `json:"id,omitzero"` // of the newest recording
	On     bool        `json:"on,omitzero"`
	Since  wire.Millis `json:"since,omitzero"`
	Reason string      `json:"reason,omitzero"` // why it ended by itself
	Closed bool        `json:"closed,omitzero"` // viewers may not go back in it while the class goes on
}

// RecordingView is what everybody sees of it.
type RecordingView struct {
	ID     uint64      `json:"id"`
	On     bool        `json:"on"`
	Since  wire.Millis `json:"since"`
	Reason string      `json:"reason,omitzero"`
	Replay bool        `json:"replay,omitzero"` // viewers may go back in it now
}

// ClipView tells the staff of a clip that was marked.
type ClipView struct {
	ID        uint64      `json:"id"`
	Recording uint64      `json:"recording"`
	From      wire.Millis `json:"from"`
	To        wire.Millis `json:"to"`
	Title     string      `json:"title,omitzero"`
}

func (s *State) decideRecord(now wire.Millis, c Command) ([]Event, error) {
	switch c := c.(type) {
	case RecordStart:
		if s.Recording.On {
			return nil, nil
		}
		return []Event{RecordStarted{}}, nil
	case RecordStop:
		return s.recordOver(), nil
	case SetReplay:
		if c.On == !s.Recording.Closed {
			return nil, nil
		}
		return []Event{ReplaySet(c)}, nil
	case RecordDeleted:
		act := "record.delete"
		if c.Old {
			act = "record.expire"
		}
		return []Event{Acted{Act: act, Item: c.ID}}, nil
	case RecordFailed:
		if !s.Recording.On || s.Recording.ID != c.ID {
			return nil, nil
		}
		return []Event{RecordStopped(c)}, nil
	case MarkClip:
		if !s.Recording.On {
			return nil, ErrNotRecorded
		}
		title, err := clipTitle(c.Title)
		if err != nil {
			return nil, err
		}
		if c.Seconds < 0 || c.Seconds > clipMost {
			return nil, wire.ErrField.In("seconds")
		}
		if c.Seconds == 0 {
			c.Seconds = clipUsual
		}
		from := max(s.Recording.Since, now-wire.Millis(c.Seconds*1000))
		return []Event{ClipMarked{s.Recording.ID, from, max(now, from), title}}, nil
	case CutClip:
		title, err := clipTitle(c.Title)
		if err != nil {
			return nil, err
		}
		if c.To-c.From < clipLeast*1000 || c.To-c.From > clipMost*1000 {
			return nil, wire.ErrField.In("to")
		}
		return []Event{ClipMarked{c.Recording, c.From, c.To, title}}, nil
	}
	return nil, nil
}

func clipTitle(title string) (string, error) {
	if title == "" {
		return "", nil
	}
	title, err := wire.CleanText(title, wire.MaxTitle, false)
	if err != nil {
		return "", wire.ErrText.In("title")
	}
	return title, nil
}

// recordOver ends the recording, if there is one.
func (s *State) recordOver() []Event {
	if !s.Recording.On {
		return nil
	}
	return []Event{RecordStopped{ID: s.Recording.ID}}
}

func (s *State) applyRecord(h wire.Head, e Event) {
	switch e := e.(type) {
	case RecordStarted:
		s.Recording = Recording{ID: h.Seq, On: true, Since: h.At, Closed: s.Recording.Closed}
	case ReplaySet:
		s.Recording.Closed = !e.On
	case RecordStopped:
		s.Recording.On, s.Recording.Reason = false, e.Reason
	}
}

func (s *State) recording() *RecordingView {
	r := s.Recording
	if r.ID == 0 {
		return nil
	}
	return &RecordingView{r.ID, r.On, r.Since, r.Reason, r.On && !r.Closed}
}

// Subject is something in a room's log that has words of its own.
type Subject struct {
	Kind string // "question", "poll", "quiz" or "segment"
	Ref  uint64
}

// Words returns what subjects are called now: what was edited is as it was
// edited, and what was deleted, or whose author is forgotten, has no words.
func (h *House) Words(ctx context.Context, id wire.RoomID, subjects []Subject) (words []string, err error) {
	err = h.within(ctx, id, func(r *Room) error {
		words = make([]string, len(subjects))
		return r.look(ctx, func() error {
			for i, subject := range subjects {
				words[i] = r.state.words(subject)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	for i, subject := range subjects {
		if subject.Kind != "segment" {
			continue
		}
		page, err := h.log.Read(ctx, id, subject.Ref-1, 1)
		if err != nil {
			return nil, err
		}
		events, err := h.vault.openAll(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if segment, ok := e.Event.(SegmentSet); ok && e.Head.Seq == subject.Ref {
				words[i] = segment.Segment.Text
			}
		}
	}
	return words, nil
}

// words of one subject that is in the state.
func (s *State) words(of Subject) string {
	switch of.Kind {
	case "question":
		if q := s.Board.Questions[of.Ref]; q != nil && q.Status == qa.OnBoard {
			return q.Text.Text
		}
	case "poll":
		if p := s.Polls.Polls[of.Ref]; p != nil {
			return p.Text.Text
		}
	case "quiz":
		if s.Quiz.Run != nil && s.Quiz.Run.ID == of.Ref {
			return s.Quiz.Run.Title.Text
		}
		for _, past := range s.Quiz.Past {
			if past.ID == of.Ref {
				return past.Title.Text
			}
		}
	}
	return ""
}

// Seen reports whether somebody may see what was recorded in a room: those
// who are banned may not.
func (h *House) Seen(ctx context.Context, id wire.RoomID, user wire.UserID) (ok bool, err error) {
	err = h.within(ctx, id, func(r *Room) error {
		return r.look(ctx, func() error {
			m := r.state.People[user]
			ok = m == nil || !holds(m.Banned, r.clock.at(time.Now()))
			return nil
		})
	})
	return ok, err
}

// MayReplay refuses viewers who want to see what is being recorded of a class
// whose host does not let them go back in it.
func (h *House) MayReplay(ctx context.Context, id wire.RoomID, by wire.Actor) error {
	return h.within(ctx, id, func(r *Room) error {
		return r.look(ctx, func() error {
			if r.state.Recording.Closed && !r.state.roleOf(by.User, by.Role).Staff() {
				return ErrNoReplay
			}
			return nil
		})
	})
}

// Recorded is how a room's recording stands.
func (h *House) Recorded(ctx context.Context, id wire.RoomID) (found Recording, err error) {
	err = h.within(ctx, id, func(r *Room) error {
		return r.look(ctx, func() error {
			found = r.state.Recording
			return nil
		})
	})
	return found, err
}
