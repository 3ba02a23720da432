package experiment

// Draft compares two rankers by lists that both have drafted (team-draft
// interleaving: Radlinski, Kurup and Joachims, CIKM 2008): whoever's pick is
// clicked first in a list has won it. Where the rankers are as good, each list
// is won by either with probability 1/2, for a coin decided whose each pick is.
type Draft struct{ odds Odds }

// NewDraft returns a comparison that nobody has won a list of.
func NewDraft(effect float64) Draft { return Draft{NewOdds(0.5, effect)} }

// Click counts a list: won by the second ranker, or by the first.
func (d *Draft) Click(second bool) { d.odds.Add(second) }

// Pick is one place of a drafted list.
type Pick struct {
	At     int  // of the candidate in the rankings
	Second bool // the second ranker's
}

// Interleave drafts a list of up to limit from two rankings of the same
// candidates, best first, of which each stands in a ranking once. coin says who
// picks first in each round, of which each has one pick; a ranker picks the best
// of its ranking that is not in the list yet.
func Interleave(first, second []int, limit int, coin func() bool) []Pick {
	taken := make(map[int]bool, limit)
	rankings := [2][]int{first, second}
	next := func(team int) (int, bool) {
		for len(rankings[team]) > 0 {
			at := rankings[team][0]
			if !taken[at] {
				return at, true
			}
			rankings[team] = rankings[team][1:]
		}
		return 0, false
	}
	var list []Pick
	for len(list) < limit {
		team := 0
		if coin() {
			team = 1
		}
		before := len(list)
		for range 2 {
			if at, ok := next(team); ok && len(list) < limit {
				taken[at] = true
				list = append(list, Pick{at, team == 1})
			}
			team = 1 - team
		}
		if len(list) == before {
			break
		}
	}
	return list
}
