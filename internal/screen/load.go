package screen

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Config is what an operator says of the machine check. Nothing is checked
// unless it is asked for: which words and links are fine is a matter of the
// school and the subject.
type Config struct {
	Lists      []string `yaml:"lists" doc:"lists of words, each file=action, where the action is mask, hold or block; en and zh are the short ones that come with Lyceum: en=mask. A file has a word or phrase a line"`
	Allow      []string `yaml:"allow" doc:"words and phrases that are fine, whatever a list finds in them"`
	Links      Action   `yaml:"links" default:"pass" doc:"what becomes of a viewer's text with a link: pass, mask, hold or block"`
	LinkHosts  []string `yaml:"link_hosts" doc:"hosts whose links are fine, with what is below them"`
	Capitals   Action   `yaml:"capitals" default:"pass" doc:"what becomes of a text all in capitals; masked, it is in small letters"`
	Repetition Action   `yaml:"repetition" default:"pass" doc:"what becomes of the same again and again; masked, it is shortened"`
}

// on reports whether there is anything to look for.
func (c Config) on() bool {
	return len(c.Lists) > 0 || c.Links != Pass || c.Capitals != Pass || c.Repetition != Pass
}

// Load makes the screen that a configuration asks for; nil if that is none.
// read gives the content of a list by its name.
func Load(c Config, read func(name string) ([]byte, error)) (*Screen, error) {
	if !c.on() {
		return nil, nil
	}
	r := Rules{Allow: c.Allow, Links: c.Links, LinkHosts: c.LinkHosts, Capitals: c.Capitals, Repetition: c.Repetition}
	for _, entry := range c.Lists {
		i := strings.LastIndexByte(entry, '=')
		if i <= 0 {
			return nil, fmt.Errorf("%q is not file=action", entry)
		}
		list := List{Name: nameOf(entry[:i])}
		if err := list.Action.UnmarshalText([]byte(entry[i+1:])); err != nil || list.Action == Pass {
			return nil, fmt.Errorf("%q: the action is mask, hold or block", entry)
		}
		content, err := read(entry[:i])
		if err != nil {
			return nil, err
		}
		if list.Words, err = words(entry[:i], content); err != nil {
			return nil, err
		}
		r.Lists = append(r.Lists, list)
	}
	return New(r)
}

// nameOf is what a list is called: its file without folder and ending.
func nameOf(file string) string {
	if i := strings.LastIndexAny(file, `/\`); i >= 0 {
		file = file[i+1:]
	}
	if i := strings.LastIndexByte(file, '.'); i > 0 {
		file = file[:i]
	}
	return file
}

// words reads a list: a word or phrase a line, and remarks after a #. What is
// wrong in it is named by file and line.
func words(file string, content []byte) ([]string, error) {
	var words []string
	n := 0
	for line := range bytes.Lines(bytes.TrimPrefix(content, []byte("\ufeff"))) {
		n++
		if !utf8.Valid(line) {
			return nil, fmt.Errorf("%s:%d: not UTF-8", file, n)
		}
		word, _, _ := strings.Cut(string(line), "#")
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		if _, err := bonesOf(word); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		if words = append(words, word); len(words) > MaxWords {
			return nil, fmt.Errorf("%s:%d: more than %d words", file, n, MaxWords)
		}
	}
	return words, nil
}
