package bot

import (
	"bytes"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed script.yaml
var scriptYAML []byte

// lines are what may be said, by language.
type lines struct {
	EN []string `yaml:"en"`
	ZH []string `yaml:"zh"`
}

// in returns the lines of a language.
func (l lines) in(lang string) []string {
	if lang == langZH {
		return l.ZH
	}
	return l.EN
}

const (
	langEN = "en"
	langZH = "zh-CN"
)

type nameParts struct {
	First []string `yaml:"first"`
	Last  []string `yaml:"last"`
}

// prompt is something that the teacher asks the chat, with what people say to it.
type prompt struct {
	Ask   string `yaml:"ask"`
	lines `yaml:",inline"`
}

// asking is a question for the board, and the teacher's answer.
type asking struct {
	Lang   string `yaml:"lang"`
	Ask    string `yaml:"ask"`
	Answer string `yaml:"answer"`
}

// pollScript is a poll as the teacher creates it.
type pollScript struct {
	Text    string   `yaml:"text" json:"text"`
	Choices []string `yaml:"choices" json:"choices"`
	Max     int      `yaml:"max" json:"max"`
	Hidden  bool     `yaml:"hidden" json:"hidden"`
	Open    bool     `yaml:"-" json:"open"`
	Right   []int    `yaml:"right" json:"-"` // none: a matter of taste
}

// lesson is some forty seconds of the class.
type lesson struct {
	Say    []string   `yaml:"say"`
	Prompt string     `yaml:"prompt"`
	Poll   pollScript `yaml:"poll"`
	After  string     `yaml:"after"`
}

// script is script.yaml.
type script struct {
	Title   string `yaml:"title"`
	Teacher string `yaml:"teacher"`
	Names   struct {
		EN nameParts `yaml:"en"`
		ZH nameParts `yaml:"zh"`
	} `yaml:"names"`
	Hello     lines    `yaml:"hello"`
	Chat      lines    `yaml:"chat"`
	Prompts   []prompt `yaml:"prompts"`
	Voted     lines    `yaml:"voted"`
	Right     lines    `yaml:"right"`
	Wrong     lines    `yaml:"wrong"`
	Thanks    lines    `yaml:"thanks"`
	Bye       lines    `yaml:"bye"`
	Return    lines    `yaml:"return"`
	Questions []asking `yaml:"questions"`
	Lessons   []lesson `yaml:"lessons"`
	Says      struct {
		Welcome []string `yaml:"welcome"`
		Back    string   `yaml:"back"`
		Quiz    string   `yaml:"quiz"`
		Praise  string   `yaml:"praise"`
		Pinned  string   `yaml:"pinned"`
	} `yaml:"teacher_says"`
}

// loadScript reads script.yaml, which is part of the program: its test reads
// it too.
func loadScript() (*script, error) {
	s := &script{}
	d := yaml.NewDecoder(bytes.NewReader(scriptYAML))
	d.KnownFields(true)
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	for i := range s.Questions {
		if s.Questions[i].Lang == "zh" {
			s.Questions[i].Lang = langZH
		}
	}
	for i := range s.Lessons {
		p := &s.Lessons[i].Poll
		p.Max, p.Open = max(p.Max, 1), true
	}
	return s, nil
}

// answer returns the script's answer to a question, "" where it has none.
func (s *script) answer(ask string) string {
	for _, q := range s.Questions {
		if q.Ask == ask {
			return q.Answer
		}
	}
	return ""
}

// right returns the choices of one of the script's polls that are right, if
// any are.
func (s *script) right(poll string) []int {
	for _, l := range s.Lessons {
		if l.Poll.Text == poll {
			return l.Poll.Right
		}
	}
	return nil
}

// prompt returns what people say to a prompt of the teacher's, nil if the
// text is none.
func (s *script) prompt(ask string) *prompt {
	for i := range s.Prompts {
		if s.Prompts[i].Ask == ask {
			return &s.Prompts[i]
		}
	}
	return nil
}

// decks deal lines to a whole class, so that no two people say the same thing
// within a short time: each deck is dealt to its end and shuffled again. Safe
// for many goroutines.
type decks struct {
	mu   sync.Mutex
	rng  *rand.Rand
	left map[*string][]string // by the list's first line
}

func newDecks(seed uint64) *decks {
	return &decks{rng: rand.New(rand.NewPCG(seed, 0x5eed)), left: map[*string][]string{}}
}

// draw deals the next line of a list; "" from an empty list.
func (d *decks) draw(list []string) string {
	if len(list) == 0 {
		return ""
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	deck := d.left[&list[0]]
	if len(deck) == 0 {
		deck = append(deck, list...)
		d.rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	}
	d.left[&list[0]] = deck[1:]
	return deck[0]
}
