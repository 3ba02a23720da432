package evaluate

import (
	"math"
	"slices"

	"github.com/lyceum-live/lyceum/wire"
)

// Chance is how good the predicted probabilities are that what is shown is
// taken up, over the rows that say what came of a showing.
type Chance struct {
	Shown   int
	AUC     float64 // that one taken up is given a higher probability than one that is not
	GAUC    float64 // the same within each person, weighted by their showings
	LogLoss float64 // nats
	Off     float64 // mean distance of predicted from observed shares, over ten classes of equal size
}

// guess is one prediction and what came of it.
type guess struct {
	person wire.UserID
	p      float64
	taken  bool
}

// shows reports whether a row says that something was shown, and what came of
// it: that, or the behaviour to be guessed.
func shows(behavior string) bool { return behavior == "impression" || behavior == "click" }

func chanceOf(guesses []guess) Chance {
	c := Chance{Shown: len(guesses)}
	if len(guesses) == 0 {
		return c
	}
	by := map[wire.UserID][]guess{}
	for _, g := range guesses {
		p := max(1e-9, min(1-1e-9, g.p))
		if !g.taken {
			p = 1 - p
		}
		c.LogLoss -= math.Log(p)
		by[g.person] = append(by[g.person], g)
	}
	c.LogLoss /= float64(len(guesses))
	c.AUC, _ = auc(guesses)
	sum, n := 0.0, 0
	for _, own := range by {
		if a, ok := auc(own); ok {
			sum += a * float64(len(own))
			n += len(own)
		}
	}
	c.GAUC = sum / float64(max(1, n))
	const classes = 10 // guesses are in order now
	for k := range classes {
		class := guesses[k*len(guesses)/classes : (k+1)*len(guesses)/classes]
		said, came := 0.0, 0.0
		for _, g := range class {
			said += g.p
			if g.taken {
				came++
			}
		}
		c.Off += math.Abs(said-came) / float64(len(guesses))
	}
	return c
}

// auc sorts the guesses and returns the area under their ROC curve; equals
// count half. ok is false if all came to the same.
func auc(guesses []guess) (area float64, ok bool) {
	slices.SortFunc(guesses, func(a, b guess) int {
		switch {
		case a.p < b.p:
			return -1
		case a.p > b.p:
			return 1
		}
		return 0
	})
	taken, left, sum := 0.0, 0.0, 0.0
	for i := 0; i < len(guesses); {
		t, l := 0.0, 0.0
		first := guesses[i].p
		for ; i < len(guesses) && guesses[i].p == first; i++ {
			if guesses[i].taken {
				t++
			} else {
				l++
			}
		}
		sum += t*left + t*l/2
		taken, left = taken+t, left+l
	}
	if taken == 0 || left == 0 {
		return 0, false
	}
	return sum / taken / left, true
}
