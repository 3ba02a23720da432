package record

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Moment is a piece of a recording in which the class stirred: it may make a
// good clip. Why is what there was most of: "reactions", "questions", "answers"
// or "chat". It names nobody.
type Moment struct {
	At    int64  `json:"at"` // milliseconds of the recording: when it stirred
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Why   string `json:"why"`
	Score int    `json:"score"` // how many times as lively as usual
}

// What stirs a class, and how much of it one of each is.
const (
	Reactions = "reactions"
	Questions = "questions"
	Answers   = "answers"
	Chat      = "chat"
)

var stirring = map[string]float64{Reactions: 1, Questions: 2, Answers: 0.3, Chat: 1}

const (
	slot        = 10 * time.Second // in which what happens is added up
	usualOf     = 30               // slots: the last five minutes are what is usual
	livelyLeast = 5.0              // fewer never stir a class
	livelyTimes = 3.0              // as much as usual
	leadIn      = 20 * time.Second // people react to what was said before
	apart       = 45 * time.Second // two moments are, or they are one
	mostMoments = 40               // of a recording; the liveliest are kept
)

// stirs adds up what happens in a class, slot by slot.
type stirs struct {
	mu    sync.Mutex
	slots map[int64]map[string]float64 // by when they begin, in slots of the recording
	done  int64                        // up to which slot they have been looked at
	past  []float64                    // what the slots before had, oldest first
}

// add notes n of a kind at a time of the recording.
func (s *stirs) add(at time.Duration, kind string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := int64(at / slot)
	if at < 0 || i < s.done {
		return // its slot has been looked at
	}
	if s.slots == nil {
		s.slots = map[int64]map[string]float64{}
	}
	if s.slots[i] == nil {
		s.slots[i] = map[string]float64{}
	}
	s.slots[i][kind] += float64(n) * stirring[kind]
}

// look returns the moments in the slots that are over now.
func (s *stirs) look(now time.Duration) []Moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Moment
	for ; s.done < int64(now/slot); s.done++ {
		kinds := s.slots[s.done]
		delete(s.slots, s.done)
		sum, why := 0.0, ""
		for _, kind := range []string{Reactions, Questions, Answers, Chat} {
			if sum += kinds[kind]; kinds[kind] > kinds[why] {
				why = kind
			}
		}
		usual := 0.0
		for _, v := range s.past {
			usual += v / float64(len(s.past))
		}
		if sum >= livelyLeast && sum >= livelyTimes*usual {
			at := time.Duration(s.done) * slot
			found = append(found, Moment{
				At: at.Milliseconds(), From: max(0, at-leadIn).Milliseconds(), To: (at + slot).Milliseconds(),
				Why: why, Score: int(sum / max(usual, 1)),
			})
		}
		if s.past = append(s.past, sum); len(s.past) > usualOf {
			s.past = s.past[1:]
		}
	}
	return found
}

// Stir notes that n of a kind happened in a class, if it is recorded. It is
// quick, and may be called from a room's loop.
func (a *Archive) Stir(room wire.RoomID, at wire.Millis, kind string, n int) {
	if v, ok := a.live.Load(room); ok { // mu may be held while something is written
		r := v.(*running)
		r.stirs.add(time.Duration(at-r.started)*time.Millisecond, kind, n)
	}
}

// propose adds the moments that have come to the manifest.
func (r *running) propose(now time.Time) {
	found := r.stirs.look(time.Duration(wire.At(now)-r.started) * time.Millisecond)
	if len(found) == 0 {
		return
	}
	r.entry.change(func(m *Manifest) {
		for _, one := range found {
			m.Moments = join(m.Moments, one)
		}
	})
	if err := r.entry.save(); err != nil {
		r.archive.log.Warn("manifest not saved", r.entry.fields(err)...)
	}
}

// join adds a moment; one that is close to the last makes that longer.
func join(list []Moment, one Moment) []Moment {
	if n := len(list); n > 0 && one.At-list[n-1].At < apart.Milliseconds() {
		last := &list[n-1]
		last.To = max(last.To, one.To)
		if one.Score > last.Score {
			last.At, last.Score, last.Why = one.At, one.Score, one.Why
		}
		return list
	}
	list = append(list, one)
	if len(list) > mostMoments {
		least := slices.MinFunc(list, func(a, b Moment) int { return cmp.Compare(a.Score, b.Score) })
		list = slices.DeleteFunc(list, func(m Moment) bool { return m == least })
	}
	return list
}
