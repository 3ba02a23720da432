package room

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/internal/vtt"
	"github.com/lyceum-live/lyceum/wire"
)

// Captions are what is spoken in a class, in writing, by captioners: people or
// programs whose token gives them that right and no other, or the staff. A cue
// is said when it is whole; it is an event, so that it is in the recording
// exactly once, and its author's personal text, so that who is forgotten is
// forgotten there too. What grows until then is a signal and nowhere kept.
type (
	// Caption adds a cue. Without a begin it begins now; without an end it is
	// shown until the next, as long as it takes to read.
	Caption struct {
		Lang  string      `json:"lang"`
		Text  string      `json:"text"`
		Begin wire.Millis `json:"begin,omitzero"`
		End   wire.Millis `json:"end,omitzero"`
		Right bool        `json:"-"` // by whom captions may be given
	}
	// CaptionBlocks adds the cues of WebVTT blocks, as captioning programs write
	// them; zero is when 00:00:00.000 was.
	CaptionBlocks struct {
		Lang  string      `json:"lang"`
		VTT   string      `json:"vtt"`
		Zero  wire.Millis `json:"zero"`
		Right bool        `json:"-"`
	}
	// FixCaption puts other words into a cue; without words it is taken away.
	FixCaption struct {
		Cue   uint64 `json:"cue"`
		Text  string `json:"text"`
		Right bool   `json:"-"`
	}
	// DraftCaption is what is being said, as far as it has come; "": nothing.
	DraftCaption struct {
		Lang  string `json:"lang"`
		Text  string `json:"text"`
		Right bool   `json:"-"`
	}

	// Captioned: this was spoken in the class.
	Captioned struct {
		Lang  string        `json:"lang"`
		Text  wire.Personal `json:"text"`
		Begin wire.Millis   `json:"begin"`
		End   wire.Millis   `json:"end,omitzero"`
	}
	// CaptionFixed: those were not the words of a cue, but these.
	CaptionFixed struct {
		Cue  uint64        `json:"cue"`
		Text wire.Personal `json:"text"`
	}

	// CueView is a cue as people see it. One without text is gone.
	CueView struct {
		ID    uint64      `json:"id"`
		Lang  string      `json:"lang"`
		Text  string      `json:"text"`
		Begin wire.Millis `json:"begin"`
		End   wire.Millis `json:"end,omitzero"`
	}
	// DraftView is the data of the signal "caption.drafts": what is being said, by language.
	DraftView struct {
		Drafts map[string]string `json:"drafts"`
	}
	// CaptionsView is what a newcomer gets: the languages in which there are
	// captions, and the newest cues.
	CaptionsView struct {
		Langs []string  `json:"langs"`
		Cues  []CueView `json:"cues"`
	}
)

// Captions are the newest cues of a class that goes on.
type Captions struct {
	Langs []string `json:"langs,omitzero"` // in which there have been any
	Cues  []Cue    `json:"cues,omitzero"`  // oldest first; they can be corrected
}

// Cue is one of them.
type Cue struct {
	ID    uint64        `json:"id"`
	By    wire.UserID   `json:"by"`
	Lang  string        `json:"lang"`
	Text  wire.Personal `json:"text"`
	Begin wire.Millis   `json:"begin"`
	End   wire.Millis   `json:"end,omitzero"`
}

// ErrLangs is the refusal of captions in one more language.
var ErrLangs = &wire.Error{Code: "caption.langs", Text: "there are captions in too many languages"}

const (
	maxCaption   = 500 // characters of a cue
	maxBlocks    = 20  // cues of one message
	maxLangs     = 8   // with captions
	maxCues      = 40  // that can be corrected
	cuesShown    = 8   // to newcomers
	captionLate  = wire.Millis(time.Minute / time.Millisecond)
	captionEarly = wire.Millis(5 * time.Second / time.Millisecond) // clocks differ
	captionLong  = wire.Millis(time.Minute / time.Millisecond)
)

// captioning reports whether a command is a captioner's, and whether it may be.
func captioning(c Command) (is, right bool) {
	switch c := c.(type) {
	case Caption:
		return true, c.Right
	case CaptionBlocks:
		return true, c.Right
	case FixCaption:
		return true, c.Right
	case DraftCaption:
		return true, c.Right
	}
	return false, false
}

// entitled notes in a captioner's command whether its session has the right.
func (s *Session) entitled(c Command) Command {
	switch c := c.(type) {
	case Caption:
		c.Right = s.Captions
		return c
	case CaptionBlocks:
		c.Right = s.Captions
		return c
	case FixCaption:
		c.Right = s.Captions
		return c
	case DraftCaption:
		c.Right = s.Captions
		return c
	}
	return c
}

// validLang reports whether lang is a language tag as pages use them (RFC
// 5646): a language and perhaps a script and a region.
func validLang(lang string) bool {
	parts := strings.Split(lang, "-")
	if len(parts) > 3 || len(parts[0]) < 2 || len(parts[0]) > 3 {
		return false
	}
	for i, part := range parts {
		if i > 0 && (len(part) < 2 || len(part) > 4) {
			return false
		}
		for _, r := range part {
			if !('a' <= r && r <= 'z' || i > 0 && ('A' <= r && r <= 'Z' || '0' <= r && r <= '9')) {
				return false
			}
		}
	}
	return true
}

// cleanCue is the text of a cue as it is kept.
func cleanCue(text string) (string, error) {
	text, err := wire.CleanText(text, maxCaption, true)
	if err != nil {
		return "", wire.ErrText.In("text")
	}
	if text = vtt.Clean(text); text == "" {
		return "", wire.ErrText.In("text")
	}
	return text, nil
}

func (s *State) checkLang(lang string) error {
	if !validLang(lang) {
		return wire.ErrField.In("lang")
	}
	if len(s.Captions.Langs) >= maxLangs && !slices.Contains(s.Captions.Langs, lang) {
		return ErrLangs
	}
	return nil
}

func (s *State) decideCaption(now wire.Millis, by wire.Actor, c Command) ([]Event, error) {
	switch c := c.(type) {
	case Caption:
		if err := s.checkLang(c.Lang); err != nil {
			return nil, err
		}
		text, err := cleanCue(c.Text)
		if err != nil {
			return nil, err
		}
		if c.Begin == 0 {
			c.Begin = now
		}
		if c.Begin > now+captionEarly || c.Begin < now-captionLate {
			return nil, wire.ErrField.In("begin")
		}
		if c.End != 0 && (c.End <= c.Begin || c.End > c.Begin+captionLong) {
			return nil, wire.ErrField.In("end")
		}
		return []Event{Captioned{c.Lang, wire.Own(by.User, text), c.Begin, c.End}}, nil
	case CaptionBlocks:
		return s.decideBlocks(now, by, c)
	case FixCaption:
		i := slices.IndexFunc(s.Captions.Cues, func(cue Cue) bool { return cue.ID == c.Cue })
		if i < 0 || s.Captions.Cues[i].By != by.User && !by.Role.Staff() {
			return nil, wire.ErrNotFound.In("cue")
		}
		text := ""
		if strings.TrimSpace(c.Text) != "" {
			var err error
			if text, err = cleanCue(c.Text); err != nil {
				return nil, err
			}
		}
		if text == s.Captions.Cues[i].Text.Text {
			return nil, nil
		}
		return []Event{CaptionFixed{c.Cue, wire.Own(by.User, text)}}, nil
	}
	return nil, nil
}

// decideBlocks reads the cues of a captioning program. What it heard before
// the last minute is not taken any more.
func (s *State) decideBlocks(now wire.Millis, by wire.Actor, c CaptionBlocks) ([]Event, error) {
	if err := s.checkLang(c.Lang); err != nil {
		return nil, err
	}
	cues, err := vtt.ParseCues(c.VTT)
	if err != nil || len(cues) == 0 || len(cues) > maxBlocks {
		return nil, wire.ErrField.In("vtt")
	}
	var events []Event
	for _, cue := range cues {
		one, err := s.decideCaption(now, by, Caption{
			Lang: c.Lang, Text: cue.Text, Begin: c.Zero + wire.Millis(cue.Begin), End: c.Zero + wire.Millis(cue.End),
		})
		if err != nil {
			return nil, err
		}
		events = append(events, one...)
	}
	return events, nil
}

func (s *State) applyCaption(h wire.Head, e Event) {
	list := &s.Captions
	switch e := e.(type) {
	case Captioned:
		if !slices.Contains(list.Langs, e.Lang) {
			list.Langs = append(list.Langs, e.Lang)
		}
		if len(list.Cues) >= maxCues {
			list.Cues = slices.Delete(list.Cues, 0, 1)
		}
		list.Cues = append(list.Cues, Cue{h.Seq, h.By, e.Lang, e.Text, e.Begin, e.End})
	case CaptionFixed:
		for i := range list.Cues {
			if list.Cues[i].ID == e.Cue {
				list.Cues[i].Text = e.Text
			}
		}
	}
}

func (c *Cue) view() CueView { return CueView{c.ID, c.Lang, c.Text.Text, c.Begin, c.End} }

// cueView is a cue as it now is.
func (s *State) cueView(id uint64) CueView {
	for i := range s.Captions.Cues {
		if s.Captions.Cues[i].ID == id {
			return s.Captions.Cues[i].view()
		}
	}
	return CueView{ID: id}
}

func (s *State) captions() *CaptionsView {
	if len(s.Captions.Langs) == 0 {
		return nil
	}
	v := &CaptionsView{Langs: s.Captions.Langs, Cues: []CueView{}}
	for i := max(0, len(s.Captions.Cues)-cuesShown); i < len(s.Captions.Cues); i++ {
		if cue := &s.Captions.Cues[i]; cue.Text.Text != "" {
			v.Cues = append(v.Cues, cue.view())
		}
	}
	return v
}

// draft lets people see what is being said, as far as it has come.
func (s *signals) draft(state *State, c DraftCaption, now time.Time, tick time.Duration) error {
	if err := state.checkLang(c.Lang); err != nil {
		return err
	}
	text := ""
	if strings.TrimSpace(c.Text) != "" {
		var err error
		if text, err = cleanCue(c.Text); err != nil {
			return err
		}
	}
	if s.drafts == nil {
		s.drafts = map[string]string{}
	}
	if _, known := s.drafts[c.Lang]; !known && len(s.drafts) >= maxLangs {
		return ErrLangs
	}
	s.drafts[c.Lang] = text
	s.due(now, tick)
	return nil
}

// Seal and Unseal keep people's words outside of a room's log as they are kept
// in it: sealed under their own keys.
func (h *House) Seal(ctx context.Context, v any) ([]byte, error) { return h.vault.marshal(ctx, v) }

// Unseal reads what Seal has written; see there.
func (h *House) Unseal(ctx context.Context, data []byte, v any) error {
	return h.vault.unmarshal(ctx, data, v)
}
