package e2e

import (
	"fmt"
	"slices"
	"testing"
)

// suggestions has a viewer like what the catalogue has on one topic, and
// follows what the recommender makes of it.
func suggestions(t *testing.T, s *school) {
	s.ana.sees(t, "suggestion-card .offer", "")
	token := s.ana.token(t)
	before := s.recommended(t, token)

	// In another tab, Ana reads two lessons on sleep, and likes them.
	tab := arrive(t, s.ana.ctx, "Ana", false)
	for _, id := range []string{"sleep-light", "coffee-clock"} {
		tab.open(t, s.url("/videos/"+id))
		tab.click(t, ".lesson__like", "Like")
		tab.sees(t, ".lesson__like[aria-pressed=true]", "Liked")
	}
	tab.photograph(t, "lesson")
	tab.onPhone(t, func() { tab.fits(t, "a lesson on a phone") })
	tab.silent(t)
	tab.leave()
	settles(t, func() bool { return about(s.recommended(t, token), "health") > about(before, "health") },
		"who likes lessons on health is recommended no more of them than before")

	// The next pause in the class brings what fits.
	shown := s.ana.texts(t, "suggestion-card .offer__link")
	s.host.click(t, "activity-panel button", "Yes or no")
	s.ana.click(t, "poll-card .choice__button", "Yes")
	s.ana.earned(t, 28+3)
	s.host.click(t, "poll-card button", "Close")
	s.ana.until(t, fmt.Sprintf("JSON.stringify(hand.texts('suggestion-card .offer__link')) !== JSON.stringify(%s)", js(shown)))
	s.ana.photograph(t, "suggestion")

	// What is dismissed goes, and does not come back.
	offer := eval[struct{ Title, ID string }](t, s.ana, `(() => {
		const link = document.querySelector("suggestion-card .offer__link");
		return {title: link.textContent, id: new URL(link.href).pathname.split("/")[2]};
	})()`)
	s.ana.click(t, "suggestion-card button", "Not interested in "+offer.Title)
	s.ana.misses(t, "suggestion-card .offer__link", offer.Title)
	s.ana.click(t, "button", "Put away")
	settles(t, func() bool {
		return !slices.ContainsFunc(s.recommended(t, token), func(i item) bool { return i.ID == offer.ID })
	},
		"%s was dismissed and is still recommended", offer.ID)
}

// about counts the items with a tag among the first five.
func about(items []item, tag string) int {
	n := 0
	for _, i := range items[:min(5, len(items))] {
		if slices.Contains(i.Tags, tag) {
			n++
		}
	}
	return n
}
