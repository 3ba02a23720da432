package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/catalog"
	"github.com/lyceum-live/lyceum/internal/server"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/reward"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/signaling"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// recent is how old an event may be for something to follow from it in a class;
// what a follower catches up on after a stop is only booked and learned.
const recent = time.Minute

// justNow reports whether an event is recent by the clock of its room, which
// goes on as it did when the system's date is set.
func justNow(house *room.House, id wire.RoomID, h wire.Head) bool {
	return house.Now(id)-h.At <= wire.Millis(recent.Milliseconds())
}

// earnPoints gives points for what happened, and tells those who gained.
func earnPoints(bank *reward.Bank, house *room.House) room.Handle {
	return func(ctx context.Context, id wire.RoomID, events []room.Happened) error {
		gains, err := bank.Earn(ctx, factsOf(id, events))
		if err != nil {
			return fmt.Errorf("earn: %w", err)
		}
		told := make([]room.Told, len(gains))
		for i, gain := range gains {
			told[i] = room.Told{User: gain.User, View: func(string) wire.View {
				// As it is when it is told, so that a socket never hears of
				// fewer points after more: they may come from other rooms too.
				if latest, ok := bank.Latest(gain.User); ok {
					gain.Balance = latest
				}
				return gain.View()
			}}
		}
		if len(told) > 0 {
			house.Tell(ctx, id, told)
		}
		return nil
	}
}

// factsOf translates events to what the rules of rewards know.
func factsOf(id wire.RoomID, events []room.Happened) []reward.Fact {
	var facts []reward.Fact
	for _, e := range events {
		fact := reward.Fact{Room: id, Seq: e.Head.Seq, At: e.Head.At, User: e.Head.By}
		switch e := e.Event.(type) {
		case quiz.Answered:
			fact.Rule = reward.Answered
		case qa.Asked:
			if e.Held {
				continue // it counts when it is approved
			}
			fact.Rule = reward.Asked
		case qa.Approved:
			fact.Rule, fact.User = reward.Asked, e.Asker
		case qa.Upvoted:
			fact.Rule, fact.User, fact.Of, fact.By = reward.Upvoted, e.Asker, e.Question, fact.User
		case poll.Voted:
			fact.Rule, fact.Of = reward.Voted, e.Poll
		case survey.Answered: // once for a survey, as for a poll
			fact.Rule, fact.Of = reward.Voted, e.Survey
		case survey.Participated:
			for _, user := range e.Users {
				fact.Rule, fact.User, fact.Of = reward.Voted, user, e.Survey
				facts = append(facts, fact)
			}
			continue
		case poll.Participated:
			for _, user := range e.Users {
				fact.Rule, fact.User, fact.Of = reward.Voted, user, e.Poll
				facts = append(facts, fact)
			}
			continue
		case quiz.Revealed:
			for _, user := range e.Right {
				fact.Rule, fact.User = reward.Correct, user
				facts = append(facts, fact)
			}
			continue
		case room.Stayed:
			for _, user := range e.Users {
				fact.Rule, fact.User = reward.Stayed, user
				facts = append(facts, fact)
			}
			continue
		default:
			continue
		}
		facts = append(facts, fact)
	}
	return facts
}

// learn lets the recommender learn from what happened, and offers people what
// may come next when they come in and at natural pauses.
func learn(engine *recommend.Engine, shelf *catalog.Catalog, house *room.House, log *zap.Logger) room.Handle {
	given := newStars(house)
	return func(ctx context.Context, id wire.RoomID, events []room.Happened) error {
		item, listed := shelf.ByRoom(id)
		var behaviors []recommend.Behavior
		for _, e := range events {
			for _, b := range behaviorsOf(id, item, listed, e) {
				if engine.Check(b) == nil {
					behaviors = append(behaviors, b)
				}
			}
			if !listed {
				continue
			}
			switch event := e.Event.(type) {
			case survey.Answered:
				b, ok, err := given.behavior(ctx, id, item.ID, e.Head, event)
				if err != nil {
					return err
				}
				if ok && engine.Check(b) == nil {
					behaviors = append(behaviors, b)
				}
			case room.Opened:
				engine.SetPhase(item.ID, recommend.PhaseLive)
			case room.Ended:
				engine.SetPhase(item.ID, recommend.PhaseEnded)
			}
		}
		if _, err := engine.Observe(ctx, behaviors); err != nil {
			return fmt.Errorf("observe: %w", err)
		}
		offer(ctx, engine, shelf, house, id, events, log)
		return nil
	}
}

// usualClass is how long a class takes whose length nobody has said.
const usualClass = 45 * 60

// behaviorsOf is what an event says about people and an item of the catalogue:
// mostly something about one person or nothing.
func behaviorsOf(id wire.RoomID, item catalog.Item, listed bool, e room.Happened) []recommend.Behavior {
	took, ok := e.Event.(poll.Participated)
	if !ok {
		if b, ok := behaviorOf(id, item, listed, e); ok {
			return []recommend.Behavior{b}
		}
		return nil
	}
	var behaviors []recommend.Behavior
	for i, user := range took.Users {
		if listed {
			behaviors = append(behaviors, recommend.Behavior{
				ID: fmt.Sprintf("%s/%d/%d", id, e.Head.Seq, i), Person: user, Item: item.ID, Kind: "vote", Weight: 1, At: e.Head.At, Room: id,
			})
		}
	}
	return behaviors
}

// behaviorOf is what an event says about somebody and an item of the
// catalogue, if it says anything.
func behaviorOf(id wire.RoomID, item catalog.Item, listed bool, e room.Happened) (recommend.Behavior, bool) {
	b := recommend.Behavior{
		ID: fmt.Sprintf("%s/%d", id, e.Head.Seq), Person: e.Head.By, Item: item.ID,
		Weight: 1, At: e.Head.At, Room: id,
	}
	switch e := e.Event.(type) {
	case room.Entered:
		b.Kind = "enter"
		if e.Quiet || e.Role.Staff() {
			return b, false
		}
	case room.Left:
		if e.Role.Staff() {
			return b, false
		}
		length := item.DurationS
		if length <= 0 {
			length = usualClass
		}
		// A weight of 0 would mean that none is given.
		b.Kind, b.Weight = "watch", max(0.001, min(1, float64(e.Seconds)/float64(length)))
	case room.Said:
		b.Kind = "comment"
	case room.Approved:
		b.Kind, b.Person = "comment", e.Author
	case qa.Asked:
		b.Kind = "ask"
		if e.Anonymous || e.Held { // a behaviour names its event, and would tell whose question it is
			return b, false
		}
	case qa.Approved:
		b.Kind, b.Person = "ask", e.Asker
		if e.Anonymous {
			return b, false
		}
	case poll.Voted:
		b.Kind = "vote"
	case quiz.Answered:
		b.Kind = "answer"
	case room.Clicked:
		b.Kind, b.Item = "click", e.Item
		return b, true
	case room.Dismissed:
		b.Kind, b.Item = "hide", e.Item
		return b, true
	default:
		return b, false
	}
	return b, listed
}

// offer suggests what may come next to whoever has just come in, and to all
// when a poll or a quiz is over or the class ends.
func offer(ctx context.Context, engine *recommend.Engine, shelf *catalog.Catalog, house *room.House, id wire.RoomID, events []room.Happened, log *zap.Logger) {
	item, _ := shelf.ByRoom(id)
	now := wire.At(time.Now())
	var told []room.Told
	var shown []recommend.Behavior
	suggest := func(viewer room.Viewer, moment string, seq uint64) {
		user := viewer.User
		suggestions := engine.Suggest(recommend.Request{
			Person: user, Room: id, RoomItem: item.ID, Moment: moment, Now: now, Limit: 2, Push: true, Langs: []string{viewer.Lang},
		})
		if len(suggestions) == 0 {
			return
		}
		told = append(told, room.Told{User: user, View: func(lang string) wire.View {
			return wire.View{Type: "suggest.offered", Data: offered(shelf, moment, lang, suggestions)}
		}})
		for i, s := range suggestions {
			shown = append(shown, recommend.Behavior{
				ID: shownID(id, seq, user, s.Item.ID), Person: user, Item: s.Item.ID,
				Kind: "impression", Weight: 1, At: now, Room: id,
				Served: recommend.Served{
					Arm: s.Arm, Model: s.Model, List: fmt.Sprintf("%s/%d", id, seq), Place: i + 1,
					Propensity: s.Propensity, Explored: s.Explored, Draft: s.Draft,
				},
			})
		}
	}
	viewers := sync.OnceValue(func() []room.Viewer {
		viewers := house.Viewers(ctx, id)
		persons := make([]wire.UserID, len(viewers))
		for i, v := range viewers {
			persons[i] = v.User
		}
		expose(ctx, engine, persons, now, log)
		return viewers
	})
	joined := map[wire.UserID]uint64{} // where they came in last
	for _, e := range events {
		if !justNow(house, id, e.Head) {
			continue
		}
		moment, head := "", e.Head
		switch e := e.Event.(type) {
		case room.Entered:
			joined[e.Name.Owner] = head.Seq
		case poll.Closed:
			moment = "poll"
		case quiz.Finished:
			moment = "quiz"
		case room.Ended:
			moment = "ended"
		}
		if moment != "" {
			for _, viewer := range viewers() {
				suggest(viewer, moment, head.Seq)
			}
		}
	}
	if len(joined) > 0 {
		for _, viewer := range viewers() {
			if seq, ok := joined[viewer.User]; ok {
				suggest(viewer, "joined", seq)
			}
		}
	}
	if len(told) == 0 {
		return
	}
	house.Tell(ctx, id, told)
	if _, err := engine.Observe(ctx, shown); err != nil {
		log.Warn("impressions not kept", zap.Error(err))
	}
}

// expose puts on record that persons come into experiments, before they are
// served by them. Those who cannot be put on record are served as usual.
func expose(ctx context.Context, engine *recommend.Engine, persons []wire.UserID, now wire.Millis, log *zap.Logger) {
	if err := engine.Expose(ctx, persons, now); err != nil {
		log.Warn("not on record for experiments, and served as usual", zap.Int("persons", len(persons)), zap.Error(err))
	}
}

// shownID names an impression by the event that led to it. Person and item are
// summed up, for written out they may be longer than an id can be.
func shownID(id wire.RoomID, seq uint64, user wire.UserID, item string) string {
	sum := sha256.Sum256([]byte(string(user) + "/" + item))
	return fmt.Sprintf("%s/%d/%x", id, seq, sum[:16])
}

// offeredItem is a suggestion as a person sees it.
type offeredItem struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
	URL    string `json:"url"`
	Poster string `json:"poster"`
}

func offered(shelf *catalog.Catalog, moment, lang string, suggestions []recommend.Suggestion) any {
	items := make([]offeredItem, 0, len(suggestions))
	for _, s := range suggestions {
		item, _ := shelf.Get(s.Item.ID)
		items = append(items, offeredItem{item.ID, string(item.Kind), item.Title, s.Reason.Text(lang), item.URL, item.Poster})
	}
	return struct {
		Moment string        `json:"moment"`
		Items  []offeredItem `json:"items"`
	}{moment, items}
}

// endMedia gives the guests of a stage the right to send, and takes it back. It
// takes a class off the air that has ended, and one whose host has
// left without ever having sent anything that could be missed.
func endMedia(media *signaling.Service, house *room.House, grace time.Duration, log *zap.Logger) room.Handle {
	return func(ctx context.Context, id wire.RoomID, events []room.Happened) error {
		// Where anybody is, also what is heard of late: the seats are as they are now.
		if media.Stage(id) != nil && slices.ContainsFunc(events, func(e room.Happened) bool { return room.Reseats(e.Event) }) {
			seats, err := house.Seats(ctx, id)
			if err != nil {
				return fmt.Errorf("who is on the stage: %w", err)
			}
			media.SetFloor(id, server.FloorOf(seats))
		}
		for _, e := range events {
			if !justNow(house, id, e.Head) {
				continue
			}
			switch e := e.Event.(type) {
			case room.Ended:
				media.EndRoom(id)
			case room.Banned:
				if e.Until != 0 {
					media.Expel(id, e.User)
				}
			case room.Left:
				if e.Role == wire.Host {
					time.AfterFunc(grace, func() { clearStage(media, house, id, log) })
				}
			}
		}
		return nil
	}
}

// clearStage says that nothing is on air, if that is so.
func clearStage(media *signaling.Service, house *room.House, id wire.RoomID, log *zap.Logger) {
	if len(media.OnAir(id)) > 0 {
		return
	}
	if err := house.Do(context.Background(), id, wire.System, room.Go{}); err != nil && !errors.Is(err, room.ErrClosed) {
		log.Warn("stage not cleared", zap.String("room", string(id)), zap.Error(err))
	}
}
