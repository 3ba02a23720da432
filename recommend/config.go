package recommend

import (
	"time"

	"github.com/lyceum-live/lyceum/recommend/experiment"
	"github.com/lyceum-live/lyceum/wire"
)

// Config says how the engine learns and what it may show. A field that is
// zero has its default; for the shares and counts below, a negative value
// means none.
type Config struct {
	PopularHalves []time.Duration `yaml:"popular_halves" default:"1h,6h,24h,96h,336h" doc:"half-lives of popularity"`
	NearSlow      time.Duration   `yaml:"near_slow" default:"1440h" doc:"longer half-life of pairs of items that people take together"`
	NearFast      time.Duration   `yaml:"near_fast" default:"96h" doc:"shorter half-life of such pairs"`
	Neighbours    int             `yaml:"neighbours" default:"128" unit:"items" doc:"remembered as close to an item"`

	History    int `yaml:"history" default:"64" unit:"items" doc:"that a person liked and that are remembered"`
	MaxPersons int `yaml:"max_persons" default:"200000" unit:"persons" doc:"remembered, the least active forgotten first"`

	Ahead time.Duration `yaml:"ahead" default:"2m" doc:"how far a behaviour's time may lie in the future"`
	Back  time.Duration `yaml:"back" default:"168h" doc:"how far a behaviour's time may lie in the past"`

	PushGap    time.Duration `yaml:"push_gap" default:"4m" doc:"least time between two suggestions to a person in a room"`
	PushPerDay int           `yaml:"push_per_day" default:"24" unit:"suggestions" doc:"to a person in 24 hours, in all rooms"`

	PushFloor float64 `yaml:"push_floor" default:"0.01" doc:"least probability of being taken up with which something is pushed, 0 to 1"`

	Rest time.Duration `yaml:"rest" default:"12h" doc:"how long what a person opened or liked is not suggested to them again"`

	Diversity float64 `yaml:"diversity" default:"0.15" doc:"share of unlikeness in the choice of a list, 0 to 1"`
	PerAuthor int     `yaml:"per_author" default:"3" unit:"items" doc:"of one author in a list"`
	Explore   float64 `yaml:"explore" default:"0.05" doc:"share of lists whose last place goes to something little seen, 0 to 1"`
	ExploreOf int     `yaml:"explore_of" default:"32" unit:"items" doc:"little seen, of which one is drawn"`
	Arm       string  `yaml:"arm" default:"default" doc:"name of the experiment arm that suggestions are marked with"`

	Experiments []experiment.Spec `yaml:"experiments" doc:"that are under way, each name and options | control | arm:weight setting=value"`
}

func (c Config) withDefaults() Config {
	if len(c.PopularHalves) == 0 {
		c.PopularHalves = []time.Duration{time.Hour, 6 * time.Hour, 24 * time.Hour, 4 * 24 * time.Hour, 14 * 24 * time.Hour}
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
	or(&c.PushFloor, 0.01)
	or(&c.Rest, 12*time.Hour)
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
		if h < time.Millisecond {
			return ErrConfig.In("popular_halves")
		}
	}
	switch {
	case c.NearSlow < time.Millisecond || c.NearFast < time.Millisecond:
		return ErrConfig.In("near")
	case c.Neighbours < 1:
		return ErrConfig.In("neighbours")
	case c.History < 1:
		return ErrConfig.In("history")
	case c.MaxPersons < 1:
		return ErrConfig.In("max_persons")
	case c.Diversity > 1:
		return ErrConfig.In("diversity")
	case c.PushFloor > 1:
		return ErrConfig.In("push_floor")
	case c.Explore > 1:
		return ErrConfig.In("explore")
	}
	return nil
}
