package main

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

func happened(by wire.UserID, seq uint64, e room.Event) room.Happened {
	return room.Happened{Head: wire.Head{Seq: seq, At: 1000, By: by}, Event: e}
}

func TestWhatEarnsPoints(t *testing.T) {
	facts := factsOf("algebra", []room.Happened{
		happened("ana", 1, room.Said{}),
		happened("ana", 2, qa.Asked{}),
		happened("ben", 3, qa.Upvoted{Question: 2, Asker: "ana"}),
		happened("ben", 4, poll.Voted{Poll: 9}),
		happened("ben", 14, survey.Answered{Survey: 13}),
		happened("system", 15, survey.Participated{Survey: 12, Users: []wire.UserID{"ana"}}),
		happened("ana", 5, quiz.Answered{Quiz: 7, Right: true}),
		happened("hana", 6, quiz.Revealed{Quiz: 7, Right: []wire.UserID{"ana", "cem"}}),
		happened("hana", 7, room.Stayed{Users: []wire.UserID{"ben"}}),
		happened("system", 8, poll.Balloted{Poll: 10, Hash: "a6f1"}),
		happened("hana", 9, poll.Participated{Poll: 10, Users: []wire.UserID{"ana", "ben"}}),
		happened("cem", 10, qa.Asked{Held: true}),
		happened("mo", 11, qa.Approved{Question: 10, Asker: "cem"}),
	})
	fact := func(seq uint64, rule reward.Rule, user wire.UserID) reward.Fact {
		return reward.Fact{Room: "algebra", Seq: seq, At: 1000, Rule: rule, User: user}
	}
	upvoted, voted := fact(3, reward.Upvoted, "ana"), fact(4, reward.Voted, "ben")
	upvoted.Of, upvoted.By, voted.Of = 2, "ben", 9
	surveyed, unnamed := fact(14, reward.Voted, "ben"), fact(15, reward.Voted, "ana")
	surveyed.Of, unnamed.Of = 13, 12
	took1, took2 := fact(9, reward.Voted, "ana"), fact(9, reward.Voted, "ben")
	took1.Of, took2.Of = 10, 10
	want := []reward.Fact{
		fact(2, reward.Asked, "ana"), upvoted, voted, surveyed, unnamed,
		fact(5, reward.Answered, "ana"), // right or not: that is a secret until the reveal
		fact(6, reward.Correct, "ana"), fact(6, reward.Correct, "cem"), fact(7, reward.Stayed, "ben"),
		took1, took2, // a secret ballot earns when it is said who took part, not when it was given
		fact(11, reward.Asked, "cem"), // and a question that waited when it is approved
	}
	if !reflect.DeepEqual(facts, want) {
		t.Errorf("got  %+v\nwant %+v", facts, want)
	}
}

func TestWhatIsLearned(t *testing.T) {
	algebra := catalog.Item{ID: "algebra-1", DurationS: 1000}
	for _, tt := range []struct {
		event  room.Event
		kind   string
		item   string
		weight float64
	}{
		{room.Entered{Role: wire.Viewer}, "enter", "algebra-1", 1},
		{room.Entered{Role: wire.Host}, "", "", 0},
		{room.Entered{Role: wire.Viewer, Quiet: true}, "", "", 0},
		{room.Left{Seconds: 250}, "watch", "algebra-1", 0.25},
		{room.Left{Seconds: 5000}, "watch", "algebra-1", 1},
		{room.Left{Seconds: 5000, Role: wire.Host}, "", "", 0},
		{room.Said{}, "comment", "algebra-1", 1},
		{room.Withheld{}, "", "", 0},
		{room.Approved{Author: "ana"}, "comment", "algebra-1", 1},
		{qa.Asked{}, "ask", "algebra-1", 1},
		{qa.Asked{Held: true}, "", "", 0},
		{qa.Asked{Anonymous: true}, "", "", 0}, // nobody is to learn whose it is, nor are we
		{qa.Approved{Question: 4, Asker: "ana"}, "ask", "algebra-1", 1},
		{qa.Approved{Question: 4, Asker: "ana", Anonymous: true}, "", "", 0},
		{poll.Voted{}, "vote", "algebra-1", 1},
		{quiz.Answered{}, "answer", "algebra-1", 1},
		{room.Clicked{Item: "sets"}, "click", "sets", 1},
		{room.Dismissed{Item: "sets"}, "hide", "sets", 1},
		{room.Slowed{}, "", "", 0},
	} {
		b, ok := behaviorOf("algebra", algebra, true, happened("ana", 5, tt.event))
		if ok != (tt.kind != "") {
			t.Errorf("%T: learned %t", tt.event, ok)
			continue
		}
		if ok && (b.Kind != tt.kind || b.Item != tt.item || b.Weight != tt.weight || b.ID != "algebra/5" || b.Person != "ana") {
			t.Errorf("%T: %+v", tt.event, b)
		}
	}
	if _, ok := behaviorOf("unlisted", catalog.Item{}, false, happened("ana", 5, room.Said{})); ok {
		t.Error("a class that is in no catalogue teaches something")
	}
}

func TestImpressionsHaveIDs(t *testing.T) {
	long := strings.Repeat("x", 64) // the longest room, person and item there may be
	id := shownID(wire.RoomID(long), math.MaxUint64, wire.UserID(long), long)
	if len(id) > 128 {
		t.Errorf("%d bytes are more than an id can have", len(id))
	}
	for _, other := range []string{
		shownID("b", 1, "ana", "sets"), shownID("a", 2, "ana", "sets"), shownID("a", 1, "ben", "sets"), shownID("a", 1, "ana", "maps"),
	} {
		if other == shownID("a", 1, "ana", "sets") {
			t.Error("two impressions with one id: the second would not count")
		}
	}
}
