package qa_test

import (
	"cmp"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// paper is a question as a patient person would keep it on a slip of paper.
type paper struct {
	id        uint64
	by        wire.UserID
	at        wire.Millis
	text      string
	anonymous bool
	pile      string // board, waiting, rejected, dismissed, merged
	into      *paper // of a merged one: it is stuck to another
	voters    map[wire.UserID]bool
	labels    []string
	answered  bool
	answers   []answer
}

type answer struct {
	id     uint64
	by     wire.UserID
	at     wire.Millis
	text   string
	to     uint64
	expert bool
}

// board predicts what becomes of every command.
type board struct {
	papers  []*paper // oldest first
	pinned  *paper
	focus   *paper
	hold    bool
	experts map[wire.UserID]bool
}

// top is the paper that a slip is stuck to, or itself.
func (m *paper) top() *paper {
	for m.into != nil {
		m = m.into
	}
	return m
}

func (b *board) raw(id uint64) *paper {
	for _, m := range b.papers {
		if m.id == id {
			return m
		}
	}
	return nil
}

// find is what somebody means by an id: they see no more than they may.
func (b *board) find(id uint64, staff bool) *paper {
	m := b.raw(id)
	if m == nil {
		return nil
	}
	m = m.top()
	if m.pile == "rejected" || m.pile == "waiting" && !staff {
		return nil
	}
	return m
}

// holding returns the question that has this written answer.
func (b *board) holding(id uint64) *paper {
	for _, m := range b.papers {
		if slices.ContainsFunc(m.answers, func(a answer) bool { return a.id == id }) {
			return m
		}
	}
	return nil
}

func (b *board) waiting(user wire.UserID) int {
	n := 0
	for _, m := range b.papers {
		if m.by == user && !m.answered && (m.pile == "board" || m.pile == "waiting") {
			n++
		}
	}
	return n
}

func (b *board) stuck(to *paper) []*paper {
	var under []*paper
	for _, m := range b.papers {
		if m.into != nil && m.top() == to {
			under = append(under, m)
		}
	}
	return under
}

// outcome is the code that a command must be refused with, and whether things
// are already as it wants them.
func (b *board) outcome(by wire.Actor, c qa.Command) (refusal string, idle bool) {
	staff := by.Role.Staff()
	// on says what is wrong with an id of something that must lie on a pile.
	on := func(id uint64, pile string) (*paper, string) {
		m := b.find(id, staff)
		switch {
		case m == nil:
			return nil, "wire.not_found"
		case pile != "" && m.pile != pile:
			return nil, "qa.state"
		}
		return m, ""
	}
	about := func(id uint64, idle func(*paper) bool) (string, bool) {
		m, refusal := on(id, "board")
		return refusal, refusal == "" && idle(m)
	}
	switch c := c.(type) {
	case qa.Ask:
		if b.waiting(by.User) >= qa.MaxWaiting {
			return "qa.waiting", false
		}
		return "", false
	case qa.Upvote:
		return about(c.Question, func(m *paper) bool { return m.by == by.User || m.voters[by.User] })
	case qa.Unvote:
		return about(c.Question, func(m *paper) bool { return !m.voters[by.User] })
	case qa.Answer:
		if !staff && (c.Text == "" || !b.experts[by.User]) {
			return "auth.forbidden", false
		}
		if m, refusal := on(c.Question, "board"); refusal != "" || c.Text == "" {
			return refusal, refusal == "" && m.answered && b.focus != m
		} else if len(m.answers) >= qa.MaxAnswers {
			return "qa.answers", false
		}
		return "", false
	case qa.Reply:
		if !staff && !b.experts[by.User] {
			return "auth.forbidden", false
		}
		id := c.Question
		if h := b.holding(c.Answer); id == 0 && h != nil {
			id = h.id
		}
		m, refusal := on(id, "board")
		switch {
		case refusal != "":
			return refusal, false
		case c.Answer != 0 && b.holding(c.Answer) != m:
			return "wire.not_found", false
		case len(m.answers) >= qa.MaxAnswers:
			return "qa.answers", false
		}
		return "", false
	}
	if !staff {
		return "auth.forbidden", false
	}
	moves := func(id uint64, from, to string) (string, bool) {
		m, refusal := on(id, "")
		switch {
		case refusal != "" || m.pile == to:
			return refusal, refusal == ""
		case m.pile != from:
			return "qa.state", false
		}
		return "", false
	}
	switch c := c.(type) {
	case qa.Label:
		m, refusal := on(c.Question, "")
		return refusal, refusal == "" && slices.Equal(m.labels, c.Labels)
	case qa.Pin:
		return about(c.Question, func(m *paper) bool { return b.pinned == m })
	case qa.Unpin:
		m, refusal := on(c.Question, "")
		return refusal, refusal == "" && b.pinned != m
	case qa.Focus:
		if c.Question == 0 {
			return "", b.focus == nil
		}
		return about(c.Question, func(m *paper) bool { return b.focus == m })
	case qa.Dismiss:
		return moves(c.Question, "board", "dismissed")
	case qa.Restore:
		return moves(c.Question, "dismissed", "board")
	case qa.Approve:
		return moves(c.Question, "waiting", "board")
	case qa.Reject:
		return moves(c.Question, "waiting", "rejected")
	case qa.Hold:
		return "", b.hold == c.On
	case qa.Expert:
		if by.Role != wire.Host {
			return "auth.forbidden", false
		}
		return "", b.experts[c.User] == c.On
	case qa.Merge:
		into, refusal := on(c.Into, "board")
		if refusal != "" {
			return refusal, false
		}
		from, refusal := on(c.From, "")
		switch {
		case refusal != "":
			return refusal, false
		case from == into && c.From == c.Into:
			return "wire.field", false
		case from == into:
			return "", true
		case len(from.answers)+len(into.answers) > qa.MaxAnswers:
			return "qa.answers", false
		}
		return "", false
	case qa.Delete:
		if m := b.raw(c.Item); b.holding(c.Item) == nil && (m == nil || m.into != nil || m.pile == "rejected") {
			return "wire.not_found", false
		}
	}
	return "", false
}

// change does what a command does that is neither refused nor idle. next is
// the position of its first event.
func (b *board) change(by wire.Actor, c qa.Command, next uint64, at wire.Millis) {
	see := func(id uint64) *paper { return b.find(id, by.Role.Staff()) }
	expert := !by.Role.Staff()
	switch c := c.(type) {
	case qa.Ask:
		m := &paper{id: next, by: by.User, at: at, text: c.Text, anonymous: c.Anonymous, pile: "board", voters: map[wire.UserID]bool{}}
		if b.hold && !by.Role.Staff() {
			m.pile = "waiting"
		}
		b.papers = append(b.papers, m)
	case qa.Upvote:
		see(c.Question).voters[by.User] = true
	case qa.Unvote:
		delete(see(c.Question).voters, by.User)
	case qa.Answer:
		m := see(c.Question)
		if m.answered = true; c.Text != "" {
			m.answers = append(m.answers, answer{next, by.User, at, c.Text, 0, expert})
		} else if b.focus == m {
			b.focus = nil
		}
	case qa.Reply:
		m := b.holding(c.Answer)
		if m == nil || c.Question != 0 {
			m = see(c.Question)
		}
		m.answers = append(m.answers, answer{next, by.User, at, c.Text, c.Answer, expert})
	case qa.Label:
		m := see(c.Question)
		if m.labels = c.Labels; len(c.Labels) == 0 {
			m.labels = nil
		}
	case qa.Pin:
		b.pinned = see(c.Question)
	case qa.Unpin:
		b.pinned = nil
	case qa.Focus:
		b.focus = see(c.Question)
	case qa.Dismiss:
		b.away(see(c.Question), "dismissed")
	case qa.Restore:
		see(c.Question).pile = "board"
	case qa.Approve:
		see(c.Question).pile = "board"
	case qa.Reject:
		b.away(see(c.Question), "rejected")
	case qa.Hold:
		b.hold = c.On
	case qa.Expert:
		if b.experts == nil {
			b.experts = map[wire.UserID]bool{}
		}
		b.experts[c.User] = c.On
	case qa.Merge:
		b.merge(see(c.From), see(c.Into))
	case qa.Delete:
		if m := b.holding(c.Item); m != nil {
			m.answers = slices.DeleteFunc(m.answers, func(a answer) bool { return a.id == c.Item })
			return
		}
		m := b.raw(c.Item)
		gone := append(b.stuck(m), m)
		b.away(m, "")
		b.papers = slices.DeleteFunc(b.papers, func(m *paper) bool { return slices.Contains(gone, m) })
	}
}

// away takes a paper off the board.
func (b *board) away(m *paper, pile string) {
	if m.pile = pile; b.pinned == m {
		b.pinned = nil
	}
	if b.focus == m {
		b.focus = nil
	}
}

func (b *board) merge(from, into *paper) {
	maps.Copy(into.voters, from.voters)
	delete(into.voters, into.by) // who would vote for their own question
	into.answers = append(into.answers, from.answers...)
	slices.SortFunc(into.answers, func(a, b answer) int { return cmp.Compare(a.id, b.id) })
	into.answered = into.answered || from.answered
	for _, label := range from.labels {
		if !slices.Contains(into.labels, label) && len(into.labels) < qa.MaxLabels {
			into.labels = append(slices.Clone(into.labels), label)
		}
	}
	if b.pinned == from {
		b.pinned = into
	}
	if b.focus == from {
		b.focus = into
	}
	from.pile, from.into, from.voters, from.answers = "merged", into, nil, nil
}

func (b *board) view(m *paper) qa.QuestionView {
	v := qa.QuestionView{
		ID: m.id, By: who(m.by), Anonymous: m.anonymous, Text: m.text, At: m.at, Votes: len(m.voters),
		Pinned: b.pinned == m, Focus: b.focus == m, Answered: m.answered, State: m.pile, Labels: m.labels,
		IsQuestion: text.IsQuestion(m.text),
	}
	if m.anonymous {
		v.By = wire.Person{Role: wire.Viewer}
	}
	if m.pile == "board" {
		if v.State = "open"; m.answered {
			v.State = "answered"
		}
	}
	for _, under := range b.stuck(m) {
		v.Merged = append(v.Merged, under.id)
	}
	for _, a := range m.answers {
		v.Answers = append(v.Answers, qa.ReplyView{ID: a.id, By: who(a.by), Text: a.text, At: a.at, Answer: a.to, Expert: a.expert})
	}
	return v
}

// snapshot puts first what is being answered, then the pinned one, then those
// that wait for an answer by their votes, then the answered ones and those set
// aside, newest first; and for the staff what waits for approval.
func (b *board) snapshot(staff bool) []qa.QuestionView {
	var first, pinned, open, answered, aside, held []*paper
	for _, m := range b.papers {
		switch {
		case m.pile == "rejected" || m.pile == "merged":
		case m.pile == "waiting":
			if staff {
				held = append(held, m)
			}
		case m == b.focus:
			first = append(first, m)
		case m == b.pinned:
			pinned = append(pinned, m)
		case m.pile == "dismissed":
			aside = append(aside, m)
		case !m.answered:
			open = append(open, m)
		default:
			answered = append(answered, m)
		}
	}
	slices.SortStableFunc(open, func(a, b *paper) int { return cmp.Compare(len(b.voters), len(a.voters)) })
	slices.Reverse(answered)
	slices.Reverse(aside)
	out := []qa.QuestionView{}
	for _, m := range slices.Concat(first, pinned, open, answered, aside, held) {
		out = append(out, b.view(m))
	}
	return out
}

// own is what concerns one asker alone.
func (b *board) own(user wire.UserID) qa.OwnView {
	var v qa.OwnView
	for _, m := range b.papers {
		switch {
		case m.by != user:
		case m.pile == "waiting" || m.pile == "rejected":
			v.Held = append(v.Held, b.view(m))
		case m.anonymous || m.pile == "merged":
			v.Asked = append(v.Asked, m.id)
		}
	}
	return v
}

// showing is who sees what of a command: the types of all, of the staff and
// of the personal views.
func (b *board) showing(c qa.Command, by wire.Actor, seq uint64, before board) []shown {
	data := func(m *paper) any { return b.view(m) }
	see := func(id uint64) *paper { return b.find(id, true) }
	var out []shown
	switch c := c.(type) {
	case qa.Ask:
		m := b.raw(seq)
		v := shown{kind: "qa.asked", data: data(m), staffOnly: m.pile == "waiting"}
		if m.anonymous || m.pile == "waiting" {
			v.to = m.by
		}
		out = append(out, v)
	case qa.Upvote, qa.Unvote:
		out = append(out, shown{})
	case qa.Answer:
		m := see(c.Question)
		v := qa.AnsweredView{Question: m.id, Answered: true}
		if c.Text != "" {
			answers := b.view(m).Answers
			v.Answer = &answers[len(answers)-1]
			return []shown{{kind: "qa.answered", data: v}}
		}
		if !before.raw(m.id).answered {
			out = append(out, shown{kind: "qa.answered", data: v})
		}
		if before.focus == before.raw(m.id) {
			out = append(out, shown{kind: "qa.focused", data: qa.PinnedView{}})
		}
	case qa.Reply:
		m := b.holding(seq)
		answers := b.view(m).Answers
		out = append(out, shown{kind: "qa.replied", data: qa.RepliedView{Question: m.id, Answer: answers[len(answers)-1]}})
	case qa.Label:
		m := see(c.Question)
		v := shown{kind: "qa.changed", data: data(m), staffOnly: m.pile == "waiting"}
		if v.staffOnly {
			v.to = m.by
		}
		out = append(out, v)
	case qa.Dismiss:
		out = append(out, shown{kind: "qa.changed", data: data(see(c.Question))})
	case qa.Restore:
		out = append(out, shown{kind: "qa.changed", data: data(see(c.Question))})
	case qa.Approve:
		out = append(out, shown{kind: "qa.asked", data: data(see(c.Question)), to: see(c.Question).by})
	case qa.Reject:
		out = append(out, shown{kind: "qa.deleted", data: qa.DeletedView{ID: c.Question}, staffOnly: true, to: b.raw(c.Question).by})
	case qa.Merge:
		from := before.raw(c.From).top()
		into := b.raw(from.id).top()
		out = append(out, shown{kind: "qa.merged", data: qa.MergedView{From: from.id, Into: b.view(into)}, to: from.by})
	case qa.Hold:
		out = append(out, shown{kind: "qa.held", data: qa.HeldView{Hold: c.On}})
	case qa.Expert:
		experts := []wire.Person{}
		for _, user := range slices.Sorted(maps.Keys(b.experts)) {
			if b.experts[user] {
				experts = append(experts, who(user))
			}
		}
		out = append(out, shown{kind: "qa.experts", data: qa.ExpertsView{Experts: experts}})
	case qa.Focus:
		var v qa.PinnedView
		if b.focus != nil {
			v.Question = b.focus.id
		}
		out = append(out, shown{kind: "qa.focused", data: v})
	case qa.Pin, qa.Unpin:
		var v qa.PinnedView
		if b.pinned != nil {
			v.Question = b.pinned.id
		}
		out = append(out, shown{kind: "qa.pinned", data: v})
	case qa.Delete:
		v := shown{kind: "qa.deleted", data: qa.DeletedView{ID: c.Item}}
		if m := before.raw(c.Item); m != nil {
			if v.staffOnly = m.pile == "waiting"; v.staffOnly || m.anonymous {
				v.to = m.by
			}
		}
		out = append(out, v)
	}
	return out
}

// shown is one event's view, for whom it is, and who is told of their own.
type shown struct {
	kind      string
	data      any
	staffOnly bool
	to        wire.UserID
}

// clone copies a board, so that what it was can be asked for later.
func (b *board) clone() board {
	c := board{hold: b.hold, experts: maps.Clone(b.experts)}
	copies := map[*paper]*paper{}
	for _, m := range b.papers {
		n := *m
		n.voters, n.answers = maps.Clone(m.voters), slices.Clone(m.answers)
		copies[m] = &n
		c.papers = append(c.papers, &n)
	}
	for _, m := range c.papers {
		m.into = copies[m.into]
	}
	c.pinned, c.focus = copies[b.pinned], copies[b.focus]
	return c
}

func drawCommand(t *rapid.T, b *board) qa.Command {
	known := func(name string) (uint64, uint64) {
		id := uint64(rapid.IntRange(0, 3).Draw(t, "stray"))
		item := id
		if len(b.papers) > 0 && rapid.IntRange(0, 9).Draw(t, "known "+name) > 0 {
			m := rapid.SampledFrom(b.papers).Draw(t, name)
			id, item = m.id, m.id
			if len(m.answers) > 0 && rapid.Bool().Draw(t, "an answer") {
				item = rapid.SampledFrom(m.answers).Draw(t, "answer").id
			}
		}
		return id, item
	}
	id, item := known("question")
	words := rapid.StringMatching(`[a-z中]{1,6}[?？]?`)
	on := rapid.Bool()
	switch rapid.SampledFrom([]string{
		"ask", "ask", "upvote", "upvote", "upvote", "unvote", "answer", "aloud", "reply", "label", "pin", "unpin", "focus", "focus",
		"dismiss", "restore", "hold", "approve", "approve", "reject", "merge", "merge", "expert", "delete",
	}).Draw(t, "command") {
	case "ask":
		return qa.Ask{Text: words.Draw(t, "text"), Anonymous: on.Draw(t, "anonymous")}
	case "upvote":
		return qa.Upvote{Question: id}
	case "unvote":
		return qa.Unvote{Question: id}
	case "answer":
		return qa.Answer{Question: id, Text: words.Draw(t, "text")}
	case "aloud":
		return qa.Answer{Question: id}
	case "reply":
		c := qa.Reply{Question: id, Text: words.Draw(t, "text")}
		if item != id {
			c.Answer = item
			if on.Draw(t, "by the answer alone") {
				c.Question = 0
			}
		}
		return c
	case "label":
		return qa.Label{Question: id, Labels: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"go", "天", "x"}), 0, 3, rapid.ID).Draw(t, "labels")}
	case "pin":
		return qa.Pin{Question: id}
	case "unpin":
		return qa.Unpin{Question: id}
	case "focus":
		return qa.Focus{Question: id}
	case "dismiss":
		return qa.Dismiss{Question: id}
	case "restore":
		return qa.Restore{Question: id}
	case "hold":
		return qa.Hold{On: on.Draw(t, "on")}
	case "approve":
		return qa.Approve{Question: id}
	case "reject":
		return qa.Reject{Question: id}
	case "merge":
		into, _ := known("into")
		return qa.Merge{From: id, Into: into}
	case "expert":
		return qa.Expert{User: rapid.SampledFrom([]wire.UserID{ana.User, ben.User}).Draw(t, "expert"), On: on.Draw(t, "on")}
	}
	return qa.Delete{Item: item}
}
