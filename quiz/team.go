package quiz

import "github.com/lyceum-live/lyceum/wire"

// MaxTeams is how many teams a quiz may have; the fewest are two.
const MaxTeams = 12

// Team is a team. Its score is the mean of its members' as of the last reveal,
// so that a larger one has no advantage.
type Team struct {
	Score   int `json:"score"`
	Members int `json:"members"`
}

// join puts a player into a team, the first of which is 1.
func (r *Run) join(p *Player, team int) {
	if p.Team > 0 {
		r.Standings[p.Team-1].Members--
	}
	p.Team = team
	r.Standings[team-1].Members++
}

// compareTeams works out how the teams stand.
func (r *Run) compareTeams() {
	sums := make([]int, len(r.Standings))
	for _, p := range r.Players {
		if p.Team > 0 {
			sums[p.Team-1] += p.Score
		}
	}
	for i, sum := range sums {
		if n := r.Standings[i].Members; n > 0 {
			r.Standings[i].Score = (2*sum + n) / (2 * n) // rounded half up
		}
	}
}

// smallest returns the team with the fewest members, the first among equals.
func (r *Run) smallest() int {
	team := 0
	for i, t := range r.Standings {
		if t.Members < r.Standings[team].Members {
			team = i
		}
	}
	return team + 1
}

// decideJoin lets somebody choose a team who has not answered yet.
func (s *State) decideJoin(by wire.Actor, c Join) ([]Event, error) {
	r := s.Run
	if r == nil || r.ID != c.Quiz {
		return nil, wire.ErrNotFound.In("quiz")
	}
	if c.Team < 1 || c.Team > len(r.Teams) {
		return nil, wire.ErrField.In("team")
	}
	p := r.Players[by.User]
	switch {
	case p != nil && p.Team == c.Team:
		return nil, nil
	case p != nil && len(p.Given) > 0:
		return nil, ErrJoined
	case r.Phase == PhaseFinished:
		return nil, ErrClosed
	}
	return []Event{Joined(c)}, nil
}
