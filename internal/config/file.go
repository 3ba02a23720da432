package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

const maxFile = 1 << 20 // bytes of a configuration file

func (t *tree) readFile(path string) error {
	root, err := parseFile(path)
	if err != nil || root == nil {
		return err
	}
	return t.readSection(path, "", root)
}

// parseFile returns the one document of a YAML file, or nil for an empty one.
func parseFile(path string) (*yaml.Node, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Where: path, Text: "cannot be read: " + reason(err)}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, &Error{Where: path, Text: "cannot be read: " + reason(err)}
	}
	if len(text) > maxFile {
		return nil, &Error{Where: path, Text: "is too long for a configuration"}
	}
	return parseYAML(path, text)
}

func parseYAML(path string, text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, yamlError(path, err)
	}
	if err := decoder.Decode(&more); err == nil {
		return nil, &Error{Where: at(path, &more), Text: "a second document begins here; a configuration is one"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(path, err)
	}
	return doc.Content[0], nil
}

func (t *tree) readSection(path, key string, n *yaml.Node) error {
	if isNull(n) {
		return nil // all of its options are commented out
	}
	where := at(path, n)
	if n = follow(n); n.Kind != yaml.MappingNode {
		return &Error{where, key, "must be a section: options on their own lines, as in \"name: value\""}
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		where, sub := at(path, name), join(key, name.Value)
		if name.Kind != yaml.ScalarNode {
			return &Error{where, key, "the name of an option must be a word"}
		}
		if line, again := seen[name.Value]; again {
			return &Error{where, sub, fmt.Sprintf("is there already, on line %d", line)}
		}
		seen[name.Value] = name.Line

		o := t.byKey[sub]
		s, isSection := t.sections[sub]
		var err error
		switch {
		case strings.Contains(name.Value, "."):
			err = &Error{where, sub, "an option stands below its section, not behind a dot"}
		case o != nil:
			if err = o.setNode(value); err != nil {
				err = &Error{at(path, value), sub, err.Error()}
			}
		case isSection && name.Value != "":
			s.where = where
			t.sections[sub] = s
			err = t.readSection(path, sub, value)
		default:
			err = &Error{where, sub, "there is no such option" + t.meant(sub)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setNode sets the option from its YAML value. The value's own spelling
// counts, not the type that YAML would guess.
func (o *option) setNode(n *yaml.Node) error {
	n = follow(n)
	if isNull(n) {
		return errors.New("has no value; comment it out for the default")
	}
	if !isList(o.value.Type()) {
		if n.Kind != yaml.ScalarNode {
			return errors.New("must be one value, not a list or a section")
		}
		return o.set(n.Value)
	}
	if n.Kind != yaml.SequenceNode {
		return errors.New("must be a list, as in [a, b]")
	}
	items := make([]string, len(n.Content))
	for i, item := range n.Content {
		if item = follow(item); item.Kind != yaml.ScalarNode || isNull(item) {
			return errors.New("must be a list of single values")
		}
		items[i] = item.Value
	}
	return o.setList(items)
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func at(path string, n *yaml.Node) string { return fmt.Sprintf("%s:%d", path, n.Line) }

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// yamlError puts the line where people and editors look for it.
func yamlError(path string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		path, text = path+":"+m[1], text[len(m[0]):]
	}
	return &Error{Where: path, Text: "not YAML: " + text}
}

// reason is why a file could not be opened, without its name again.
func reason(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
