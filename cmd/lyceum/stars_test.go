package main

import (
	"context"
	"math"
	"testing"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Stars and faces rate a class; other items do not, nor does what was left open.
// What a survey asks is read once, as it stood when it was answered.
func TestStarsRateAClass(t *testing.T) {
	items := func(types ...survey.Type) (f survey.Form) {
		for _, one := range types {
			f.Items = append(f.Items, survey.Item{Type: one})
		}
		return f
	}
	value := func(n int) survey.Given { return survey.Given{Value: &n} }
	log := []room.Happened{
		happened("hana", 1, room.Said{}),
		happened("hana", 2, survey.Created{Form: items(survey.Text)}),
		happened("hana", 3, survey.Created{Form: items(survey.Stars)}), // another one
		happened("hana", 4, survey.Edited{Survey: 2, Form: items(survey.Stars, survey.NPS, survey.Satisfaction)}),
		happened("ana", 5, survey.Answered{Survey: 2, Answers: []survey.Given{value(5), value(0), value(3)}}),
		happened("ben", 6, survey.Answered{Survey: 2, Answers: []survey.Given{{}, value(10), {}}}),
		happened("cem", 7, survey.Answered{Survey: 2, Answers: []survey.Given{value(1), {}, {}}}),
		happened("dan", 8, survey.Answered{Survey: 3, Answers: []survey.Given{value(4)}}),
		happened("eve", 9, survey.Answered{Survey: 2, Answers: []survey.Given{value(4)}}), // of another shape
	}
	reads := 0
	s := &stars{asked: map[asked][]survey.Type{}, events: func(_ context.Context, _ wire.RoomID, after uint64) ([]room.Happened, error) {
		reads++
		return log[min(after, uint64(len(log))):min(after+2, uint64(len(log)))], nil // pages of two
	}}
	for i, want := range map[int]float64{4: 7.5, 5: -1, 6: 0.001, 7: 7.5, 8: -1} {
		e := log[i]
		b, ok, err := s.behavior(t.Context(), "algebra", "algebra-1", e.Head, e.Event.(survey.Answered))
		if err != nil || ok != (want >= 0) || ok && (math.Abs(b.Weight-want) > 1e-9 || b.Kind != "rate" || b.Person != e.Head.By || b.Item != "algebra-1") {
			t.Errorf("%s: %+v, %v, %v; want %v", e.Head.By, b, ok, err, want)
		}
	}
	before := reads
	_, _, _ = s.behavior(t.Context(), "algebra", "algebra-1", log[4].Head, log[4].Event.(survey.Answered))
	if reads != before {
		t.Error("a survey is read again for each answer")
	}
}
