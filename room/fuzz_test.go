package room

import (
	"testing"
	"time"

	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// busy returns the state of a class in which everything goes on.
func busy(t testing.TB, now time.Time) *State {
	s := NewState(50)
	do := func(by wire.Actor, c Command) {
		t.Helper()
		events, err := Decide(s, now, by, c)
		if err != nil {
			t.Fatalf("%T: %v", c, err)
		}
		for _, e := range events {
			s.Apply(wire.Head{Seq: s.Seq + 1, At: wire.At(now), By: by.User}, e)
		}
	}
	host, mod, ana := wire.Actor{User: "hana", Role: wire.Host}, wire.Actor{User: "mo", Role: wire.Moderator}, wire.Actor{User: "ana", Role: wire.Viewer}
	for _, by := range []wire.Actor{host, mod, ana} {
		do(by, enter{Name: string(by.User), Role: by.Role}) // 1, 2, 3
	}
	do(host, Go{Sources: []string{"camera"}})                                               // 4, 5
	do(ana, Say{Text: "hello"})                                                             // 6
	do(ana, qa.Ask{Text: "why?"})                                                           // 7
	do(host, qa.Answer{Question: 7, Text: "because"})                                       // 8
	do(host, poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})               // 9
	do(host, poll.Create{Text: "draft", Choices: []string{"a", "b"}})                       // 10
	question := []quiz.Draft{{Text: "?", Choices: []string{"a", "b"}, Correct: []int{1}}}   //
	do(host, quiz.Create{Title: "running", Questions: append(question[:1:1], question...)}) // 11
	do(host, quiz.Create{Title: "draft", Questions: question})                              // 12
	do(host, quiz.Ask{Quiz: 11})                                                            // 13
	items := []survey.Draft{{Type: survey.NPS, Text: "?"}, {Type: survey.Text, Text: "?"}}  //
	do(host, survey.Create{Title: "open", Items: items, Open: true})                        // 14
	do(host, survey.Create{Title: "draft", Items: items, When: survey.WhenEnd})             // 15
	return s
}

// FuzzInbound feeds a client's frame through decoding, rules and views in a
// busy class, as each role. Nothing may panic, and a refusal must be one that
// a client can act on.
func FuzzInbound(f *testing.F) {
	for _, spec := range Catalogue {
		f.Add([]byte(`{"id":1,"type":"` + spec.Name + `","key":"k","data":{}}`))
	}
	for _, data := range []string{
		`{"id":1,"type":"chat.say","key":"k","data":{"text":"<b>","reply_to":6}}`,
		`{"id":1,"type":"qa.upvote","key":"k","data":{"question":7}}`,
		`{"id":1,"type":"poll.vote","key":"k","data":{"poll":9,"choices":[1]}}`,
		`{"id":1,"type":"poll.edit","key":"k","data":{"poll":10,"text":"x","choices":["a","b"],"open":true}}`,
		`{"id":1,"type":"quiz.answer","key":"k","data":{"quiz":11,"question":0,"choices":[1]}}`,
		`{"id":1,"type":"quiz.edit","key":"k","data":{"quiz":12,"title":"x","questions":[{"text":"?","choices":["a","b"],"correct":[0]}]}}`,
		`{"id":1,"type":"quiz.close","key":"k","data":{"quiz":11}}`,
		`{"id":1,"type":"mod.ban","key":"k","data":{"user":"ana","seconds":60,"reason":"x"}}`,
		`{"id":1,"type":"survey.answer","key":"k","data":{"survey":14,"answers":[{"value":7},{"text":"x"}]}}`,
		`{"id":1,"type":"survey.answer","key":"k","data":{"survey":14,"answers":[null,{"choices":[0]}]}}`,
		`{"id":1,"type":"survey.edit","key":"k","data":{"survey":15,"title":"x","items":[{"type":"choice","text":"?","choices":["a","b"],"several":true}],"open":true}}`,
		`{"id":1,"type":"survey.texts","data":{"survey":14,"item":1}}`,
		`{"id":1,"type":"room.end","key":"k","data":{}}`,
		`{"id":1,"type":"pulse.say","data":{"mood":"lost"}}`,
		`{"id":1,"type":"mod.delete","key":"k","data":{"item":8}}`,
		`{"id":1,"type":"role.set","key":"k","data":{"user":"ana","role":"moderator"}}`,
		`{"id":1,"type":"people.list","data":{"after":"1","limit":1,"find":"a"}}`,
		`{"id":1,"type":"stage.go","key":"k","data":{"sources":["screen"]}}`,
	} {
		f.Add([]byte(data))
	}
	now := time.UnixMilli(1_800_000_000_000)
	actors := []wire.Actor{{User: "hana", Role: wire.Host}, {User: "mo", Role: wire.Moderator}, {User: "ana", Role: wire.Viewer}, {User: "nobody", Role: wire.Viewer}}
	f.Fuzz(func(t *testing.T, frame []byte) {
		public := func(err error) {
			if wire.Public(err) == wire.ErrInternal {
				t.Fatalf("%q: %v is our fault", frame, err)
			}
		}
		request, err := wire.DecodeRequest(frame)
		if err != nil {
			public(err)
			return
		}
		command, err := Parse(request)
		if err != nil {
			public(err)
			return
		}
		for _, by := range actors {
			s := busy(t, now)
			if spec := specOf(command); spec.Query {
				var err error
				switch c := command.(type) {
				case ListPeople:
					_, err = s.listPeople(c, wire.At(now))
				case Audit:
					_, err = s.audit(c)
				case survey.Texts:
					_, err = s.Surveys.Page(c)
				case React:
					err = new(signals).react(c, now, time.Second)
				}
				if err != nil {
					public(err)
				}
				continue
			}
			events, err := Decide(s, now, by, command)
			if err != nil {
				public(err)
				continue
			}
			if !by.Role.AtLeast(specOf(command).Least) {
				t.Fatalf("%s may %s", by.Role, request.Type)
			}
			for _, e := range events {
				h := wire.Head{Seq: s.Seq + 1, At: wire.At(now), By: by.User}
				s.Apply(h, e)
				v := s.views(h, e)
				for _, view := range []*wire.View{v.all, v.staff} {
					if view == nil {
						continue
					}
					if _, err := wire.Encode(view.Data); err != nil {
						t.Fatalf("%s: %v", view.Type, err)
					}
				}
			}
			if _, err := wire.Encode(s.Snapshot("room", true, wire.At(now))); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestEveryEventHasAName makes sure that whatever the rules can say can be
// written to the log and read again.
func TestEveryEventHasAName(t *testing.T) {
	names := map[string]bool{}
	for _, k := range kinds {
		if names[k.name] {
			t.Errorf("%s names two events", k.name)
		}
		names[k.name] = true
	}
	for _, spec := range Catalogue {
		if specByName[spec.Name] == nil || specByType[spec.zero].Name != spec.Name {
			t.Errorf("%s shares its name or its shape with another command", spec.Name)
		}
	}
}
