package room_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// simClient is one device of a simulated person. It behaves as static/client
// does: it numbers its requests, gives each wish a key, repeats with that key
// what was not answered when it comes back, and says how far it had got. All
// its fields belong to the goroutine that drives the simulation.
type simClient struct {
	sim   *sim
	name  string // of the device, in traces
	room  wire.RoomID
	user  wire.UserID
	role  wire.Role // as the token says
	admin bool

	line    *simLine
	at      *room.Position // the last numbered view, or the snapshot; nil: nothing
	noted   room.Position  // in the trace
	staff   bool           // what was seen is what the staff sees
	hears   bool           // was welcomed on this line
	known   uint64         // the log's end when that was
	lag     time.Time      // the network keeps everything back until then
	wait    time.Time      // dials no sooner
	next    uint64
	wishes  []*simWish
	you     simYou
	tallies simTallies
	forms   simForms
}

// simWish is a command that a person wants carried out.
type simWish struct {
	id    uint64
	key   string // "": a query
	cmd   room.Command
	sent  bool // on this line
	after time.Time
}

// simYou is what a client remembers of "you".
type simYou struct {
	Role       string           `json:"role"`
	MutedUntil int64            `json:"muted_until"`
	Votes      map[uint64][]int `json:"votes"`

	Ballots map[uint64]simBallot       `json:"ballots"`
	Surveys map[uint64]json.RawMessage `json:"surveys"`
}

// simBallot is one's own vote in a poll in which nothing is picked.
type simBallot struct {
	Value float64  `json:"value,omitempty"`
	Text  string   `json:"text,omitempty"`
	Words []string `json:"words,omitempty"`
}

// simTallies are the numbers that a client shows and signals change.
type simTallies struct {
	count    int
	voters   map[uint64]int
	counts   map[uint64]string
	results  map[uint64]string
	upvotes  map[uint64]int
	answered int
}

type simWelcome struct {
	You     json.RawMessage `json:"you"`
	Epoch   string          `json:"epoch"`
	Seq     uint64          `json:"seq"`
	Now     int64           `json:"now"`
	Resumed bool            `json:"resumed"`
	Room    json.RawMessage `json:"room"`
}

// wish makes a command, to be sent in its turn.
func (c *simClient) wish(cmd room.Command) *simWish {
	c.next++
	w := &simWish{id: c.next, cmd: cmd}
	if !simQuery(cmd) {
		w.key = fmt.Sprintf("%s-%d", c.name, c.next)
		c.sim.asked[simKey{c.room, c.user, w.key}] = cmd
		if mark := simMark(simKey{c.room, c.user, w.key}, cmd); mark != "" {
			c.sim.marks[mark] = simKey{c.room, c.user, w.key}
		}
	}
	c.wishes = append(c.wishes, w)
	return w
}

func simQuery(cmd room.Command) bool {
	switch cmd.(type) {
	case room.Ping, room.React, room.ListPeople, room.Audit, room.Feel:
		return true
	}
	return false
}

// online reports whether commands can be sent.
func (c *simClient) online() bool {
	if c.line == nil || !c.hears {
		return false
	}
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	return !c.line.broken && c.line.told == 0
}

// flush sends what was not sent on this line.
func (c *simClient) flush() {
	for _, w := range slices.Clone(c.wishes) {
		if c.online() && !w.sent && !time.Now().Before(w.after) {
			c.send(w)
		}
	}
}

// send hands a wish to the room, as the server's socket does.
func (c *simClient) send(w *simWish) {
	w.sent = true
	l, s := c.line, c.sim
	s.trace("%s sends %d %s %T%s", c.name, w.id, w.key, w.cmd, simJSON(w.cmd))
	s.under(l, c.room, c.user, w.key, 1)
	answer := func(seq uint64, data any, err error) {
		s.under(l, c.room, c.user, w.key, -1)
		s.answered(l, w, seq, err)
		if err == nil && data == nil {
			data = map[string]uint64{"seq": seq}
		}
		l.conn.Send(wire.Reply(w.id, data, err))
		for range 20 {
			runtime.Gosched() // the sockets may be quicker than the room
		}
	}
	if err := l.session.Submit(w.cmd, w.key, time.Now(), answer); err != nil {
		s.under(l, c.room, c.user, w.key, -1)
		if !errors.Is(err, room.ErrGone) { // whose sockets are closed
			l.conn.Send(wire.Reply(w.id, nil, err))
		}
	}
	s.settle()
}

// pump lets the client look at what has come.
func (c *simClient) pump() {
	l := c.line
	if l == nil {
		return
	}
	l.mu.Lock()
	if l.snap >= 0 && !l.broken && l.told == 0 && !time.Now().Before(c.lag) {
		if l.snap = l.lose(l.snap); l.snap < 0 {
			l.breakNow()
		}
	}
	broken, told, toldAt, joined, refused := l.broken, l.told, l.toldAt, l.joined, l.refused
	if time.Now().Before(c.lag) && !broken && told == 0 {
		l.mu.Unlock()
		return
	}
	got := l.got
	l.got = nil
	l.mu.Unlock()
	turned := !c.hears
	for _, g := range got {
		// A line that breaks takes replies and signals along, and one that is
		// closed what came at that very moment: how much of it was written is
		// a matter of luck.
		if told != 0 && g.at.Before(toldAt) || told == 0 && (!broken || g.Seq != 0 || g.Type == "welcome") {
			c.hear(g)
		} else if turned = turned || g.Type == "welcome"; g.Seq != 0 && !turned {
			c.belongs(g)
		}
	}
	switch {
	case joined && refused != nil:
		c.sim.trace("%s is refused: %v", c.name, wire.Public(refused).Code)
		c.sim.refusedEntry(c, refused)
		c.offline(3 * time.Second)
		if errors.Is(refused, room.ErrBanned) || errors.Is(refused, wire.ErrForbidden) {
			c.wait = time.Now().Add(20 * time.Second)
		}
	case told != 0:
		c.sim.trace("%s is told %d", c.name, told)
		c.offline(time.Second)
		if !told.Again() {
			c.wait = time.Now().Add(20 * time.Second)
		}
	case broken:
		c.offline(0)
	}
}

// offline forgets the line. What was not answered is sent again on the next one.
func (c *simClient) offline(wait time.Duration) {
	c.line.breaks()
	c.line, c.hears, c.lag = nil, false, time.Time{}
	c.wait = time.Now().Add(wait)
	for _, w := range c.wishes {
		w.sent = false
	}
	c.wishes = slices.DeleteFunc(c.wishes, func(w *simWish) bool { return w.key == "" }) // a query of then is of no use now
}

// hear looks at one message, and checks it against the model.
func (c *simClient) hear(g simGot) {
	m := g.message
	switch {
	case m.Type == "welcome":
		c.welcomed(g)
	case m.Seq != 0:
		c.view(g)
	case m.Re != 0:
		c.replied(m)
	default:
		c.signal(m)
	}
}

func simInto[T any](s *sim, m message) (v T) {
	if err := json.Unmarshal(m.Data, &v); err != nil {
		s.fail("%s: %v in %s", m.Type, err, m.Data)
	}
	return v
}

func (c *simClient) welcomed(g simGot) {
	w := simInto[simWelcome](c.sim, g.message)
	var you simYou
	_ = json.Unmarshal(w.You, &you)
	staff := simStaff(you.Role)
	c.hears, c.known = true, g.last
	switch {
	case !w.Resumed:
		c.at, c.staff = &room.Position{Epoch: w.Epoch, Seq: w.Seq}, staff
		c.seeRoom(w.Room)
		c.sim.stats.snapshots++
	case c.at == nil || c.at.Epoch != w.Epoch:
		c.sim.fail("%s is resumed in epoch %q, and had seen %v", c.name, w.Epoch, c.at)
	case c.staff != staff:
		c.sim.fail("%s was in another audience and is resumed at %d", c.name, c.at.Seq)
	default:
		c.sim.stats.resumed++
	}
	c.sim.checkYou(c, w, g)
	c.is(you)
}

// is takes what the person is told about themselves.
func (c *simClient) is(you simYou) {
	c.you = you
	if c.you.Votes == nil {
		c.you.Votes = map[uint64][]int{}
	}
	if c.you.Ballots == nil {
		c.you.Ballots = map[uint64]simBallot{}
	}
	c.forms.own = map[uint64]string{}
	for id, own := range you.Surveys {
		c.forms.own[id] = simSame(own)
	}
}

// seeRoom takes the numbers out of a snapshot.
func (c *simClient) seeRoom(raw json.RawMessage) {
	var v struct {
		Count     int                                       `json:"count"`
		Questions []struct{ ID, Votes uint64 }              `json:"questions"`
		Polls     []simTally                                `json:"polls"`
		Surveys   []simSurveyTally                          `json:"surveys"`
		Quiz      *struct{ Current struct{ Answered int } } `json:"quiz"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		c.sim.fail("%s: snapshot: %v", c.name, err)
	}
	c.tallies = simTallies{count: v.Count, voters: map[uint64]int{}, counts: map[uint64]string{}, results: map[uint64]string{}, upvotes: map[uint64]int{}}
	for _, q := range v.Questions {
		c.tallies.upvotes[q.ID] = int(q.Votes)
	}
	for _, p := range v.Polls {
		c.seePoll(p.ID, p)
	}
	c.forms.answered, c.forms.results = map[uint64]int{}, map[uint64]string{}
	for _, p := range v.Surveys {
		c.forms.see(p)
	}
	if v.Quiz != nil {
		c.tallies.answered = v.Quiz.Current.Answered
	}
}

type simTally struct {
	ID     uint64          `json:"id"`
	Poll   uint64          `json:"poll"`
	Voters int             `json:"voters"`
	Counts json.RawMessage `json:"counts"`
	Result json.RawMessage `json:"result"`
}

func (c *simClient) seePoll(id uint64, t simTally) {
	c.tallies.voters[id], c.tallies.counts[id], c.tallies.results[id] = t.Voters, string(t.Counts), simSame(t.Result)
}

// view checks a numbered view: it follows the one before, nothing between them
// is missing, it is for this audience, and says what the log says.
func (c *simClient) view(g simGot) {
	s, m := c.sim, g.message
	if c.at == nil {
		s.fail("%s hears %s %d before a welcome", c.name, m.Type, m.Seq)
		return
	}
	if m.Seq <= c.at.Seq {
		s.fail("%s hears %s %d again, and had come to %d", c.name, m.Type, m.Seq, c.at.Seq)
	}
	if m.Prev != c.at.Seq {
		s.fail("%s: %s %d follows %d, and the last one was %d", c.name, m.Type, m.Seq, m.Prev, c.at.Seq)
	}
	model := s.models[c.room]
	views := model.views[simIndex(c.staff)]
	i, found := slices.BinarySearchFunc(views, m.Seq, func(v simView, seq uint64) int { return int(v.seq) - int(seq) })
	right := found && views[i].raw == string(m.Data)
	data := ""
	if found && !right {
		data = simSame(m.Data)
	}
	switch {
	case !found:
		s.fail("%s (staff: %t) hears %s %d, which this audience does not hear", c.name, c.staff, m.Type, m.Seq)
	case i > 0 && views[i-1].seq > c.at.Seq:
		s.fail("%s: %s %d comes after %d, and %s %d is missing", c.name, m.Type, m.Seq, c.at.Seq, views[i-1].kind, views[i-1].seq)
	case views[i].kind != m.Type || !right && views[i].data != data:
		s.fail("%s: view %d is %s %s, and the log says %s %s", c.name, m.Seq, m.Type, data, views[i].kind, views[i].data)
	default:
		views[i].raw = string(m.Data)
		c.belongs(g)
	}
	c.at.Seq = m.Seq
	s.stats.views++
	switch {
	case strings.HasPrefix(m.Type, "poll."):
		if t := simInto[simTally](s, m); t.ID != 0 {
			c.seePoll(t.ID, t)
		}
	case strings.HasPrefix(m.Type, "survey."):
		if t := simInto[simSurveyTally](s, m); t.ID != 0 {
			c.forms.see(t)
		}
	case strings.HasPrefix(m.Type, "quiz.") && m.Type != "quiz.drafted" && m.Type != "quiz.dropped":
		c.tallies.answered = simInto[struct{ Current struct{ Answered int } }](s, m).Current.Answered
	case m.Type == "qa.asked":
		c.tallies.upvotes[m.Seq] = 0
	}
}

// belongs checks that a view was shown to somebody who was of its audience.
func (c *simClient) belongs(g simGot) {
	m, model := g.message, c.sim.models[c.room]
	views := model.views[simIndex(c.staff)]
	i, found := slices.BinarySearchFunc(views, m.Seq, func(v simView, seq uint64) int { return int(v.seq) - int(seq) })
	if !found {
		c.sim.fail("%s (staff: %t) hears %s %d, which this audience does not hear", c.name, c.staff, m.Type, m.Seq)
		return
	}
	if staff, out := model.audience(string(c.user), views[i], int64(wire.At(g.at))); out && m.Seq > c.known || staff != c.staff {
		c.sim.fail("%s (staff: %t) hears %s %d, and was then of the staff: %t, banned: %t", c.name, c.staff, m.Type, m.Seq, staff, out)
	}
}

func simIndex(staff bool) int {
	if staff {
		return 1
	}
	return 0
}

func (c *simClient) signal(m message) {
	s := c.sim
	switch m.Type {
	case "room.presence":
		c.tallies.count = simInto[struct{ Count int }](s, m).Count
	case "poll.tally":
		t := simInto[simTally](s, m)
		c.seePoll(t.Poll, t)
	case "qa.votes":
		maps.Copy(c.tallies.upvotes, simInto[struct{ Votes map[uint64]int }](s, m).Votes)
	case "quiz.tally":
		c.tallies.answered = simInto[struct{ Answered int }](s, m).Answered
	case "poll.mine":
		v := simInto[struct {
			Poll    uint64
			Choices []int
			simBallot
		}](s, m)
		c.you.Votes[v.Poll], c.you.Ballots[v.Poll] = v.Choices, v.simBallot
	case "you.changed":
		c.is(simInto[simYou](s, m))
	case "survey.tally":
		if !c.staff {
			s.fail("%s is told how many have answered", c.name)
		}
		c.forms.see(simInto[simSurveyTally](s, m))
	case "survey.mine":
		v := simInto[struct {
			Survey  uint64
			Answers json.RawMessage
		}](s, m)
		c.forms.own[v.Survey] = simSame(v.Answers)
	}
}

// replied takes the answer to a request.
func (c *simClient) replied(m message) {
	i := slices.IndexFunc(c.wishes, func(w *simWish) bool { return w.id == m.Re })
	if i < 0 {
		return // the answer to a repetition
	}
	w := c.wishes[i]
	if m.Type == "error" {
		e := simInto[wire.Error](c.sim, m)
		if simTransient(e.Code) || e.Code == "wire.rate" {
			w.sent, w.after = false, time.Now().Add(time.Duration(max(e.RetryMS, 250))*time.Millisecond) // the person tries again
			return
		}
	}
	c.wishes = slices.Delete(c.wishes, i, i+1)
}

// simTransient: nothing was decided; the same command may be given again.
func simTransient(code string) bool {
	return strings.HasPrefix(code, "store.") || code == "wire.busy" || code == "room.closing"
}
