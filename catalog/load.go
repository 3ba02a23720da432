package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones, also where the machine has none

	"go.yaml.in/yaml/v3"

	"github.com/lyceum-live/lyceum/wire"
)

const maxFile = 32 << 20 // bytes

// Load reads a catalogue from a YAML file of two lists:
//
//	sessions:
//	  - id: go-101
//	    title: Go for the curious
//	    starts_at: 2026-01-06T19:00:00+01:00
//	    repeat: weekly          # or daily; without it, once
//	    zone: Europe/Berlin     # whose clocks a repeat follows; without it, UTC
//	videos:
//	  - id: go-errors
//	    title: Errors are values
//
// The other keys are those of [Item]. A session's room is its id where none is
// given. Errors name the file and the line. now is the clock by which repeated
// sessions are shown.
func Load(path string, now func() time.Time) (*Catalog, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("catalogue: %s is longer than %d MiB", path, maxFile>>20)
	}
	return Parse(path, text, now)
}

// Parse is Load for a text that is at hand. name stands for the file in
// errors.
func Parse(name string, text []byte, now func() time.Time) (*Catalog, error) {
	l := loader{name: name, catalog: empty(now)}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return l.catalog, nil
	} else if err != nil {
		return nil, l.syntax(err)
	}
	if err := decoder.Decode(&more); err == nil {
		return nil, l.wrong(&more, "", "a second document begins here; a catalogue is one")
	} else if !errors.Is(err, io.EOF) {
		return nil, l.syntax(err)
	}
	if err := l.lists(doc.Content[0]); err != nil {
		return nil, err
	}
	return l.catalog, nil
}

type loader struct {
	name    string
	catalog *Catalog
}

func (l *loader) lists(root *yaml.Node) error {
	return l.mapping(root, "", func(name, value *yaml.Node) error {
		kind, ok := map[string]Kind{"sessions": Session, "videos": Video}[name.Value]
		if !ok {
			return l.wrong(name, name.Value, "there is no such list; there are sessions and videos")
		}
		if isNull(value) {
			return nil
		}
		if value.Kind != yaml.SequenceNode {
			return l.wrong(value, name.Value, "must be a list")
		}
		for _, n := range value.Content {
			if err := l.item(kind, follow(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *loader) item(kind Kind, n *yaml.Node) error {
	e := entry{Item: Item{Kind: kind}, repeat: repeat{zone: time.UTC}}
	lines := map[string]*yaml.Node{}
	err := l.mapping(n, string(kind), func(name, value *yaml.Node) error {
		read, ok := fields[name.Value]
		if !ok || kind == Video && sessionOnly[name.Value] {
			return l.wrong(name, label(e, name.Value), "a "+string(kind)+" has no such key")
		}
		lines[name.Value] = value
		if isNull(value) {
			return l.wrong(value, label(e, name.Value), "has no value")
		}
		if why := read(&e, value); why != "" {
			return l.wrong(value, label(e, name.Value), why)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if p := l.catalog.add(e); p != nil {
		at := lines[p.field]
		if at == nil {
			at = n // the key is missing: where its item begins
		}
		return l.wrong(at, label(e, p.field), p.text)
	}
	return nil
}

var sessionOnly = map[string]bool{"room": true, "starts_at": true, "repeat": true, "zone": true}

// fields reads each key of an item, and returns what is wrong with its value
// or "".
var fields = map[string]func(*entry, *yaml.Node) string{
	"id":          text(func(e *entry) *string { return &e.ID }),
	"title":       text(func(e *entry) *string { return &e.Title }),
	"description": text(func(e *entry) *string { return &e.Description }),
	"author":      text(func(e *entry) *string { return &e.Author }),
	"lang":        text(func(e *entry) *string { return &e.Lang }),
	"url":         text(func(e *entry) *string { return &e.URL }),
	"poster":      text(func(e *entry) *string { return &e.Poster }),
	"level":       text(func(e *entry) *string { return (*string)(&e.Level) }),
	"room":        text(func(e *entry) *string { return (*string)(&e.Room) }),
	"duration_s": number(func(e *entry, n int64) bool {
		e.DurationS = int(n)
		return int64(e.DurationS) == n
	}),
	"price": number(func(e *entry, n int64) bool {
		e.Price = n
		return true
	}),
	"tags": func(e *entry, n *yaml.Node) string {
		if n.Kind != yaml.SequenceNode {
			return "must be a list, as in [a, b]"
		}
		for _, tag := range n.Content {
			if tag = follow(tag); tag.Kind != yaml.ScalarNode || isNull(tag) {
				return "must be a list of words"
			}
			e.Tags = append(e.Tags, tag.Value)
		}
		return ""
	},
	"starts_at": func(e *entry, n *yaml.Node) string {
		t, err := time.Parse(time.RFC3339, n.Value)
		if err != nil || t.UnixMilli() <= 0 {
			return "must be a time such as 2026-01-06T19:00:00+01:00"
		}
		e.StartsAt = wire.At(t)
		return ""
	},
	"repeat": func(e *entry, n *yaml.Node) string {
		switch n.Value {
		case "daily":
			e.repeat.days = 1
		case "weekly":
			e.repeat.days = 7
		default:
			return "must be daily or weekly"
		}
		return ""
	},
	"zone": func(e *entry, n *yaml.Node) string {
		zone, err := time.LoadLocation(n.Value)
		if err != nil || n.Value == "" || n.Value == "Local" {
			return "must be a time zone such as Europe/Berlin"
		}
		e.repeat.zone = zone
		return ""
	},
}

func text(field func(*entry) *string) func(*entry, *yaml.Node) string {
	return func(e *entry, n *yaml.Node) string {
		if n.Kind != yaml.ScalarNode {
			return "must be a text"
		}
		*field(e) = n.Value
		return ""
	}
}

func number(set func(*entry, int64) bool) func(*entry, *yaml.Node) string {
	return func(e *entry, n *yaml.Node) string {
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil || !set(e, i) {
			return "must be a whole number"
		}
		return ""
	}
}

// mapping calls each with every key of a mapping, and with its value.
func (l *loader) mapping(n *yaml.Node, what string, each func(name, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return l.wrong(n, what, `must be keys with values, as in "title: Calculus"`)
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		if line, again := seen[name.Value]; again {
			return l.wrong(name, name.Value, fmt.Sprintf("is there already, on line %d", line))
		}
		seen[name.Value] = name.Line
		if err := each(name, follow(n.Content[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// label names a field of an item in an error.
func label(e entry, field string) string {
	if e.ID == "" {
		return field
	}
	return e.ID + ": " + field
}

func (l *loader) wrong(at *yaml.Node, what, why string) error {
	if what != "" {
		why = what + ": " + why
	}
	return fmt.Errorf("%s:%d: %s", l.name, at.Line, why)
}

var syntaxLine = regexp.MustCompile(`^yaml: line (\d+): `)

func (l *loader) syntax(err error) error {
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: not YAML: %s", l.name, m[1], err.Error()[len(m[0]):])
	}
	return fmt.Errorf("%s: not YAML: %s", l.name, strings.TrimPrefix(err.Error(), "yaml: "))
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
