package load

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/wire"
)

// viewerOf makes an open viewer who has heard nothing yet.
func viewerOf(c *crowd) *socket {
	l := &lane{}
	c.lanes = append(c.lanes, l)
	return &socket{crowd: c, lane: l, phase: open}
}

// TestGapsAndDoublesAgreeWithAModel: frames with losses, repeats, signals,
// replies and arrays, against a count that knows what was done to them.
func TestGapsAndDoublesAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := &crowd{speaks: lyceum{}}
		c.plan.Store(&plan{n: 100})
		s := viewerOf(c)
		replies, others := 0, 0
		s.lane.on = events{
			reply: func(*socket, uint64, reply, time.Duration) { replies++ },
			other: func(*socket, []byte, []byte, time.Duration) { others++ },
		}
		var messages []string
		gaps, doubles, marks, wantReplies, wantOthers := 0, 0, 0, 0, 0
		var seq, prev, seen uint64
		for i := range rapid.IntRange(0, 60).Draw(rt, "views") {
			seq += uint64(rapid.IntRange(1, 3).Draw(rt, "step")) // other audiences' events are between
			plain := rapid.Bool().Draw(rt, "plain")
			// A text that looks like the beginning of a message is only text.
			text := fmt.Sprintf(`{"id":%d,"by":{"name":"\"]}"},"text":"#%d {\"seq\":1,\"prev\":2} \\"}`, seq, i)
			kind := "chat.said"
			if plain {
				text, kind = `{"text":"A","choices":["}","]"]}`, "poll.closed"
			}
			view := string(wire.Numbered(seq, prev, kind, []byte(text)))
			before := prev
			prev = seq
			fate := rapid.SampledFrom([]string{"come", "come", "come", "lost", "twice"}).Draw(rt, "fate")
			if fate == "lost" {
				continue
			}
			messages = append(messages, view)
			if fate == "twice" {
				messages = append(messages, view)
				doubles++
			}
			if before != seen {
				gaps++
			}
			seen = seq
			if plain {
				wantOthers++
			} else {
				marks++
			}
			if rapid.Bool().Draw(rt, "noise") {
				messages = append(messages, `{"re":7,"type":"ok","data":{"seq":3}}`, `{"type":"room.presence","data":{"count":3}}`)
				wantReplies++
				wantOthers++
			}
		}
		for len(messages) > 0 { // as single messages or arrays
			n := rapid.IntRange(1, len(messages)).Draw(rt, "together")
			frame := messages[0]
			if n > 1 || rapid.Bool().Draw(rt, "array of one") {
				frame = "[" + strings.Join(messages[:n], ",") + "]"
			}
			if err := (lyceum{}).take(s, []byte(frame), 0); err != nil {
				rt.Fatal(err)
			}
			messages = messages[n:]
		}
		l := s.lane
		if l.gaps != gaps || l.doubles != doubles || int(l.delivered.Load()) != marks || int(l.late.Count()) != marks || replies != wantReplies || others != wantOthers {
			rt.Errorf("gaps %d want %d, doubles %d want %d, marks %d want %d, replies %d want %d, others %d want %d",
				l.gaps, gaps, l.doubles, doubles, l.delivered.Load(), marks, replies, wantReplies, others, wantOthers)
		}
	})
}

// TestElement: against a parser, over arrays of any objects.
func TestElement(t *testing.T) {
	text := rapid.StringOf(rapid.SampledFrom([]rune(`ab{}[],:"\`)))
	object := rapid.MapOfN(text, rapid.OneOf(text.AsAny(), rapid.SliceOf(text).AsAny(), rapid.MapOf(text, text).AsAny()), 0, 4)
	rapid.Check(t, func(rt *rapid.T) {
		var want []string
		for _, o := range rapid.SliceOfN(object, 0, 5).Draw(rt, "objects") {
			b, err := json.Marshal(o)
			if err != nil {
				rt.Fatal(err)
			}
			want = append(want, string(b))
		}
		b := []byte(strings.Join(want, ",") + "]")
		var got []string
		for {
			n := element(b)
			if n == 0 {
				break
			}
			got = append(got, string(b[:n]))
			if b = b[n:]; b[0] != ',' {
				break
			}
			b = b[1:]
		}
		if !slices.Equal(got, want) {
			rt.Errorf("got %q, want %q", got, want)
		}
	})
}

// FuzzTake: whatever a server sends, nothing panics.
func FuzzTake(f *testing.F) {
	for _, seed := range []string{
		`[{"seq":1,"prev":0,"type":"chat.said","data":{"text":"#1 a"}},{"re":1,"type":"ok","data":{}}]`,
		`{"re":1,"type":"welcome","data":{"you":{},"epoch":"e","seq":4,"now":5,"resumed":true}}`,
		`{"type":"quiz.tally","data":{"answered":4}}`, `[`, `[{"a":"\"`, `{"push":{"pub":{"data":{"text":"#3"}}}}` + "\n{}",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, frame []byte, greets bool) {
		for _, speaks := range []dialect{lyceum{}, centrifugo{}} {
			c := &crowd{speaks: speaks}
			s := viewerOf(c)
			s.line = deaf{}
			if greets {
				s.phase = greeting
			}
			_ = speaks.take(s, frame, 0)
		}
	})
}

// deaf takes whatever is written.
type deaf struct{}

func (deaf) write([]byte) error { return nil }
func (deaf) close()             {}

// TestPlaced: where a welcome says that the log stands.
func TestPlaced(t *testing.T) {
	for _, tt := range []struct {
		welcome string
		resumed bool
		last    uint64
		bad     bool
	}{
		{`{"you":{"name":"\"epoch\":\"x\",\"seq\":9"},"epoch":"e1","seq":41,"now":170,"resumed":false,"room":{"chat":[{"text":",\"resumed\":true"}]}}`, false, 41, false},
		{`{"you":{},"epoch":"e1","seq":41,"now":170,"resumed":true}`, true, 7, false},
		{`{"you":{},"seq":41}`, false, 7, true},
	} {
		c := &crowd{speaks: lyceum{}}
		s := viewerOf(c)
		s.last, s.phase = 7, greeting
		err := s.placed([]byte(tt.welcome))
		if (err != nil) != tt.bad || s.resumed != tt.resumed || s.last != tt.last {
			t.Errorf("%s: %v, resumed %v, last %d", tt.welcome, err, s.resumed, s.last)
		}
	}
}

// BenchmarkTake is what one delivery costs the reader, beside its share of a
// read.
func BenchmarkTake(b *testing.B) {
	c := &crowd{speaks: lyceum{}}
	c.plan.Store(&plan{n: 1 << 30})
	s := viewerOf(c)
	var seq uint64
	frame := (&bare{}).say(firstID+1, marked(1, 250))
	b.ReportAllocs()
	for b.Loop() {
		s.last, seq = 0, seq+1
		_ = s.hear(frame, 0)
	}
}
