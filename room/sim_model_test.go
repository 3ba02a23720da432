package room_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/wire"
)

// simModel is a class as its log tells it: an independent and naive account of
// docs/protocol.md, which shares no code with package room. It reads the
// records as they lie in the simulated store, decrypts what is personal, and
// says for each record what each audience is shown of it.
type simModel struct {
	id   wire.RoomID
	keep int
	key  func(wire.UserID) []byte
	bad  func(format string, args ...any) // a record that no room may write

	seq      uint64
	at       int64
	late     bool // the record was written later than it is dated
	title    string
	phase    string
	started  int64
	ended    int64
	slow     int
	stage    simStage
	people   map[string]*simPerson
	chat     []simMessage
	hands    []string
	board    map[uint64]*simQuestion
	pinned   uint64
	focus    uint64
	polls    map[uint64]*simPoll
	prepared map[uint64]simQuiz
	run      *simRun
	past     []any // quizzes that are over, but for the last
	acts     []map[string]any
	surveys  map[uint64]*simSurvey
	pulse    []map[string]any // of this class

	views [2][]simView             // for viewers and staff, by number
	moves map[string][]simMove     // when somebody's audience changed or they were banned
	yous  map[string][]simAnnotate // what "you" of each person was, from a position on
	keys  map[string]uint64        // user and key: position of the first event
	still [2]simAnnotate           // the last snapshot that was compared
}

type (
	simStage struct {
		By      string
		Since   int64
		Sources []string
	}
	simPerson struct {
		Name, Role, Granted string
		Here                bool
		Muted, Banned       int64
		Since, Attended     int64
	}
	simMessage struct {
		ID   uint64
		By   string
		At   int64
		Text string
		To   uint64
	}
	simQuestion struct {
		simMessage
		Up       map[string]bool
		Answered bool
		Aside    bool
		Labels   []string
		Answers  []simMessage // To: the answer that it replies to
	}
	simPoll struct {
		ID      uint64
		Text    string
		Choices []string
		Max     int
		Hidden  bool
		Phase   string
		At      int64
		Votes   map[string][]int
		// Of the newer kinds.
		Kind     string
		Shown    string
		Secret   bool
		Stars    int
		Words    int
		Revealed bool
		Given    map[string]simGiven
		Removed  map[string]bool
	}
	// simGiven is what somebody gave in a poll in which nothing is picked.
	simGiven struct {
		Value float64
		Order []int
		Text  string
		Seq   uint64
		Words []string // as written
		Count []string // as counted
	}
	simQuiz struct {
		Title     string
		Questions []simQuizQuestion
	}
	simQuizQuestion struct {
		Text            string
		Choices         []string
		Correct         []int
		Points, Seconds int
	}
	simAnswer struct {
		Question int
		Choices  []int
		At       int64
		Right    bool
		Points   int
	}
	simRun struct {
		ID uint64
		simQuiz
		Phase               string
		Question            int
		Asked, Till, Closed int64
		Stood               [][2]int64 // when the clock stood still; 0: it still does
		Players             map[string][]simAnswer
		Score               map[string]int
		Reached             map[string]int64
		Rank                map[string]int
		Board               []map[string]any
	}
	// simView is a numbered view: its type and data as canonical JSON.
	simView struct {
		seq        uint64
		at         int64
		kind, data string
		raw        string // as a server has sent it, and was right
		late       bool   // shown later than it is dated
	}
	// simMove: after a position, somebody belongs to another audience, and to
	// none until a time.
	simMove struct {
		seq   uint64
		staff bool
		out   int64 // -1: until further notice
	}
	simAnnotate struct {
		seq  uint64
		text string
	}
)

func newSimModel(id wire.RoomID, keep int, key func(wire.UserID) []byte, bad func(string, ...any)) *simModel {
	return &simModel{
		id: id, keep: keep, key: key, bad: bad, phase: "waiting",
		people: map[string]*simPerson{}, board: map[uint64]*simQuestion{}, polls: map[uint64]*simPoll{},
		prepared: map[uint64]simQuiz{}, moves: map[string][]simMove{}, yous: map[string][]simAnnotate{},
		keys: map[string]uint64{}, surveys: map[uint64]*simSurvey{},
	}
}

// simSealed is personal text in a record.
type simSealed struct {
	Owner wire.UserID `json:"owner"`
	Box   string      `json:"box"`
}

func (m *simModel) text(s simSealed) string {
	if s.Box == "" {
		return ""
	}
	box, err := base64.StdEncoding.DecodeString(s.Box)
	if err != nil || len(box) < 12 {
		m.bad("personal text of %s is damaged", s.Owner)
		return ""
	}
	block, err := aes.NewCipher(m.key(s.Owner))
	if err != nil {
		m.bad("no key of %s", s.Owner)
		return ""
	}
	gcm, _ := cipher.NewGCM(block)
	plain, err := gcm.Open(nil, box[:12], box[12:], []byte(s.Owner))
	if err != nil {
		m.bad("text of %s does not open: %v", s.Owner, err)
	}
	return string(plain)
}

func (m *simModel) texts(list []simSealed) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = m.text(s)
	}
	return out
}

// simData is the union of what records hold; one name never means two things.
type simData struct {
	Name     simSealed       `json:"name"`
	Role     string          `json:"role"`
	Quiet    bool            `json:"quiet"`
	Text     simSealed       `json:"text"`
	ReplyTo  uint64          `json:"reply_to"`
	Item     json.RawMessage `json:"item"` // a number, or a catalogue item
	User     string          `json:"user"`
	Title    json.RawMessage `json:"title"` // plain for a room, sealed for a quiz
	Sources  []string        `json:"sources"`
	Until    int64           `json:"until"`
	Seconds  int64           `json:"seconds"`
	Act      string          `json:"act"`
	Target   string          `json:"target"`
	Reason   simSealed       `json:"reason"`
	Question json.Number     `json:"question"`
	Aloud    bool            `json:"aloud"`
	Choices  json.RawMessage `json:"choices"` // sealed texts, or picks
	Max      int             `json:"max"`
	Hidden   bool            `json:"hidden"`
	Open     bool            `json:"open"`
	Poll     uint64          `json:"poll"`
	Quiz     uint64          `json:"quiz"`
	At       int64           `json:"at"`
	Right    json.RawMessage `json:"right"`
	Points   int             `json:"points"`
	Kind     string          `json:"kind"`
	Shown    string          `json:"shown"`
	Stars    int             `json:"stars"`
	Words    json.RawMessage `json:"words"` // how many one may give, or sealed texts
	Value    float64         `json:"value"`
	Counted  []struct {
		Text simSealed `json:"text"`
	} `json:"counted"`
	Places []struct {
		By string `json:"by"`
		N  int    `json:"n"`
	} `json:"places"`
	Whose     []string `json:"whose"`
	Secret    bool     `json:"secret"`
	Hash      string   `json:"hash"`
	Users     []string `json:"users"`
	Labels    []string `json:"labels"`
	Answer    uint64   `json:"answer"`
	Extended  int64    `json:"by"` // milliseconds
	Questions []struct {
		Text    simSealed   `json:"text"`
		Choices []simSealed `json:"choices"`
		Correct []int       `json:"correct"`
		Points  int         `json:"points"`
		Seconds int         `json:"seconds"`
	} `json:"questions"`
}

func simDecode[T any](m *simModel, raw json.RawMessage) (v T) {
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &v); err != nil {
			m.bad("record %d: %v in %s", m.seq, err, raw)
		}
	}
	return v
}

// add folds the next record.
func (m *simModel) add(r room.Record) {
	if r.Seq != m.seq+1 {
		m.bad("record %d follows %d", r.Seq, m.seq)
	}
	if int64(r.At) < m.at {
		m.bad("record %d runs backwards in time", r.Seq)
	}
	m.seq, m.at = r.Seq, int64(r.At)
	if r.Key != "" {
		m.once(string(r.By)+" "+r.Key, r.Seq)
	}
	var d simData
	if err := json.Unmarshal(r.Data, &d); err != nil {
		m.bad("record %d: %v in %s", r.Seq, err, r.Data)
		return
	}
	// What a room says first when it is opened, that nothing is on air and who
	// has left, is dated at the end of its log, and said when the store takes it.
	m.late = r.Kind == "stage.set" && r.By == wire.System.User || r.Kind == "hand.lowered" && r.Key == "" && d.User == string(r.By)
	touched := map[string]bool{string(r.By): true}
	m.fold(r, d, string(r.By), touched)
	for user := range touched {
		if m.people[user] == nil {
			continue
		}
		text := simJSON(m.you(user))
		if list := m.yous[user]; len(list) == 0 || list[len(list)-1].text != text {
			m.yous[user] = append(list, simAnnotate{m.seq, text})
		}
	}
}

// once notes where a command was carried out.
func (m *simModel) once(name string, seq uint64) {
	if first, twice := m.keys[name]; twice {
		m.bad("command %s was carried out twice, at %d and %d", name, first, seq)
	}
	m.keys[name] = seq
}

func (m *simModel) show(kind string, data any) { m.showBoth(kind, data, data) }

func (m *simModel) showBoth(kind string, all, staff any) {
	m.views[0] = append(m.views[0], simView{m.seq, m.at, kind, simJSON(all), "", m.late})
	m.views[1] = append(m.views[1], simView{m.seq, m.at, kind, simJSON(staff), "", m.late})
}

func (m *simModel) showStaff(kind string, data any) {
	m.views[1] = append(m.views[1], simView{m.seq, m.at, kind, simJSON(data), "", m.late})
}

// move notes a change of audience. The fact and its audit entry are one
// command: the old audience still hears both.
func (m *simModel) move(user string, out int64) {
	m.moves[user] = append(m.moves[user], simMove{m.seq + 1, simStaff(m.role(user)), out})
}

func (m *simModel) fold(r room.Record, d simData, by string, touched map[string]bool) {
	at := int64(r.At)
	if p := m.people[by]; r.By != wire.System.User && r.Kind != "room.entered" && r.Kind != "room.left" {
		if p == nil {
			m.bad("%s by %s, who never came in", r.Kind, by)
			return
		}
		if r.Key != "" && (p.Banned == -1 || p.Banned > at) {
			m.bad("%s at %d by %s, who is banned", r.Kind, r.Seq, by)
		}
		if simStaffOnly[r.Kind] && !simStaff(m.role(by)) {
			m.bad("%s at %d by %s, who is a viewer", r.Kind, r.Seq, by)
		}
	}
	switch r.Kind {
	case "room.entered":
		p := m.people[by]
		if p == nil {
			p = &simPerson{}
			m.people[by] = p
		}
		if p.Banned == -1 || p.Banned > at {
			m.bad("%s came in at %d though banned", by, r.Seq)
		}
		p.Name, p.Role = m.text(d.Name), d.Role
		if !p.Here && !d.Quiet {
			p.Here, p.Since = true, at
		}
		m.moves[by] = append(m.moves[by], simMove{m.seq, simStaff(m.role(by)), 0})
	case "room.left":
		m.goes(m.people[by], at)
		m.lower(by)
	case "room.stayed", "suggest.clicked", "suggest.dismissed":
	case "chat.said":
		if p := m.people[by]; p.Muted == -1 || p.Muted > at {
			m.bad("%s said something at %d though muted", by, r.Seq)
		}
		msg := simMessage{m.seq, by, at, m.text(d.Text), d.ReplyTo}
		m.chat = append(m.chat, msg)
		m.chat = m.chat[max(0, len(m.chat)-m.keep):]
		m.show("chat.said", m.message(msg))
	case "chat.deleted":
		item := simDecode[uint64](m, d.Item)
		m.chat = slices.DeleteFunc(slices.Clone(m.chat), func(x simMessage) bool { return x.ID == item })
		m.show("chat.deleted", map[string]any{"id": item})
	case "hand.raised":
		m.hands = append(m.hands, by)
		m.show("hand.raised", m.person(by))
	case "hand.lowered":
		m.lower(d.User)
		touched[d.User] = true
		m.show("hand.lowered", map[string]any{"id": d.User})
	case "room.opened":
		m.phase, m.started, m.ended, m.pulse = "live", at, 0, nil
		for user, p := range m.people {
			p.Attended, touched[user] = 0, true
		}
		m.show("room.opened", m.phases())
	case "room.ended":
		m.phase, m.ended, m.stage = "ended", at, simStage{}
		for user := range m.people {
			touched[user] = true
		}
		m.hands = nil
		m.show("room.ended", m.phases())
	case "room.titled":
		m.title = simDecode[string](m, d.Title)
		m.show("room.changed", map[string]any{"title": m.title})
	case "role.set":
		m.people[d.User].Granted = d.Role
		touched[d.User] = true
		m.show("role.changed", m.person(d.User))
		m.move(d.User, 0)
	case "stage.set":
		since := at
		if len(m.stage.Sources) > 0 {
			since = m.stage.Since
		}
		if m.stage = (simStage{}); len(d.Sources) > 0 {
			m.stage = simStage{by, since, d.Sources}
		}
		m.show("stage.changed", m.stageView())
	case "mod.muted":
		m.people[d.User].Muted = d.Until
		touched[d.User] = true
	case "mod.banned":
		p := m.people[d.User]
		if p.Banned = d.Until; d.Until != 0 {
			m.goes(p, at)
			m.lower(d.User)
		}
		m.move(d.User, d.Until)
		touched[d.User] = true
	case "mod.slowed":
		m.slow = int(d.Seconds)
		m.show("room.slowed", map[string]any{"slow": m.slow})
	case "mod.acted":
		act := map[string]any{
			"seq": m.seq, "at": at, "by": m.person(by), "act": d.Act, "target": nil,
			"item": simDecode[uint64](m, d.Item), "reason": m.text(d.Reason), "seconds": d.Seconds,
		}
		if d.Target != "" {
			act["target"] = m.person(d.Target)
		}
		m.acts = append(m.acts, act)
		m.showStaff("mod.acted", act)
	case "room.noted": // a command that had nothing to change
	default:
		if !m.foldSurvey(r, by, touched) && !m.foldBallot(r, d, touched) && !m.foldBoard(r, d, by, touched) && !m.foldPoll(r, d, by, touched) && !m.foldQuiz(r, d, by, touched) {
			m.bad("a record of unknown kind %s", r.Kind)
		}
	}
}

// simStaffOnly are the facts that only the staff may bring about.
var simStaffOnly = map[string]bool{
	"room.opened": true, "room.ended": true, "room.titled": true, "role.set": true, "stage.set": true,
	"mod.muted": true, "mod.banned": true, "mod.slowed": true, "mod.acted": true, "chat.deleted": true,
	"qa.answered": true, "qa.pinned": true, "qa.unpinned": true, "qa.deleted": true,
	"poll.created": true, "poll.edited": true, "poll.opened": true, "poll.closed": true, "poll.dropped": true,
	"poll.revealed": true, "poll.removed": true, "qa.focused": true, "qa.labelled": true, "qa.dismissed": true, "qa.restored": true,
	"qa.replied": true, "quiz.paused": true, "quiz.resumed": true, "quiz.extended": true,
	"survey.created": true, "survey.edited": true, "survey.opened": true, "survey.closed": true, "survey.dropped": true, "survey.revealed": true,
	"quiz.created": true, "quiz.edited": true, "quiz.dropped": true, "quiz.asked": true, "quiz.closed": true,
	"quiz.revealed": true, "quiz.finished": true,
}

func simStaff(role string) bool { return role == "moderator" || role == "host" }

func (m *simModel) lower(user string) {
	m.hands = slices.DeleteFunc(slices.Clone(m.hands), func(u string) bool { return u == user })
}

// role is what somebody is by their token, or by the host's word.
func (m *simModel) role(user string) string {
	p := m.people[user]
	switch {
	case p == nil:
		return "viewer"
	case p.Role == "host" || p.Granted == "":
		return p.Role
	}
	return p.Granted
}

// audience is to whom somebody belonged when a view was shown that was heard at
// a time: the staff or the viewers, or neither.
func (m *simModel) audience(user string, v simView, heard int64) (staff, out bool) {
	at := v.at
	if v.late {
		at = heard
	}
	for _, x := range m.moves[user] {
		if x.seq < v.seq {
			staff, out = x.staff, x.out == -1 || x.out > at
		}
	}
	return staff, out
}
