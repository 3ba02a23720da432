// Package reward gives people points for taking part in a class and keeps
// their account.
//
//	fact ──[Rules.For]──▶ entries ──[Bank.Earn]──▶ ledger
//
// A [Fact] is something that somebody did, taken from a room's log. [Rules]
// say what it earns; they are pure. The [Bank] writes what is earned to the
// ledger, a list of immutable entries behind [Store], and a balance is the sum
// of a person's entries, always.
//
// Every entry has a key made of what earned it, so a fact counts once however
// often it is told: after a crash, by two servers, in another order. Caps hold
// in the same way, for they are counted in the ledger itself.
//
// Balances are remembered: a class that comes in costs the store a few
// readings, each on a goroutine that ends with it.
//
// The package never takes points away, reads no clock and knows nothing of
// rooms or quizzes: its user translates.
package reward

import (
	"strconv"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// Rule names why points were given. It is part of the ledger and of the wire.
type Rule = string

// The rules.
const (
	Answered Rule = "answered" // answered a quiz question in time
	Correct  Rule = "correct"  // and the answer was right, as the reveal showed
	Asked    Rule = "asked"    // asked on the question board
	Upvoted  Rule = "upvoted"  // somebody else upvoted one's question
	Voted    Rule = "voted"    // voted in a poll
	Stayed   Rule = "stayed"   // was there when the class ended
)

// Config says how many points each rule gives and how often. No points turn a
// rule off; a cap of 0 is none.
type Config struct {
	Answered int64 `yaml:"answered" default:"5" unit:"points" min:"0" max:"1000000" doc:"for answering a quiz question in time"`
	Correct  int64 `yaml:"correct" default:"10" unit:"points" min:"0" max:"1000000" doc:"more, if the answer was right"`
	Asked    int64 `yaml:"asked" default:"5" unit:"points" min:"0" max:"1000000" doc:"for a question on the board"`
	Upvoted  int64 `yaml:"upvoted" default:"2" unit:"points" min:"0" max:"1000000" doc:"for each person who upvotes one's question"`
	Voted    int64 `yaml:"voted" default:"3" unit:"points" min:"0" max:"1000000" doc:"for voting in a poll"`
	Stayed   int64 `yaml:"stayed" default:"20" unit:"points" min:"0" max:"1000000" doc:"for being there when the class ends"`

	AskedCap   int `yaml:"asked_cap" default:"5" unit:"times" min:"0" max:"1000" doc:"how often a person earns by asking in one room; 0: no cap"`
	UpvotedCap int `yaml:"upvoted_cap" default:"20" unit:"times" min:"0" max:"1000" doc:"how often a person earns by upvotes in one room; 0: no cap"`
}

// Default is what holds where nothing is configured.
var Default = Config{
	Answered: 5, Correct: 10, Asked: 5, Upvoted: 2, Voted: 3, Stayed: 20,
	AskedCap: 5, UpvotedCap: 20,
}

// Fact is something that somebody did in a class and that a rule may reward.
type Fact struct {
	Rule Rule
	Room wire.RoomID
	Seq  uint64      // position of the event in the room's log
	At   wire.Millis // when it happened
	User wire.UserID // who earns

	// Of is the position of what the fact is about, where one person's doing
	// it again is the same fact: the poll for Voted, the question for Upvoted.
	// Other rules leave it 0.
	Of uint64

	// By is who upvoted, for Upvoted alone.
	By wire.UserID
}

// Rules say what facts earn. They are pure and never change.
type Rules struct {
	points map[Rule]int64
	caps   map[Rule]int
}

// NewRules returns the rules of a configuration.
func NewRules(c Config) Rules {
	return Rules{
		points: map[Rule]int64{
			Answered: c.Answered, Correct: c.Correct, Asked: c.Asked,
			Upvoted: c.Upvoted, Voted: c.Voted, Stayed: c.Stayed,
		},
		caps: map[Rule]int{Asked: c.AskedCap, Upvoted: c.UpvotedCap},
	}
}

// Cap is how many entries of a rule one person may have from one room, or 0
// if there is no end.
func (r Rules) Cap(rule Rule) int { return r.caps[rule] }

// For returns what a fact earns, before any cap: one entry, or none for a rule
// that is off or unknown, for the room's own doings, and for praise of oneself.
//
// Keys are "room/position/rule/user". The position is that of the event, and
// of the poll or the question where doing it again is the same fact. An upvote
// also names its giver, so that taking it back and giving it again earns
// nothing; staying counts once a day (UTC), however often a class is ended and
// reopened:
//
//	go-101/70/asked/uana
//	go-101/62/voted/uana
//	go-101/61/upvoted/uana/uben
//	go-101/2026-03-14/stayed/uana
func (r Rules) For(f Fact) []Entry {
	points := r.points[f.Rule]
	if points <= 0 || !f.Room.Valid() || !f.User.Valid() || f.User == wire.System.User {
		return nil
	}
	position, giver := strconv.FormatUint(f.Seq, 10), ""
	switch f.Rule {
	case Voted, Upvoted:
		if f.Of == 0 {
			return nil
		}
		position = strconv.FormatUint(f.Of, 10)
		if f.Rule == Upvoted {
			if !f.By.Valid() || f.By == f.User {
				return nil
			}
			giver = "/" + string(f.By)
		}
	case Stayed:
		position = f.At.Time().UTC().Format(time.DateOnly)
	}
	return []Entry{{
		Key:  string(f.Room) + "/" + position + "/" + f.Rule + "/" + string(f.User) + giver,
		User: f.User, Points: points, Rule: f.Rule, Room: f.Room, Seq: f.Seq, At: f.At,
	}}
}
