package trial

import (
	"encoding/json"
	"hash/maphash"
	"sync"
	"time"

	"github.com/lyceum-live/lyceum/wire"
)

// history is what the people of one trial asked for, were promised and heard.
type history struct {
	rooms map[wire.RoomID]*heardIn
	who   []*diary
}

// diary is what one person writes down. Its owner's goroutines fill it in; it
// is read when they have ended.
type diary struct {
	user   wire.UserID
	room   wire.RoomID
	role   wire.Role
	direct bool // nothing between them and the server delays or repeats what they send

	wishes []*wish
	visits []*visit
	told   *int64 // balance, as last told; nil: never
	once   []string
}

// wish is one command as its giver saw it.
type wish struct {
	key, kind string
	data      map[string]any
	sent      int      // how often it went onto a wire
	answered  bool     // by the first answer
	seq       uint64   // promised position; 0: it changed nothing
	refused   string   // the error code, if it was refused
	busy      bool     // the room had too much to do: it was sent again later, behind others
	others    []string // further answers that were not the first one's
	by        time.Time
	sentAt    time.Time     // first
	took      time.Duration // from then to the answer
	done      chan struct{}
}

// visit is one stay at a socket, from its welcome on.
type visit struct {
	staff   bool
	resumed bool
	after   uint64 // resumed: the last number that was known
	seq     uint64 // that the welcome stands at
	epoch   string
	views   []heard
	full    bool // it was still open when everything had come to rest
	final   bool // it began when everything had come to rest
	you     json.RawMessage
	balance *int64 // the first that was told
}

// heard is one numbered view.
type heard struct {
	seq, prev uint64
	sum       uint64 // of its type and data
}

// heardIn is what was heard in one room by anybody: each thing once.
type heardIn struct {
	mu        sync.Mutex
	views     map[sighting]view
	conflicts []sighting              // heard with two contents
	snapshots map[sighting][]snapshot // all that differ
	tallies   map[string]tally
	board     board
}

// sighting names a view: the audience and the position.
type sighting struct {
	staff bool
	seq   uint64
}

type view struct {
	kind string
	data json.RawMessage
	sum  uint64
}

type snapshot struct {
	room json.RawMessage
	sum  uint64
}

// tally is a poll.tally signal.
type tally struct {
	Poll   uint64 `json:"poll"`
	Voters int    `json:"voters"`
	Counts []int  `json:"counts"`
}

var sumSeed = maphash.MakeSeed()

func sumOf(kind string, data []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(sumSeed)
	h.WriteString(kind)
	h.WriteByte(0)
	h.Write(data)
	return h.Sum64()
}

func newHistory(rooms ...wire.RoomID) *history {
	h := &history{rooms: map[wire.RoomID]*heardIn{}}
	for _, id := range rooms {
		h.rooms[id] = newHeardIn()
	}
	return h
}

func newHeardIn() *heardIn {
	return &heardIn{
		views: map[sighting]view{}, snapshots: map[sighting][]snapshot{}, tallies: map[string]tally{},
	}
}

// see writes a numbered view down, if nobody has before.
func (h *heardIn) see(staff bool, seq uint64, kind string, data json.RawMessage) heard {
	sum := sumOf(kind, data)
	at := sighting{staff, seq}
	h.mu.Lock()
	defer h.mu.Unlock()
	known, again := h.views[at]
	switch {
	case !again:
		h.views[at] = view{kind, data, sum}
		h.board.see(seq, kind, data)
	case known.sum != sum:
		h.conflicts = append(h.conflicts, at)
	}
	return heard{seq: seq, sum: sum}
}

// snap writes a snapshot down, if nobody has before.
func (h *heardIn) snap(staff bool, seq uint64, room json.RawMessage) {
	sum := sumOf("", room)
	at := sighting{staff, seq}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.snapshots[at] {
		if s.sum == sum {
			return
		}
	}
	h.snapshots[at] = append(h.snapshots[at], snapshot{room, sum})
	h.board.snap(seq, room)
}

// count writes a tally down.
func (h *heardIn) count(data json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, again := h.tallies[string(data)]; again {
		return
	}
	var t tally
	if json.Unmarshal(data, &t) == nil {
		h.tallies[string(data)] = t
	}
}

// board is what there is in a room to act on. It is filled by whoever hears of
// it first: what people do with it is up to the server to judge.
type board struct {
	seq       uint64
	polls     []openPoll
	question  openQuestion
	questions []uint64
	messages  []uint64
}

type openPoll struct {
	ID      uint64   `json:"id"`
	Choices []string `json:"choices"`
	Max     int      `json:"max"`
	Phase   string   `json:"phase"`
}

type openQuestion struct {
	ID       uint64 `json:"id"`
	Question int    `json:"question"`
	Phase    string `json:"phase"`
	Current  struct {
		Choices  []string `json:"choices"`
		Multiple bool     `json:"multiple"`
	} `json:"current"`
}

// kept bounds what people remember to act on.
const kept = 30

func (b *board) see(seq uint64, kind string, data json.RawMessage) {
	b.seq = max(b.seq, seq)
	switch kind {
	case "chat.said":
		b.messages = lastOf(append(b.messages, seq))
	case "qa.asked":
		b.questions = lastOf(append(b.questions, seq))
	case "poll.opened", "poll.closed":
		var p openPoll
		if json.Unmarshal(data, &p) == nil {
			b.setPoll(p)
		}
	case "quiz.asked", "quiz.closed", "quiz.revealed", "quiz.finished":
		var q openQuestion
		if json.Unmarshal(data, &q) == nil {
			b.question = q
		}
	}
}

func (b *board) setPoll(p openPoll) {
	rest := b.polls[:0:0]
	for _, old := range b.polls {
		if old.ID != p.ID {
			rest = append(rest, old)
		}
	}
	if b.polls = rest; p.Phase == "open" {
		b.polls = append(b.polls, p)
	}
}

// snap brings the board up to date, if the snapshot is newer than all views.
func (b *board) snap(seq uint64, room json.RawMessage) {
	if seq <= b.seq {
		return
	}
	var r struct {
		Polls     []openPoll    `json:"polls"`
		Quiz      *openQuestion `json:"quiz"`
		Chat      []struct{ ID uint64 }
		Questions []struct{ ID uint64 }
	}
	if json.Unmarshal(room, &r) != nil {
		return
	}
	*b = board{seq: seq}
	for _, p := range r.Polls {
		b.setPoll(p)
	}
	if r.Quiz != nil {
		b.question = *r.Quiz
	}
	for _, m := range r.Chat {
		b.messages = lastOf(append(b.messages, m.ID))
	}
	for _, q := range r.Questions {
		b.questions = lastOf(append(b.questions, q.ID))
	}
}

func lastOf(ids []uint64) []uint64 { return ids[max(0, len(ids)-kept):] }

// look returns the board as it stands.
func (h *heardIn) look() board {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.board
}
