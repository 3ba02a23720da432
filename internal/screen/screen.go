// Package screen is the machine check of what people write, made before
// anybody else sees it: lists of words and phrases, links, shouting and
// repetition, each of which lets pass, masks, holds for a moderator or blocks.
//
// Words are found however they are dressed up: in another width or case, with
// accents, look-alikes of other alphabets, digits for letters (sh1t), letters
// drawn out (shiiit), spaced (s h i t), dotted (s.h.i.t) or starred (s**t),
// with invisible characters in between, in traditional or simplified Chinese.
// A word of letters is found as a word and not within another, so that the
// Scunthorpe of this world pass; "word*" and "*word*" ask for more. A Chinese
// word of two characters is not found where it straddles two others.
//
// A [Screen] is immutable once made and safe for many goroutines. It keeps
// nothing of what it saw, and knows nobody.
package screen

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Action is what becomes of a text, from the mildest.
type Action uint8

// The actions.
const (
	Pass  Action = iota
	Mask         // shown with the word starred out
	Hold         // shown once a moderator approves
	Block        // refused
)

var actionNames = [...]string{"pass", "mask", "hold", "block"}

func (a Action) String() string { return actionNames[min(int(a), len(actionNames)-1)] }

// MarshalText is the action's name.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an action's name.
func (a *Action) UnmarshalText(b []byte) error {
	i := slices.Index(actionNames[:], string(b))
	if i < 0 {
		return fmt.Errorf("screen: %q is not pass, mask, hold or block", b)
	}
	*a = Action(i)
	return nil
}

// Bounds on the lists and on what is read of a text.
const (
	MaxWords = 100_000 // in all lists
	MaxWord  = 64      // characters of one word or phrase
	maxText  = 8 << 10 // bytes of a text that are looked at
)

// List is some words and phrases that have the same consequence.
type List struct {
	Name   string
	Action Action
	// Words: "word" is found as a whole word, "word*" at a word's beginning,
	// "*word*" anywhere; phrases have blanks between their words. Words with
	// Chinese, Japanese or Korean characters are found anywhere.
	Words []string
}

// Rules is what to look for.
type Rules struct {
	Lists []List
	Allow []string // words and phrases that are no hit, whatever is in them

	Links      Action   // of a text with a link
	LinkHosts  []string // whose links are fine, with their subdomains
	Capitals   Action   // of a text that shouts
	Repetition Action   // of the same again and again
}

// Hit is one thing found: where it stands in the text, in bytes.
type Hit struct {
	Rule       string `json:"rule"` // a list's name, "links", "capitals" or "repetition"
	Action     Action `json:"action"`
	Start, End int    `json:"-"`
}

// Verdict is what becomes of a text.
type Verdict struct {
	Action Action
	Text   string // as it may be shown: with what is to be masked masked
	Hits   []Hit  // in the order of the text
}

// Screen checks texts by its rules.
type Screen struct {
	rules Rules
	words *automaton // of letters, with blanks between words
	runs  *automaton // with characters of scripts that are written without blanks
	lists []List     // without their words

	byShape map[shape][]int32 // patterns of words, for starred ones
}

// shape is what a starred word shows for sure: a star is never the first letter.
type shape struct {
	first   rune
	letters int // how many
}

// New makes a screen. A word that holds nothing to look for, or too much, is
// an error that names it and its list.
func New(r Rules) (*Screen, error) {
	s := &Screen{rules: r, words: newAutomaton(), runs: newAutomaton(), byShape: map[shape][]int32{}}
	s.rules.LinkHosts = nil
	for _, host := range r.LinkHosts {
		s.rules.LinkHosts = append(s.rules.LinkHosts, strings.ToLower(strings.TrimPrefix(host, "*.")))
	}
	n := 0
	for i, list := range r.Lists {
		s.lists = append(s.lists, List{Name: list.Name, Action: list.Action})
		for _, word := range list.Words {
			if n++; n > MaxWords {
				return nil, fmt.Errorf("screen: more than %d words", MaxWords)
			}
			if err := s.add(word, i); err != nil {
				return nil, fmt.Errorf("screen: list %q: %w", list.Name, err)
			}
		}
	}
	for _, word := range r.Allow {
		if err := s.add(word, allowed); err != nil {
			return nil, fmt.Errorf("screen: allowed: %w", err)
		}
	}
	s.words.link()
	s.runs.link()
	return s, nil
}

// allowed is the list of what is no hit.
const allowed = -1

// bonesOf is what there is to look for in a word of a list.
func bonesOf(word string) (bones, error) {
	bare := strings.Trim(strings.TrimSpace(word), "*")
	if n := utf8.RuneCountInString(bare); n > MaxWord {
		return bones{}, fmt.Errorf("a word has %d characters, %d at most", n, MaxWord)
	}
	k := skeleton(bare)
	if len(k.marks) == 0 {
		return bones{}, fmt.Errorf("%q has no letters to look for", word)
	}
	return k, nil
}

// add files one word of a list under its skeleton.
func (s *Screen) add(word string, list int) error {
	k, err := bonesOf(word)
	if err != nil {
		return err
	}
	if k.unspaced() {
		s.runs.add(pattern{marks: k.joined(), list: list})
		return nil
	}
	letters := 0
	for _, m := range k.marks {
		letters += m.run
	}
	as := shape{k.marks[0].r, letters}
	s.byShape[as] = append(s.byShape[as], int32(len(s.words.patterns)))
	word = strings.TrimSpace(word)
	s.words.add(pattern{marks: k.spaced(!strings.HasPrefix(word, "*"), !strings.HasSuffix(word, "*")), list: list})
	return nil
}

// Check looks at one text.
func (s *Screen) Check(text string) Verdict {
	v := Verdict{Text: text}
	v.Hits = s.hits(text)
	for _, h := range v.Hits {
		v.Action = max(v.Action, h.Action)
	}
	if len(v.Hits) == 0 {
		return v
	}
	// What is masked may make a word of what is left around it, and not every
	// repetition can be shortened: what cannot be masked is for somebody to see.
	hits := v.Hits
	for range masked {
		v.Text = starred(v.Text, hits)
		hits = slices.DeleteFunc(s.hits(v.Text), func(h Hit) bool { return h.Action != Mask })
		if len(hits) == 0 {
			break
		}
	}
	if v.Action == Mask && (len(hits) > 0 || len(text) > maxText) { // its unread rest may hold anything
		v.Action = Hold
	}
	return v
}

// masked is how often a text is masked at most.
const masked = 4

// hits is what there is to find in a text, in its order.
func (s *Screen) hits(text string) []Hit {
	read := text
	if len(read) > maxText {
		read = read[:maxText]
		for read != "" && !utf8.RuneStart(text[len(read)]) {
			read = read[:len(read)-1]
		}
	}
	k := skeleton(read)
	hits := s.find(k, read)
	if s.rules.Links != Pass {
		for _, at := range links(read, s.rules.LinkHosts) {
			hits = append(hits, Hit{"links", s.rules.Links, at[0], at[1]})
		}
	}
	if s.rules.Capitals != Pass && shouts(read) {
		hits = append(hits, Hit{"capitals", s.rules.Capitals, 0, len(read)})
	}
	if s.rules.Repetition != Pass && repeats(k) {
		hits = append(hits, Hit{"repetition", s.rules.Repetition, 0, len(read)})
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	return hits
}

// starred is the text with each character of a masking hit, but blanks, as a
// star. Shouting is masked by lower case.
func starred(text string, hits []Hit) string {
	var b strings.Builder
	from := 0
	for _, h := range hits {
		if h.Action != Mask {
			continue
		}
		if h.Rule == "capitals" || h.Rule == "repetition" {
			continue // of the whole text, below
		}
		start, end := max(h.Start, from), h.End
		if end <= start {
			continue
		}
		b.WriteString(text[from:start])
		for _, r := range text[start:end] {
			switch {
			case r == ' ':
				b.WriteRune(r)
			case !drops(r):
				b.WriteByte('*')
			}
		}
		from = end
	}
	b.WriteString(text[from:])
	out := b.String()
	for _, h := range hits {
		if h.Action != Mask {
			continue
		}
		switch h.Rule {
		case "capitals":
			out = strings.ToLower(out)
		case "repetition":
			out = shortened(out)
		}
	}
	return out
}
