package recommend_test

import (
	"slices"
	"testing"

	"github.com/lyceum-live/lyceum/recommend"
)

func TestAnEndedClassComesAgainByTheTimetable(t *testing.T) {
	weekly := session("weekly", "Weekly class", "go")
	weekly.Starts = noon - hour
	c := newClass(t, plain, weekly, video("v", "Another thing", "go"))
	c.does("ana", "watch", "weekly", 0.1) // popular, so that every way to it is tried
	c.SetPhase("weekly", recommend.PhaseLive)
	c.SetPhase("weekly", recommend.PhaseEnded)
	if got := c.offers("ben", 5); slices.Contains(got, "weekly") {
		t.Errorf("a class that has just ended is suggested: %v", got)
	}
	weekly.Starts += 7 * day
	c.SetCatalog([]recommend.Item{weekly, video("v", "Another thing", "go")})
	if got := c.offers("ben", 5); !slices.Contains(got, "weekly") {
		t.Errorf("next week's class is not suggested: %v", got)
	}
	c.at = weekly.Starts + minute // it is time, and nobody has opened it
	if got := c.offers("ben", 5); slices.Contains(got, "weekly") {
		t.Errorf("a class that is not on again is suggested as if it were: %v", got)
	}
}
