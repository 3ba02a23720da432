package recommend

import (
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Config says how the engine learns and what it may show. A field that is
// zero has its default; for the shares and counts below, a negative value
// means none.
type Config struct {
	PopularHalves []time.Duration // half-lives of popularity; default 6 h, 1 day, 2 weeks
	NearSlow      time.Duration   // longer half-life of item-to-item pairs; default 60 days
	NearFast      time.Duration   // shorter one; default 4 days
	Neighbours    int             // entries of an item's table of neighbours; default 128

	History    int // liked items remembered of a person, default 64
	MaxPersons int // persons remembered, the least active forgotten first; default 200000

	Ahead time.Duration // how far a behaviour's time may lie in the future; default 2 min
	Back  time.Duration // and in the past; default 7 days

	PushGap    time.Duration // least time between two pushes to a person in one room; default 4 min
	PushPerDay int           // pushes to a person in 24 hours, in all rooms; default 24

	Diversity float64 // share of unlikeness in the choice of a list, 0 to 1; default 0.15
	PerAuthor int     // items of one author in a list; default 3
	Explore   float64 // share of lists whose last place goes to something little seen; default 0.05
	ExploreOf int     // that something is drawn from so many; default 32
	Arm       string  // experiment arm that suggestions are marked with; default "default"
}

func (c Config) withDefaults() Config {
	if len(c.PopularHalves) == 0 {
		c.PopularHalves = []time.Duration{6 * time.Hour, 24 * time.Hour, 14 * 24 * time.Hour}
	}
	or(&c.NearSlow, 60*24*time.Hour)
	or(&c.NearFast, 4*24*time.Hour)
	or(&c.Neighbours, 128)
	or(&c.History, 64)
	or(&c.MaxPersons, 200_000)
	or(&c.Ahead, 2*time.Minute)
	or(&c.Back, 7*24*time.Hour)
	or(&c.PushGap, 4*time.Minute)
	or(&c.PushPerDay, 24)
	or(&c.Diversity, 0.15)
	or(&c.PerAuthor, 3)
	or(&c.Explore, 0.05)
	or(&c.ExploreOf, 32)
	or(&c.Arm, "default")
	return c
}

func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// ErrConfig is a configuration that makes no sense; the text says what.
var ErrConfig = &wire.Error{Code: "recommend.config", Text: "the recommender's configuration is out of range"}

func (c Config) check() error {
	for _, h := range c.PopularHalves {
		if h <= 0 {
			return ErrConfig.In("popular_halves")
		}
	}
	switch {
	case c.NearSlow <= 0 || c.NearFast <= 0:
		return ErrConfig.In("near")
	case c.Neighbours < 1:
		return ErrConfig.In("neighbours")
	case c.History < 1:
		return ErrConfig.In("history")
	case c.MaxPersons < 1:
		return ErrConfig.In("max_persons")
	case c.Diversity > 1:
		return ErrConfig.In("diversity")
	case c.Explore > 1:
		return ErrConfig.In("explore")
	}
	return nil
}
