package room_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Surveys and the pulse in the simulation: the model's account of them.

type (
	simSurvey struct {
		ID           uint64
		Title        string
		Items        []map[string]any
		When         string
		Anonymous    bool
		Hours        int
		Phase        string
		At, Until    int64
		Shown        string
		Answers      map[string]simFilled
		participated bool
	}
	// simFilled is what somebody answered: stars, and words if they like.
	simFilled struct {
		Stars int
		Words string
		Seq   uint64
	}
	// simForm is what records hold of surveys.
	simForm struct {
		Title simSealed `json:"title"`
		Items []struct {
			Type     string    `json:"type"`
			Text     simSealed `json:"text"`
			Required bool      `json:"required"`
		} `json:"items"`
		When      string   `json:"when"`
		Anonymous bool     `json:"anonymous"`
		Hours     int      `json:"hours"`
		Open      bool     `json:"open"`
		Until     int64    `json:"until"`
		Survey    uint64   `json:"survey"`
		Shown     string   `json:"shown"`
		Hash      string   `json:"hash"`
		Users     []string `json:"users"`
		Answers   []struct {
			Value int       `json:"value"`
			Text  simSealed `json:"text"`
		} `json:"answers"`
	}
)

const simSurveysShown = 10

// simSurveyKey is under which id the key of an anonymous survey is kept.
func simSurveyKey(id wire.RoomID, survey uint64) wire.UserID {
	return wire.UserID(fmt.Sprintf("survey.%s.%d", id, survey))
}

func (s *sim) drawSurvey() room.Command {
	c := survey.Create{Title: "How was it?", Items: []survey.Draft{{Type: survey.Stars, Text: "The class", Required: true}, {Type: survey.Text, Text: "Say"}}}
	c.Anonymous, c.Open = s.chance(500), s.chance(600)
	if s.chance(400) {
		c.When = survey.WhenEnd
	}
	return c
}

func (s *sim) drawFilled(id uint64) room.Command {
	stars := 1 + s.rand.IntN(5)
	c := survey.Answer{Survey: id, Answers: []*survey.Reply{{Value: &stars}, nil}}
	if s.chance(500) {
		c.Answers[1] = &survey.Reply{Text: fmt.Sprint("words ", s.rand.IntN(5))}
	}
	return c
}

// name is under what name somebody's answers are kept, and open whether they
// are still known to be theirs.
func (m *simModel) name(p *simSurvey, user string) (name string, open bool) {
	if !p.Anonymous {
		return user, true
	}
	return simHash(simSurveyKey(m.id, p.ID), user), p.Phase == "open"
}

// attended is for how long somebody was in the class that goes on, or was last.
func (m *simModel) attended(user string) int64 {
	p := m.people[user]
	if p == nil {
		return 0
	}
	return p.Attended + m.attends(p, m.ended)
}

func (m *simModel) attends(p *simPerson, at int64) int64 {
	if !p.Here || m.phase == "waiting" {
		return 0
	}
	if m.phase == "ended" {
		at = m.ended
	}
	return max(0, at-max(p.Since, m.started))
}

// goes lets somebody be gone.
func (m *simModel) goes(p *simPerson, at int64) {
	if p.Here {
		p.Attended += m.attends(p, at)
		p.Here = false
	}
}

func (m *simModel) foldSurvey(r room.Record, by string, touched map[string]bool) bool {
	var d simForm
	if r.Kind == "pulse.noted" {
		note := simDecode[map[string]any](m, json.RawMessage(r.Data))
		if note["at"] = int64(r.At); r.By != wire.System.User {
			m.bad("the pulse is noted at %d by %s", r.Seq, r.By)
		}
		m.pulse = append(m.pulse, note)
		m.showStaff("pulse.noted", note)
		return true
	}
	if len(r.Kind) < 7 || r.Kind[:7] != "survey." {
		return false
	}
	d = simDecode[simForm](m, json.RawMessage(r.Data))
	for user := range m.people {
		touched[user] = true // what they see is another survey
	}
	p := m.surveys[d.Survey]
	if r.Kind == "survey.created" {
		p = &simSurvey{ID: m.seq, Phase: "draft", At: int64(r.At)}
		m.surveys[m.seq] = p
	}
	if p == nil {
		m.bad("%s at %d of survey %d, which is not there", r.Kind, r.Seq, d.Survey)
		return true
	}
	switch r.Kind {
	case "survey.created", "survey.edited":
		if p.Phase != "draft" {
			m.bad("survey %d is edited at %d, and is %s", p.ID, r.Seq, p.Phase)
		}
		p.Title, p.When, p.Anonymous, p.Hours, p.Items = m.text(d.Title), d.When, d.Anonymous, d.Hours, nil
		for _, x := range d.Items {
			item := map[string]any{"type": x.Type, "text": m.text(x.Text)}
			if x.Required {
				item["required"] = true
			}
			p.Items = append(p.Items, item)
		}
		if d.Open {
			m.openSurvey(p, int64(r.At), d.Until)
		} else {
			m.showStaff("survey.drafted", m.survey(p, true))
		}
	case "survey.opened":
		m.openSurvey(p, int64(r.At), d.Until)
	case "survey.answered", "survey.balloted":
		m.fill(r, d, p, by)
	case "survey.closed":
		if p.Phase != "open" {
			m.bad("survey %d closed at %d, and was %s", p.ID, r.Seq, p.Phase)
		}
		p.Phase = "closed"
		m.showBoth("survey.closed", m.survey(p, false), m.survey(p, true))
	case "survey.participated":
		var took []string
		for user := range m.people {
			if name, _ := m.name(p, user); p.Answers[name].Seq != 0 {
				took = append(took, user)
			}
		}
		if slices.Sort(took); p.Phase != "closed" || !p.Anonymous || p.participated || !slices.Equal(took, d.Users) {
			m.bad("at %d %v took part in survey %d, and answers are of %v", r.Seq, d.Users, p.ID, took)
		}
		p.participated = true
	case "survey.revealed":
		if p.Phase != "closed" || p.Shown == "all" {
			m.bad("survey %d is shown at %d, and is %s, %s", p.ID, r.Seq, p.Phase, p.Shown)
		}
		p.Shown = d.Shown
		m.showBoth("survey.shown", m.survey(p, false), m.survey(p, true))
	case "survey.dropped":
		delete(m.surveys, p.ID)
		m.showStaff("survey.dropped", map[string]any{"survey": p.ID})
	default:
		return false
	}
	return true
}

// openSurvey opens a draft; what is open learns until when.
func (m *simModel) openSurvey(p *simSurvey, at, until int64) {
	if over := m.phase == "ended"; (until != 0) != over || over && until != at+int64(p.Hours)*3600_000 {
		m.bad("survey %d is open at %d until %d, and the class is %s", p.ID, at, until, m.phase)
	}
	if p.Until = until; p.Phase == "draft" {
		p.Phase, p.At, p.Answers = "open", at, map[string]simFilled{}
		if shown := m.surveysIn("open", "closed"); len(shown) > simSurveysShown {
			if i := slices.IndexFunc(shown, func(x *simSurvey) bool { return x.Phase == "closed" }); i >= 0 {
				delete(m.surveys, shown[i].ID)
			}
		}
	}
	m.showBoth("survey.opened", m.survey(p, false), m.survey(p, true))
}

// fill takes somebody's answers.
func (m *simModel) fill(r room.Record, d simForm, p *simSurvey, by string) {
	f := simFilled{d.Answers[0].Value, m.text(d.Answers[1].Text), r.Seq}
	owner := wire.UserID(by)
	if p.Anonymous {
		owner = simSurveyKey(m.id, p.ID) + ".words"
		hash := d.Hash
		by = ""
		for user := range m.people {
			if name, _ := m.name(p, user); name == hash {
				by = user
			}
		}
	}
	switch x := m.people[by]; {
	case p.Anonymous != (r.Kind == "survey.balloted") || p.Anonymous && r.By != wire.System.User:
		m.bad("%s at %d by %s in survey %d (anonymous: %t)", r.Kind, r.Seq, r.By, p.ID, p.Anonymous)
	case x == nil || simStaff(m.role(by)) || p.Phase != "open" || p.Until != 0 && int64(r.At) >= p.Until:
		m.bad("answers at %d by %q to survey %d, which does not take them", r.Seq, by, p.ID)
	case m.phase == "ended" && m.attended(by) == 0:
		m.bad("%s answers at %d, and was not in the class", by, r.Seq)
	case f.Stars < 1 || f.Stars > 5 || f.Words != "" && d.Answers[1].Text.Owner != owner:
		m.bad("answers %+v at %d, owned by %s", f, r.Seq, d.Answers[1].Text.Owner)
	case f.Words != "" && (x.Muted == -1 || x.Muted > int64(r.At)):
		m.bad("%s writes at %d though muted", by, r.Seq)
	}
	name, _ := m.name(p, by)
	p.Answers[name] = f
}

func (m *simModel) surveysIn(phases ...string) []*simSurvey {
	list := slices.SortedFunc(maps.Values(m.surveys), func(a, b *simSurvey) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID))
	})
	return slices.DeleteFunc(list, func(p *simSurvey) bool { return !slices.Contains(phases, p.Phase) })
}

// result is what came out, with or without people's words.
func (p *simSurvey) result(words bool) map[string]any {
	bars, sum, all, texts := make([]int, 5), 0.0, []float64{}, []string{}
	for _, name := range slices.SortedFunc(maps.Keys(p.Answers), func(a, b string) int {
		if p.Anonymous {
			return cmp.Compare(a, b)
		}
		return cmp.Compare(p.Answers[b].Seq, p.Answers[a].Seq)
	}) {
		f := p.Answers[name]
		bars[f.Stars-1]++
		sum += float64(f.Stars)
		if all = append(all, float64(f.Stars)); f.Words != "" {
			texts = append(texts, f.Words)
		}
	}
	stars, said := map[string]any{"n": len(all), "histogram": bars}, map[string]any{"n": len(texts)}
	if n := len(all); n > 0 {
		slices.Sort(all)
		stars["mean"], stars["median"] = sum/float64(n), (all[(n-1)/2]+all[n/2])/2
	}
	if words && len(texts) > 0 {
		said["texts"] = texts
	}
	return map[string]any{"n": len(all), "items": []any{stars, said}}
}

func (m *simModel) survey(p *simSurvey, staff bool) map[string]any {
	v := map[string]any{"id": p.ID, "title": p.Title, "items": p.Items, "when": p.When, "phase": p.Phase, "at": p.At}
	if p.Anonymous {
		v["anonymous"] = true
	}
	if p.Until != 0 {
		v["until"] = p.Until
	}
	if p.Shown != "" {
		v["shown"] = p.Shown
	}
	if staff {
		if v["hours"] = p.Hours; len(p.Answers) > 0 {
			v["answered"] = len(p.Answers)
		}
		if p.Phase == "closed" || p.Phase == "open" && !p.Anonymous {
			v["result"] = p.result(true)
		}
	} else if p.Shown != "" {
		v["result"] = p.result(p.Shown == "all")
	}
	return v
}

// seenSurveys are those of a snapshot.
func (m *simModel) seenSurveys(staff bool, phases ...string) (list []any) {
	for _, p := range m.surveysIn(phases...) {
		if staff || p.Phase == "open" || p.Shown != "" {
			list = append(list, m.survey(p, staff))
		}
	}
	return list
}

// filled are somebody's own answers, by survey, and whether they may give none.
func (m *simModel) filled(user string) (own map[string]any, absent bool) {
	own = map[string]any{}
	for _, p := range m.surveysIn("open", "closed") {
		name, theirs := m.name(p, user)
		if f := p.Answers[name]; f.Seq != 0 && theirs {
			list := []any{map[string]any{"value": f.Stars}, nil}
			if f.Words != "" {
				list[1] = map[string]any{"text": f.Words}
			}
			own[fmt.Sprint(p.ID)] = list
		}
	}
	return own, m.phase == "ended" && len(m.surveysIn("open")) > 0 && m.attended(user) == 0
}

// simForms is what a client remembers of surveys.
type simForms struct {
	answered map[uint64]int
	results  map[uint64]string
	own      map[uint64]string
}

type simSurveyTally struct {
	ID       uint64          `json:"id"`
	Survey   uint64          `json:"survey"`
	Answered int             `json:"answered"`
	Result   json.RawMessage `json:"result"`
}

func (f *simForms) see(v simSurveyTally) {
	id := cmp.Or(v.ID, v.Survey)
	f.answered[id], f.results[id] = v.Answered, simSame(v.Result)
}

// agreeForms checks what one device knows of surveys.
func (s *sim) agreeForms(when string, c *simClient) {
	m := s.models[c.room]
	own, _ := m.filled(string(c.user))
	for _, p := range m.surveysIn("open", "closed") {
		if _, theirs := m.name(p, string(c.user)); theirs {
			if mine, want := cmp.Or(c.forms.own[p.ID], "null"), simJSON(own[fmt.Sprint(p.ID)]); mine != want {
				s.fail("%s: %s thinks to have answered %s in survey %d, and the log says %s", when, c.name, mine, p.ID, want)
			}
		}
		if !c.staff {
			continue
		}
		want := m.survey(p, true)
		if c.forms.answered[p.ID] != len(p.Answers) || c.forms.results[p.ID] != simJSON(want["result"]) {
			s.fail("%s: %s sees %d answers and %s in survey %d, and the log says %d and %s", when, c.name,
				c.forms.answered[p.ID], c.forms.results[p.ID], p.ID, len(p.Answers), simJSON(want["result"]))
		}
	}
}
