package room

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// shapes are the Go types of the messages that rooms send.
var shapes = map[string]func() any{
	"welcome":     func() any { return new(goldenWelcome) },
	"you.changed": func() any { return new(YouView) },
	"chat.said":   func() any { return new(MessageView) },
	"chat.deleted": func() any {
		return new(struct {
			ID uint64 `json:"id"`
		})
	},
	"chat.held": func() any { return new(HeldMessageView) },
	"chat.rejected": func() any {
		return new(struct {
			ID uint64 `json:"id"`
		})
	},
	"chat.mine":   func() any { return new(OwnHeldViews) },
	"hand.raised": func() any { return new(wire.Person) },
	"hand.lowered": func() any {
		return new(struct {
			ID wire.UserID `json:"id"`
		})
	},
	"role.changed":   func() any { return new(wire.Person) },
	"room.opened":    func() any { return new(phaseView) },
	"room.ended":     func() any { return new(phaseView) },
	"stage.changed":  func() any { return new(StageView) },
	"record.changed": func() any { return new(RecordingView) },
	"clip.marked":    func() any { return new(ClipView) },
	"caption.said":   func() any { return new(CueView) },
	"caption.fixed":  func() any { return new(CueView) },
	"caption.drafts": func() any { return new(DraftView) },
	"mod.acted":      func() any { return new(ActView) },
	"qa.asked":       func() any { return new(qa.QuestionView) },
	"qa.answered":    func() any { return new(qa.AnsweredView) },
	"qa.pinned":      func() any { return new(qa.PinnedView) },
	"qa.deleted":     func() any { return new(qa.DeletedView) },
	"qa.changed":     func() any { return new(qa.QuestionView) },
	"qa.replied":     func() any { return new(qa.RepliedView) },
	"qa.merged":      func() any { return new(qa.MergedView) },
	"qa.focused":     func() any { return new(qa.PinnedView) },
	"qa.held":        func() any { return new(qa.HeldView) },
	"qa.experts":     func() any { return new(qa.ExpertsView) },
	"qa.mine":        func() any { return new(qa.OwnView) },
	"qa.votes":       func() any { return new(qa.VotesView) },
	"poll.drafted":   func() any { return new(poll.View) },
	"poll.dropped":   func() any { return new(poll.DroppedView) },
	"poll.opened":    func() any { return new(poll.View) },
	"poll.closed":    func() any { return new(poll.View) },
	"poll.shown":     func() any { return new(poll.View) },
	"poll.changed":   func() any { return new(poll.View) },
	"room.topic": func() any {
		return new(struct {
			Topic string `json:"topic"`
		})
	},
	"room.segment": func() any {
		return new(struct {
			Segment string `json:"segment"`
		})
	},
	"shelf.pinned":  func() any { return new(ItemPinned) },
	"poll.tally":    func() any { return new(poll.TallyView) },
	"poll.mine":     func() any { return new(poll.MineView) },
	"quiz.drafted":  func() any { return new(quiz.DraftView) },
	"quiz.dropped":  func() any { return new(quiz.DroppedView) },
	"quiz.asked":    func() any { return new(quiz.View) },
	"quiz.paused":   func() any { return new(quiz.View) },
	"quiz.resumed":  func() any { return new(quiz.View) },
	"quiz.extended": func() any { return new(quiz.View) },
	"quiz.allowed":  func() any { return new(quiz.AllowView) },
	"quiz.closed":   func() any { return new(quiz.View) },
	"quiz.revealed": func() any { return new(quiz.View) },
	"quiz.finished": func() any { return new(quiz.View) },
	"quiz.tally":    func() any { return new(quiz.TallyView) },
	"quiz.mine":     func() any { return new(quiz.MineView) },

	"survey.drafted": func() any { return new(survey.View) },
	"survey.dropped": func() any { return new(survey.DroppedView) },
	"survey.opened":  func() any { return new(survey.View) },
	"survey.closed":  func() any { return new(survey.View) },
	"survey.shown":   func() any { return new(survey.View) },
	"survey.tally":   func() any { return new(survey.TallyView) },
	"survey.mine":    func() any { return new(survey.MineView) },
	"pulse.tally":    func() any { return new(PulseTally) },
	"pulse.noted":    func() any { return new(PulseView) },
	"pulse.mine":     func() any { return new(MoodView) },
}

// goldenWelcome is a welcome with its room spelt out.
type goldenWelcome struct {
	You     YouView     `json:"you"`
	Epoch   string      `json:"epoch"`
	Seq     uint64      `json:"seq"`
	Now     wire.Millis `json:"now"`
	Resumed bool        `json:"resumed"`
	Room    *RoomView   `json:"room,omitzero"`
}

// TestGoldenMessages reads the messages that the JavaScript client is tested
// with: the server's own types must know every field in them.
func TestGoldenMessages(t *testing.T) {
	files, err := filepath.Glob("../testdata/protocol/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	read := map[string]int{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var golden struct {
			Messages []struct {
				Type string
				Data json.RawMessage
			}
		}
		if err := json.Unmarshal(b, &golden); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, m := range golden.Messages {
			shape := shapes[m.Type]
			if shape == nil {
				continue // a signal or personal view of another part, or one from the future
			}
			read[m.Type]++
			if err := wire.Decode(m.Data, shape()); err != nil {
				t.Errorf("%s: %s: %v in %s", filepath.Base(file), m.Type, err, m.Data)
			}
		}
	}
	for name := range shapes {
		if read[name] == 0 {
			t.Errorf("no golden file has a %s", name)
		}
	}
}
