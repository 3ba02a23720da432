package load

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// quietPause is between an acknowledgement and the next vote in a quiet room.
const quietPause = 20 * time.Millisecond

type (
	pollScript struct {
		Text    string   `json:"text"`
		Choices []string `json:"choices"`
		Open    bool     `json:"open"`
	}
	pollData struct {
		Poll uint64 `json:"poll"`
	}
)

var pollClosed = []byte("poll.closed")

// Votes measures how many votes a second the server holds: l.Voters of the
// viewers vote, and vote anew as soon as they have the acknowledgement, which
// means that the vote is durable. In the end every voter counts once, with
// the choice that was acknowledged last.
func Votes(ctx context.Context, t Target, l Load) (Result, error) {
	voters := min(cmp.Or(l.Voters, 1000), l.Viewers)
	if voters < 1 {
		return Result{}, errNothing
	}
	c, err := gather(ctx, t, t.room("votes"), l)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	if err := rest(ctx, l.settle()); err != nil {
		return Result{}, err
	}
	v, err := c.vote(ctx, t, voters, l.Length, 0)
	if err != nil {
		return Result{}, err
	}
	c.leave()
	acks := v.acknowledged()
	r := Result{Measure: "votes", Server: t.Name, Viewers: l.Viewers, Notes: v.refused.notes()}
	r.add("voters", float64(voters), "")
	r.add("acknowledged", float64(acks.n), "")
	r.add("refused", float64(v.refused.n.Load()), "")
	r.add("votes", float64(acks.n)/v.took.Seconds(), "/s")
	r.Figures = append(r.Figures, acks.figures("acknowledged after")...)
	if v.known {
		r.add("CPU of the server", v.cpu.Seconds()/max(float64(acks.n), 1)*1e6, "s a million")
	}
	r.add("counts right", yes(v.right), "1 = yes")
	got := c.total()
	r.add("gaps", float64(got.gaps), "")
	r.add("doubles", float64(got.doubles), "")
	return r, nil
}

// Quiet measures one answer at a time in a room where nothing else happens:
// the host and one viewer, who votes now and then for l.Length.
func Quiet(ctx context.Context, t Target, l Load) (Result, error) {
	l.Viewers = 1
	c, err := gather(ctx, t, t.room("quiet"), l)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	v, err := c.vote(ctx, t, 1, l.Length, quietPause)
	if err != nil {
		return Result{}, err
	}
	c.leave()
	acks := v.acknowledged()
	r := Result{Measure: "quiet answer", Server: t.Name, Viewers: 1, Notes: v.refused.notes()}
	r.add("acknowledged", float64(acks.n), "")
	r.add("refused", float64(v.refused.n.Load()), "")
	r.Figures = append(r.Figures, acks.figures("acknowledged after")...)
	r.add("counts right", yes(v.right), "1 = yes")
	return r, nil
}

// ballot is a poll under measurement.
type ballot struct {
	crowd *crowd
	poll  uint64
	pause time.Duration // between an acknowledgement and the next vote
	all   []voter       // each owned by its socket's lane
	acks  map[*lane]*Histogram

	over    atomic.Bool  // nobody begins another vote
	voting  atomic.Int64 // voters who have not stopped
	final   atomic.Pointer[[]byte]
	refused refusals

	took  time.Duration
	cpu   time.Duration
	known bool
	right bool // every voter counts once, as acknowledged
}

type voter struct {
	id     uint64 // of the last request; 0: none yet
	sent   time.Duration
	choice int // in the vote that is on its way
	stands int // acknowledged last; -1: none
	busy   bool
	gone   bool
}

// vote lets so many viewers vote for a time, each with a pause after an
// acknowledgement, or none.
func (c *crowd) vote(ctx context.Context, t Target, voters int, length, pause time.Duration) (*ballot, error) {
	id, err := c.command(ctx, "poll.create", pollScript{"Which?", fourChoices, true})
	if err != nil {
		return nil, err
	}
	b := &ballot{crowd: c, poll: id, pause: pause, all: make([]voter, voters), acks: map[*lane]*Histogram{}}
	for i := range b.all {
		b.all[i] = voter{id: firstID, stands: -1, choice: i}
	}
	for _, l := range c.lanes {
		b.acks[l] = &Histogram{}
	}
	b.voting.Store(int64(voters))
	c.listen(events{reply: b.replied, lost: b.lost, other: b.heard})
	before, known := t.usage()
	start := clock()
	for _, s := range c.viewers[:voters] {
		s.do(func() { b.cast(s) })
	}
	if err := until(ctx, start+length); err != nil {
		return nil, err
	}
	b.over.Store(true)
	await(ctx, lastWait, func() bool { return b.voting.Load() == 0 })
	b.took = clock() - start
	after, _ := t.usage()
	b.cpu, b.known = after.CPU-before.CPU, known
	if _, err := c.command(ctx, "poll.close", pollData{id}); err != nil {
		return nil, err
	}
	await(ctx, lastWait, func() bool { return b.final.Load() != nil })
	b.right = b.agrees()
	return b, nil
}

func (b *ballot) acknowledged() *Histogram {
	sum := &Histogram{}
	for _, h := range b.acks {
		sum.Merge(h)
	}
	return sum
}

// cast sends a voter's next vote, which is another choice.
func (b *ballot) cast(s *socket) {
	v := &b.all[s.number]
	if v.gone {
		return
	}
	if b.over.Load() {
		b.stop(v)
		return
	}
	v.id++
	v.choice = (v.choice + 1) % len(fourChoices)
	v.sent, v.busy = clock(), true
	if s.send(request(v.id, "poll.vote", key(), fmt.Appendf(nil, `{"poll":%d,"choices":[%d]}`, b.poll, v.choice))) != nil {
		b.stop(v)
	}
}

func (b *ballot) stop(v *voter) {
	if !v.gone {
		v.gone = true
		b.voting.Add(-1)
	}
}

// owns returns the voter of a socket; nil: it does not vote.
func (b *ballot) owns(s *socket) *voter {
	if s.number < 0 || s.number >= len(b.all) {
		return nil
	}
	return &b.all[s.number]
}

func (b *ballot) replied(s *socket, re uint64, r reply, at time.Duration) {
	v := b.owns(s)
	if v == nil || !v.busy || v.id != re {
		return
	}
	v.busy = false
	pause := b.pause
	if r.refusal != nil {
		b.refused.note(r.refusal)
		pause = max(pause, 100*time.Millisecond)
	} else {
		v.stands = v.choice
		b.acks[s.lane].Add(at - v.sent)
	}
	if pause == 0 || b.over.Load() {
		b.cast(s)
		return
	}
	time.AfterFunc(pause, func() { s.do(func() { b.cast(s) }) })
}

func (b *ballot) lost(s *socket, _ error) {
	if v := b.owns(s); v != nil {
		b.stop(v)
	}
}

func (b *ballot) heard(s *socket, kind, data []byte, _ time.Duration) {
	if s.number == 0 && bytes.Equal(kind, pollClosed) {
		own := bytes.Clone(data)
		b.final.Store(&own)
	}
}

// agrees compares the closed poll with what was acknowledged.
func (b *ballot) agrees() bool {
	want, voters := make([]int, len(fourChoices)), 0
	for i, s := range b.crowd.viewers[:len(b.all)] {
		s.do(func() {
			if stands := b.all[i].stands; stands >= 0 {
				want[stands]++
				voters++
			}
		})
	}
	var closed struct {
		Voters int   `json:"voters"`
		Counts []int `json:"counts"`
	}
	data := b.final.Load()
	return data != nil && json.Unmarshal(*data, &closed) == nil && closed.Voters == voters && slices.Equal(closed.Counts, want)
}
