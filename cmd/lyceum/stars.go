package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// stars turns answers to surveys into ratings of their classes. What an answer
// says depends on what the survey asks, which stands further back in the log: it
// is read from there once.
type stars struct {
	events func(ctx context.Context, id wire.RoomID, after uint64) ([]room.Happened, error)

	mu    sync.Mutex
	asked map[asked][]survey.Type
}

// asked names a survey.
type asked struct {
	room   wire.RoomID
	survey uint64
}

const mostAsked = 1000 // surveys whose items are remembered

func newStars(house *room.House) *stars {
	return &stars{events: house.Events, asked: map[asked][]survey.Type{}}
}

// rating is what somebody's answers come to from 0 to 10, if they gave any stars
// or faces. Anonymous answers are nobody's.
func (s *stars) rating(ctx context.Context, id wire.RoomID, h wire.Head, e survey.Answered) (rating float64, ok bool, err error) {
	types, err := s.types(ctx, asked{id, e.Survey}, h.Seq)
	if err != nil || len(types) != len(e.Answers) {
		return 0, false, err
	}
	sum, n := 0.0, 0.0
	for i, t := range types {
		if v := e.Answers[i].Value; v != nil && (t == survey.Stars || t == survey.Satisfaction) {
			sum += float64(*v-1) / 4 // 1 to 5
			n++
		}
	}
	if n == 0 {
		return 0, false, nil
	}
	return max(0.001, 10*sum/n), true, nil // a weight of 0 would mean that none is given
}

// types are those of a survey's items, as they stood before a position. The
// survey's id is where it was made.
func (s *stars) types(ctx context.Context, which asked, before uint64) ([]survey.Type, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if types, known := s.asked[which]; known {
		return types, nil
	}
	var types []survey.Type
	form := func(f survey.Form) {
		types = nil
		for _, item := range f.Items {
			types = append(types, item.Type)
		}
	}
read:
	for after := which.survey - 1; after < before; {
		page, err := s.events(ctx, which.room, after)
		if err != nil {
			return nil, fmt.Errorf("read survey %d: %w", which.survey, err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			after = e.Head.Seq
			switch e := e.Event.(type) {
			case survey.Created:
				if after == which.survey {
					form(e.Form)
				}
			case survey.Edited:
				if e.Survey == which.survey {
					form(e.Form)
				}
			case survey.Answered:
				if e.Survey == which.survey { // it is edited no more
					break read
				}
			}
			if after >= before {
				break read
			}
		}
	}
	if len(s.asked) >= mostAsked {
		clear(s.asked)
	}
	s.asked[which] = types
	return types, nil
}

// behavior is the rating of a class that an answer to a survey holds.
func (s *stars) behavior(ctx context.Context, id wire.RoomID, item string, h wire.Head, e survey.Answered) (recommend.Behavior, bool, error) {
	rating, ok, err := s.rating(ctx, id, h, e)
	return recommend.Behavior{
		ID: fmt.Sprintf("%s/%d", id, h.Seq), Person: h.By, Item: item, Kind: "rate", Weight: rating, At: h.At, Room: id,
	}, ok, err
}
