package config

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// CheckSample holds the sample configuration in a file to the struct that dst
// points to: it has every option and no other, each with its default as the
// value and with a comment that says its doc and its unit. The error lists all
// that is wrong. It is meant for a test, so that the sample cannot grow old.
func CheckSample(dst any, file string) error {
	want, err := newTree(dst)
	if err != nil {
		return err
	}
	got, err := newTree(dst)
	if err != nil {
		return err
	}
	root, err := parseFile(file)
	if err != nil {
		return err
	}
	nodes := map[string]listed{}
	if root != nil {
		if err := got.readSection(file, "", root); err != nil {
			return err
		}
		list(nodes, "", root)
	}
	var wrong []error
	for i, o := range want.options {
		n, there := nodes[o.key]
		if !there {
			wrong = append(wrong, fmt.Errorf("%s: %s is missing", file, o.key))
			continue
		}
		where := at(file, n.value)
		if a, b := format(o.value, o.unit), format(got.options[i].value, o.unit); a != b {
			wrong = append(wrong, &Error{where, o.key, fmt.Sprintf("is %q; the default is %q", b, a)})
		}
		for _, says := range []string{o.doc, o.unit} {
			if !strings.Contains(words(n.comment), words(says)) {
				wrong = append(wrong, &Error{where, o.key, fmt.Sprintf("the comment does not say %q", says)})
			}
		}
		if n.comment == "" {
			wrong = append(wrong, &Error{where, o.key, "has no comment"})
		}
	}
	return errors.Join(wrong...)
}

// listed is an option as it stands in a file.
type listed struct {
	value   *yaml.Node
	comment string
}

// list finds all options below a section.
func list(into map[string]listed, key string, n *yaml.Node) {
	n = follow(n)
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		comment := strings.Join([]string{name.HeadComment, name.LineComment, value.HeadComment, value.LineComment}, "\n")
		sub := join(key, name.Value)
		into[sub] = listed{value, strings.TrimSpace(comment)}
		list(into, sub, value)
	}
}

// words drops what separates words in a comment: its signs, line ends, blanks.
func words(comment string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(comment, "#", " ")), " ")
}
