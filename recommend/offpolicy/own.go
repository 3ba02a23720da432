package offpolicy

import (
	"time"

	"github.com/lyceum-live/lyceum/recommend"
	"github.com/lyceum-live/lyceum/wire"
)

// Actions at the place of a list that is drawn now and then: what ranked best
// was left there, or something little seen was drawn.
const (
	Best  = "best"
	Drawn = "drawn"
)

// Exploring is the policy that draws in that share of lists, in all contexts of
// another.
func Exploring(share float64, like Policy) Policy {
	p := Policy{}
	for context := range like {
		p[context] = map[string]float64{Best: 1 - share, Drawn: share}
	}
	return p
}

// takes are the kinds of behaviour by which a suggestion was taken up.
var takes = map[string]bool{"click": true, "enter": true, "watch": true, "buy": true, "like": true}

// Pages reads stored behaviours in order of arrival, as [recommend.Store] does.
type Pages func(after int64, limit int) (behaviors []recommend.Behavior, last int64, err error)

// Own is the log of the places of our own suggestions that chance had a hand in,
// by the arm of whom they were for: the reward is 1 if the item was taken up
// within that time. What is held in memory are the suggestions of so long.
func Own(pages Pages, within time.Duration) Log {
	window := wire.Millis(within.Milliseconds())
	return func(each func(Row) error) error {
		type key struct {
			person wire.UserID
			item   string
		}
		type open struct {
			key
			at  wire.Millis
			row Row
		}
		var queue []*open
		byKey := map[key]*open{}
		emit := func(now wire.Millis) error {
			for len(queue) > 0 && (now < 0 || queue[0].at+window <= now) {
				first := queue[0]
				queue = queue[1:]
				if byKey[first.key] == first {
					delete(byKey, first.key)
				}
				if err := each(first.row); err != nil {
					return err
				}
			}
			return nil
		}
		const page = 4096
		newest := wire.Millis(0)
		for after := int64(0); ; {
			list, last, err := pages(after, page)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				return emit(-1)
			}
			after = last
			for i := range list {
				b := &list[i]
				newest = max(newest, b.At)
				if err := emit(newest); err != nil {
					return err
				}
				k := key{b.Person, b.Item}
				if row, ok := rowOf(b); ok {
					o := &open{k, b.At, row}
					queue = append(queue, o)
					byKey[k] = o
				} else if o := byKey[k]; o != nil && takes[b.Kind] && b.At >= o.at && b.At < o.at+window {
					o.row.Reward = 1
				}
			}
		}
	}
}

// rowOf is what an impression says, if chance had a hand in it.
func rowOf(b *recommend.Behavior) (Row, bool) {
	s := &b.Served
	switch {
	case b.Kind != "impression":
	case s.Explored > 0 && s.Explored <= 1:
		return Row{Context: s.Arm, Action: Drawn, Propensity: s.Explored}, true
	case s.Propensity > 0 && s.Propensity < 1:
		return Row{Context: s.Arm, Action: Best, Propensity: s.Propensity}, true
	}
	return Row{}, false
}
