package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/lyceum-live/lyceum/wire"
)

// habits are the times of the browser's client (static/client/connection.js).
type habits struct {
	ping    time.Duration // of sending nothing, until a ping
	answer  time.Duration // of hearing nothing after a ping, until the socket is given up
	welcome time.Duration // from dialling to being welcome
	settled time.Duration // open for so long: the next loss begins with a short wait again
	first   time.Duration // the longest first wait
	most    time.Duration // the longest wait of all
}

var usual = habits{
	ping: 20 * time.Second, answer: 10 * time.Second, welcome: 15 * time.Second,
	settled: 10 * time.Second, first: time.Second, most: 30 * time.Second,
}

// person is somebody in a class, with a client that behaves as the browser's.
type person struct {
	*diary
	addr   string // of the server or of a relay before it
	admin  bool   // at the moderators' socket
	token  string
	habits habits
	choke  *choke // nil: reads as fast as it can
	line   func(network, addr string, c syscall.RawConn) error
	room   *heardIn
	chance *rand.Rand                         // of run alone
	hears  func(kind string, data []byte)     // if set: numbered views and signals, as they come
	back   func(resumed bool, lost time.Time) // if set: a welcome, and when the socket before it was lost

	mu       sync.Mutex
	ws       *websocket.Conn // nil until welcome
	visit    *visit
	openedAt time.Time
	sentAt   time.Time
	id       uint64
	asked    map[uint64]*wish // on this socket
	queries  map[uint64]chan message
	waiting  []*wish // without an answer, oldest first
	epoch    string
	seq      uint64
	floor    uint64 // a resumed welcome's position: the first view after it may follow this
	ended    error  // turned away for good
	gains    int
}

// join writes somebody into the history. run brings them into the class.
func (h *history) join(s *server, id wire.RoomID, user wire.UserID, role wire.Role, token string, seed uint64) *person {
	d := &diary{user: user, room: id, role: role, direct: true}
	h.who = append(h.who, d)
	return &person{
		diary: d, addr: s.addr, token: token, habits: usual, room: h.rooms[id],
		chance: rand.New(rand.NewPCG(seed, sumOfText(string(user)))),
		asked:  map[uint64]*wish{}, queries: map[uint64]chan message{},
	}
}

// sumOfText is the same in every run, as seeds must be.
func sumOfText(s string) (sum uint64) {
	for _, b := range []byte(s) {
		sum = (sum ^ uint64(b)) * 1099511628211 // FNV-1a
	}
	return sum
}

// run stays in the class until ctx ends or the server says not to come back.
func (p *person) run(ctx context.Context) {
	tries := 0
	var lost time.Time
	for {
		again := p.stay(ctx, lost)
		lost = time.Now()
		p.mu.Lock()
		if !p.openedAt.IsZero() && time.Since(p.openedAt) >= p.habits.settled {
			tries = 0
		}
		p.ws, p.openedAt = nil, time.Time{}
		clear(p.asked)
		if !again && ctx.Err() == nil {
			p.ended = fmt.Errorf("%s was turned away", p.user)
		}
		p.mu.Unlock()
		if !again || ctx.Err() != nil {
			return
		}
		wait := min(p.habits.most, p.habits.first<<min(tries, 10))
		tries++
		if !pass(ctx, time.Duration(p.chance.Float64()*float64(wait))) {
			return
		}
	}
}

// stay is one socket, from dialling to its end. It reports whether to return.
func (p *person) stay(ctx context.Context, lost time.Time) (again bool) {
	socket := "socket"
	if p.admin {
		socket = "admin"
	}
	transport := &http.Transport{DialContext: p.dial}
	defer transport.CloseIdleConnections()
	dialling, stop := context.WithTimeout(ctx, p.habits.welcome)
	defer stop()
	ws, _, err := websocket.Dial(dialling, "ws://"+p.addr+"/v1/rooms/"+string(p.diary.room)+"/"+socket, &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, CompressionMode: websocket.CompressionDisabled,
		HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		return true
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(32 << 20)
	hello := map[string]any{"token": p.token, "lang": "en"}
	p.mu.Lock()
	p.id++
	id := p.id
	if p.epoch != "" {
		hello["after"] = map[string]any{"epoch": p.epoch, "seq": p.seq}
	}
	after := p.seq
	p.mu.Unlock()
	if ws.Write(dialling, websocket.MessageText, encode(map[string]any{"id": id, "type": "hello", "data": hello})) != nil {
		return true
	}
	life, end := context.WithCancel(ctx)
	defer end()
	late := time.AfterFunc(p.habits.welcome, end)
	defer late.Stop()
	heardAt := make(chan struct{}, 1)
	defer close(heardAt)
	for welcome := false; ; {
		_, frame, err := ws.Read(life)
		if err != nil {
			code := wire.CloseCode(websocket.CloseStatus(err))
			return code.Again()
		}
		select {
		case heardAt <- struct{}{}:
		default:
		}
		for _, m := range messagesOf(frame) {
			switch {
			case m.Re == id && !welcome:
				if m.Type != "welcome" {
					continue // the close code says what to do
				}
				welcome = true
				late.Stop()
				p.welcome(ws, m.Data, after, lost)
				go p.pulse(life, end, heardAt)
			case !p.message(m, after):
				return true
			}
		}
	}
}

// dial opens the connection below a socket.
func (p *person) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Control: p.line}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil || p.choke == nil {
		return c, err
	}
	return &chokedConn{Conn: c, choke: p.choke, closed: make(chan struct{})}, nil
}

// pulse sends a ping when nothing was sent for a while, and ends the socket if
// nothing at all is heard after it. It ends with the socket.
func (p *person) pulse(ctx context.Context, end func(), heard <-chan struct{}) {
	for {
		p.mu.Lock()
		quiet := p.habits.ping - time.Since(p.sentAt)
		p.mu.Unlock()
		if quiet > 0 {
			if !pass(ctx, quiet) {
				return
			}
			continue
		}
		select {
		case <-heard: // from before
		default:
		}
		p.query("ping", map[string]any{})
		answer := time.NewTimer(p.habits.answer)
		select {
		case _, ok := <-heard:
			answer.Stop()
			if !ok {
				return
			}
		case <-answer.C:
			end()
			return
		case <-ctx.Done():
			answer.Stop()
			return
		}
	}
}

type message struct {
	Re   uint64          `json:"re"`
	Seq  uint64          `json:"seq"`
	Prev uint64          `json:"prev"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// messagesOf reads a frame: a message or an array of them.
func messagesOf(frame []byte) []message {
	var all []message
	if len(frame) > 0 && frame[0] == '[' {
		_ = json.Unmarshal(frame, &all)
		return all
	}
	all = make([]message, 1)
	_ = json.Unmarshal(frame, &all[0])
	return all
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what the tests send is theirs
	}
	return b
}

// welcome begins a visit and repeats what was not answered.
func (p *person) welcome(ws *websocket.Conn, data []byte, after uint64, lost time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stand(data, after)
	p.ws, p.openedAt = ws, time.Now()
	for _, w := range p.waiting {
		p.send(w)
	}
	if p.back != nil {
		p.back(p.visit.resumed, lost)
	}
}

// stand notes where a welcome leaves this client. The caller holds mu.
func (p *person) stand(data []byte, after uint64) {
	var w struct {
		You     json.RawMessage `json:"you"`
		Epoch   string          `json:"epoch"`
		Seq     uint64          `json:"seq"`
		Resumed bool            `json:"resumed"`
		Room    json.RawMessage `json:"room"`
	}
	_ = json.Unmarshal(data, &w)
	staff := p.role.Staff()
	p.visit = &visit{staff: staff, resumed: w.Resumed, after: after, seq: w.Seq, epoch: w.Epoch, you: w.You}
	p.visits = append(p.visits, p.visit)
	if w.Resumed {
		p.floor = w.Seq
		return
	}
	p.epoch, p.seq, p.floor = w.Epoch, w.Seq, 0
	p.room.snap(staff, w.Seq, w.Room)
}

// message takes in one message. It returns false when a view is missing: the
// socket is then given up, and the next one asks for what came after the last.
func (p *person) message(m message, after uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Re != 0 {
		p.reply(m)
		return true
	}
	if p.visit == nil {
		return true
	}
	if p.hears != nil {
		p.hears(m.Type, m.Data)
	}
	switch {
	case m.Type == "welcome":
		p.stand(m.Data, after)
	case m.Seq != 0:
		h := p.room.see(p.visit.staff, m.Seq, m.Type, m.Data)
		h.prev = m.Prev
		p.visit.views = append(p.visit.views, h)
		if m.Seq <= p.seq {
			return true // the client passes over it; the checker does not
		}
		if m.Prev > p.seq && m.Prev != p.floor {
			return false
		}
		p.seq, p.floor = m.Seq, 0
	case m.Type == "poll.tally":
		p.room.count(m.Data)
	case m.Type == "points.balance":
		var b struct{ Balance int64 }
		if json.Unmarshal(m.Data, &b) == nil {
			if p.told = &b.Balance; p.visit.balance == nil {
				p.visit.balance = &b.Balance
			}
			p.gains++
		}
	case m.Type == "suggest.offered":
		var offer struct{ Items []struct{ ID string } }
		if json.Unmarshal(m.Data, &offer) == nil {
			for _, item := range offer.Items {
				p.once = append(p.once, item.ID)
			}
		}
	}
	return true
}

// here reports whether they are welcome now.
func (p *person) here() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ws != nil
}

// stays is how often they were welcome.
func (p *person) stays() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.visits)
}

// pending is how many wishes have no answer.
func (p *person) pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// at is the last number that they know.
func (p *person) at() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.seq, p.floor)
}

// rest notes that all has come that will come.
func (p *person) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.visit != nil && p.ws != nil {
		p.visit.full = true
	}
}
