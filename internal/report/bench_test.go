package report_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/lyceum-live/lyceum/internal/report"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// long tells a class of so many events: a thousand people who come, write in
// two languages, answer quizzes and go.
func long(events int, tell func(wire.Head, room.Event)) {
	seq, at := uint64(0), wire.Millis(1_790_000_000_000)
	say := func(by wire.UserID, e room.Event) {
		seq++
		at += 20
		tell(wire.Head{Seq: seq, At: at, By: by}, e)
	}
	names := make([]wire.UserID, 1000)
	say("host", room.Entered{Name: wire.Own("host", "Host"), Role: wire.Host})
	say("host", room.Opened{})
	for i := range names {
		names[i] = user(i)
		say(names[i], room.Entered{Name: wire.Own(names[i], "name"), Role: wire.Viewer})
	}
	words := []string{"I love this, the standing waves are great", "讲得太快了，听不懂", "ok", "what is a node?", "not bad at all", "老师辛苦了"}
	for round := 0; int(seq) < events; round++ {
		say("host", quiz.Created{Quiz: quiz.Quiz{Title: wire.Own("host", fmt.Sprint("Quiz ", round)), Questions: []quiz.Question{{
			Text: wire.Own("host", "?"), Choices: []wire.Personal{wire.Own("host", "a"), wire.Own("host", "b")}, Correct: []int{0}, Points: 1000, Seconds: 20,
		}}}})
		id := seq
		say("host", quiz.Asked{Quiz: id})
		for i, u := range names {
			say(u, quiz.Answered{Quiz: id, Choices: []int{(i + round) % 2}, At: at, Right: (i+round)%2 == 0, Points: 700})
		}
		say("host", quiz.Closed{Quiz: id})
		say("host", quiz.Revealed{Quiz: id})
		say("host", quiz.Finished{Quiz: id})
		for i := range 8000 {
			u := names[(i*7+round)%len(names)]
			say(u, room.Said{Text: wire.Own(u, words[(i+round)%len(words)])})
		}
	}
}

// BenchmarkMillion folds a million events, makes the report, and says what
// stays in memory.
func BenchmarkMillion(b *testing.B) {
	for b.Loop() {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f := report.NewFold("long")
		n := 0
		long(1_000_000, func(h wire.Head, e room.Event) {
			f.Apply(h, e)
			n++
		})
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MB")
		b.ReportMetric(float64(n), "events")
		if f.Report().Class.Messages == 0 {
			b.Fatal("no messages")
		}
	}
}

// BenchmarkReport makes the report of that class again.
func BenchmarkReport(b *testing.B) {
	f := report.NewFold("long")
	long(1_000_000, f.Apply)
	f.Report()
	for b.Loop() {
		f.Report()
	}
}
