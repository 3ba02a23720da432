package qa_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

func viewer(i int) wire.Actor {
	return wire.Actor{User: wire.UserID(fmt.Sprintf("u%d", i)), Role: wire.Viewer}
}

// refused says that cmd must be refused with want.
func (c *class) refused(t *testing.T, by wire.Actor, cmd qa.Command, want error) {
	t.Helper()
	if _, err := c.Do(by, cmd); !errors.Is(err, want) {
		t.Errorf("%T %+v by %s: got %v, want %v", cmd, cmd, by.User, err, want)
	}
}

// A log that was written before questions could be held, merged or anonymous
// folds to the board that it always meant.
func TestOldLogs(t *testing.T) {
	var s qa.State
	for i, old := range []struct {
		data string
		into qa.Event
	}{
		{`{"text":{"owner":"ana","text":"Why?"}}`, &qa.Asked{}},
		{`{"question":1,"asker":"ana"}`, &qa.Upvoted{}},
		{`{"question":1,"aloud":true,"text":{"owner":"maya","text":""}}`, &qa.Answered{}},
		{`{"question":1,"text":{"owner":"maya","text":"So."}}`, &qa.Answered{}},
		{`{"question":1}`, &qa.Pinned{}},
		{`{"text":{"owner":"ben","text":"How?"}}`, &qa.Asked{}},
		{`{"item":6}`, &qa.Deleted{}},
	} {
		if err := wire.Decode([]byte(old.data), old.into); err != nil {
			t.Fatal(old.data, err)
		}
		var e qa.Event
		switch p := old.into.(type) {
		case *qa.Asked:
			e = *p
		case *qa.Upvoted:
			e = *p
		case *qa.Answered:
			e = *p
		case *qa.Pinned:
			e = *p
		case *qa.Deleted:
			e = *p
		}
		s.Apply(wire.Head{Seq: uint64(i + 1), At: 1, By: []wire.UserID{"ana", "ben", "maya", "maya", "maya", "ben", "maya"}[i]}, e)
	}
	got := s.Snapshot(who, false)
	if len(got) != 1 || got[0].By != who("ana") || got[0].State != "answered" || got[0].Votes != 1 || !got[0].Pinned ||
		got[0].Anonymous || len(got[0].Answers) != 1 || got[0].Answers[0].Text != "So." {
		t.Errorf("got %+v", got)
	}
	if s.Run(who) != nil || len(s.Members["ben"].Own) != 0 {
		t.Errorf("an old board is run as %+v", s.Run(who))
	}
}

// However questions are merged and voted for, nobody counts twice, and every
// id that was merged still leads to the question that stands for it.
func TestMergedVotesCountOnce(t *testing.T) {
	c := newClass()
	var ids []uint64
	for i := range 4 {
		ids = append(ids, c.Must(t, viewer(i), qa.Ask{Text: "Why?"}))
	}
	for i := range 10 {
		for j, id := range ids {
			if (i+j)%3 > 0 && i != j {
				c.Must(t, viewer(i), qa.Upvote{Question: id})
			}
		}
	}
	c.Must(t, maya, qa.Merge{From: ids[0], Into: ids[1]})
	c.Must(t, maya, qa.Merge{From: ids[2], Into: ids[3]})
	c.Must(t, maya, qa.Merge{From: ids[1], Into: ids[3]})
	c.Must(t, ben, qa.Upvote{Question: ids[0]})
	for _, id := range ids { // by any of its names: still one vote
		if shown, err := c.Do(ben, qa.Upvote{Question: id}); err != nil || shown != nil {
			t.Errorf("a second vote by way of %d: %v, %v", id, shown, err)
		}
	}
	all := c.State.Snapshot(who, false)
	if len(all) != 1 || all[0].ID != ids[3] || !slices.Equal(all[0].Merged, ids[:3]) {
		t.Fatalf("merged to %+v", all)
	}
	if all[0].Votes != 10 { // ten viewers without the asker, and ben
		t.Errorf("%d votes", all[0].Votes)
	}
	if got := c.State.Mine(ben.User); !slices.Equal(got, ids[3:]) {
		t.Errorf("ben's votes: %v", got)
	}
	if own := c.State.Own(viewer(0).User, who); !slices.Equal(own.Asked, ids[:1]) {
		t.Errorf("who asked the merged one is told of %v", own)
	}
	c.refused(t, maya, qa.Merge{From: ids[3], Into: ids[3]}, wire.ErrField)
	c.Must(t, maya, qa.Delete{Item: ids[3]})
	if len(c.State.Questions) != 0 {
		t.Errorf("left after all was deleted: %v", c.State.Questions)
	}
}

func TestBoundsOfHeldAndMerged(t *testing.T) {
	c := newClass()
	c.Must(t, hana, qa.Hold{On: true})
	var held []uint64
	for i := range qa.MaxHeld {
		held = append(held, c.Must(t, viewer(i/qa.MaxWaiting), qa.Ask{Text: "Why?"}))
	}
	c.refused(t, ben, qa.Ask{Text: "Why?"}, qa.ErrFull)
	into := c.Must(t, maya, qa.Ask{Text: "The staff is not held"})
	if got := c.State.Snapshot(who, true); len(got) != qa.MaxHeld+1 {
		t.Errorf("the staff sees %d", len(got))
	}
	c.refused(t, maya, qa.Upvote{Question: held[0]}, qa.ErrState)
	c.refused(t, maya, qa.Answer{Question: held[0]}, qa.ErrState)
	c.refused(t, ben, qa.Upvote{Question: held[0]}, wire.ErrNotFound)
	for _, id := range held[:qa.MaxMerged] { // merged without ever having been on the board
		c.Must(t, maya, qa.Merge{From: id, Into: into})
	}
	c.refused(t, maya, qa.Merge{From: held[qa.MaxMerged], Into: into}, qa.ErrMerged)

	// Of rejected ones the newest stay, for their asker alone.
	cleo := wire.Actor{User: "cleo", Role: wire.Viewer}
	var last uint64
	for range qa.MaxRejected + 5 {
		last = c.Must(t, cleo, qa.Ask{Text: "No!"})
		c.Must(t, maya, qa.Reject{Question: last})
	}
	own := c.State.Own(cleo.User, who)
	if len(own.Held) != qa.MaxRejected || own.Held[len(own.Held)-1].ID != last || own.Held[0].State != "rejected" {
		t.Errorf("kept %d rejected ones: %+v", len(own.Held), own.Held)
	}
	c.refused(t, maya, qa.Approve{Question: last}, wire.ErrNotFound)
	c.refused(t, maya, qa.Delete{Item: last}, wire.ErrNotFound)

	for i := range qa.MaxExperts {
		c.Must(t, hana, qa.Expert{User: viewer(i).User, On: true})
	}
	c.refused(t, hana, qa.Expert{User: "ana", On: true}, qa.ErrExperts)
	for range qa.MaxAnswers {
		c.Must(t, viewer(3), qa.Reply{Question: into, Text: "So."})
	}
	c.refused(t, viewer(3), qa.Reply{Question: into, Text: "So."}, qa.ErrAnswers)
	c.refused(t, maya, qa.Label{Question: into, Labels: []string{"1", "2", "3", "4", "5", "6"}}, wire.ErrField)
	c.refused(t, maya, qa.Label{Question: into, Labels: []string{strings.Repeat("天", qa.MaxLabel+1)}}, wire.ErrText)
	c.Replay(t)
}

// What was asked before is found in both languages and all ways to type, and
// never among what one may not see.
func TestSimilar(t *testing.T) {
	c := newClass()
	english := c.Must(t, ana, qa.Ask{Text: "When is the homework due?"})
	chinese := c.Must(t, ana, qa.Ask{Text: "作业什么时候交？"})
	c.Must(t, ana, qa.Ask{Text: "Does Go have generics?"})
	find := func(by wire.Actor, q qa.Similar) []uint64 {
		t.Helper()
		v, err := c.State.Similar(by, q)
		if err != nil {
			t.Fatal(err)
		}
		var ids []uint64
		for _, q := range v.Questions {
			ids = append(ids, q.ID)
		}
		return ids
	}
	same := func(what string, got []uint64, want ...uint64) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %v, want %v", what, got, want)
		}
	}
	same("English", find(ben, qa.Similar{Text: "when is homework due"}), english)
	same("Chinese", find(ben, qa.Similar{Text: "作業什麼時候交?"}), chinese)
	same("nothing", find(ben, qa.Similar{Text: "Who won the match?"}))
	same("nothing written", find(ben, qa.Similar{}))

	c.Must(t, maya, qa.Hold{On: true})
	held := c.Must(t, ben, qa.Ask{Text: "When is our homework due?"})
	same("viewers", find(ana, qa.Similar{Text: "when is homework due?"}), english)
	same("the staff, beside a question", find(maya, qa.Similar{Question: held}), english)
	same("beside the other", find(maya, qa.Similar{Question: english}), held)
	if _, err := c.State.Similar(ana, qa.Similar{Question: held}); !errors.Is(err, wire.ErrNotFound) {
		t.Errorf("a viewer compares what is held: %v", err)
	}
	c.Must(t, maya, qa.Merge{From: held, Into: english})
	same("after the merge", find(maya, qa.Similar{Text: "when is our homework due?"}), english)
	c.Must(t, maya, qa.Delete{Item: english})
	same("after the end", find(maya, qa.Similar{Text: "when is our homework due?"}))
	if _, err := c.State.Similar(ana, qa.Similar{Text: strings.Repeat("a", wire.MaxAsk+1)}); !errors.Is(err, wire.ErrText) {
		t.Errorf("a long text: %v", err)
	}
}

func BenchmarkSimilar(b *testing.B) {
	c := newClass()
	for i := range 2000 {
		c.Must(b, viewer(i), qa.Ask{Text: fmt.Sprintf("How does part %d of lesson %d work, and when is it due?", i, i%40)})
	}
	for b.Loop() {
		if _, err := c.State.Similar(ben, qa.Similar{Text: "When is part 77 of lesson 12 due?"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSnapshot(b *testing.B) {
	c := newClass()
	for i := range qa.MaxQuestions {
		c.Must(b, viewer(i), qa.Ask{Text: fmt.Sprintf("How does part %d of lesson %d work, and when is it due?", i, i%40)})
	}
	for b.Loop() {
		c.State.Snapshot(who, false)
	}
}
