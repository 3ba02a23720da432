package bounded

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// Node is an element of XML, or a text where Name is empty. What is asked of a
// nil one is not there.
type Node struct {
	Name     string // without its prefix
	Space    string // its namespace
	Attrs    []xml.Attr
	Children []*Node
	Text     string
	Line     int
}

// Attr is the value of an attribute, or nothing.
func (n *Node) Attr(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// Child is the first child element of a name, or nil.
func (n *Node) Child(name string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// All is the child elements of a name.
func (n *Node) All(name string) []*Node {
	if n == nil {
		return nil
	}
	var out []*Node
	for _, c := range n.Children {
		if c.Name == name {
			out = append(out, c)
		}
	}
	return out
}

// Walk visits n and all below it, and not below where visit says no.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, c := range n.Children {
		c.Walk(visit)
	}
}

// Find is all elements of a name in n, in the document's order.
func (n *Node) Find(name string) []*Node {
	var out []*Node
	n.Walk(func(c *Node) bool {
		if c.Name == name {
			out = append(out, c)
		}
		return true
	})
	return out
}

// Content is all text in n.
func (n *Node) Content() string {
	var s strings.Builder
	n.Walk(func(c *Node) bool {
		s.WriteString(c.Text)
		return true
	})
	return s.String()
}

// Root is the name of a document's first element; it is empty where s is no XML.
func Root(s string) (string, error) {
	d := newDecoder(s)
	for {
		tok, err := d.Token()
		if err != nil {
			return "", nil
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			return tok.Name.Local, nil
		case xml.Directive:
			if err := checkDirective(tok); err != nil {
				return "", err
			}
		}
	}
}

// Document reads a whole document.
func Document(s string) (*Node, error) {
	d := newDecoder(s)
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("there is no XML in it")
		}
		if err != nil {
			return nil, plainError(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			return element(d, tok, 0)
		case xml.Directive:
			if err := checkDirective(tok); err != nil {
				return nil, err
			}
		}
	}
}

// Items calls each for every element of a name, and broken for what could not
// be read of one; reading then goes on at the next one. A document type ends
// it with [ErrDTD], and more than [bank.MaxItems] of them with an
// [ErrTooMuch]. Text that breaks off again and again is given up: no more
// than a few times its length is read.
func Items(s, name string, each func(*Node), broken func(line int, err error)) error {
	next := regexp.MustCompile(`<(?:[A-Za-z_][\w.-]*:)?` + regexp.QuoteMeta(name) + `[\s>/]`)
	from, line, budget, left := 0, 0, 4*len(s)+1<<20, bank.MaxItems
	for {
		stopped, err := items(s[from:], name, line, &left, each)
		if err == nil || errors.Is(err, ErrDTD) || errors.Is(err, errMany) {
			return err
		}
		if stopped.inside || from == 0 {
			broken(stopped.line, plainError(err))
		}
		if budget -= stopped.read; budget < 0 {
			broken(stopped.line, errors.New("the XML breaks off too often: the rest was not read"))
			return nil
		}
		at := min(from+stopped.offset+1, len(s))
		again := next.FindStringIndex(s[at:])
		if again == nil {
			return nil
		}
		line += strings.Count(s[from:at+again[0]], "\n")
		from = at + again[0]
	}
}

// stop is where reading ended: in which item, or between items.
type stop struct {
	offset, line int // of the item, or of what broke
	read         int
	inside       bool
}

// errMany says that a file has more items than are read.
var errMany = errMuch("the file holds more than %d questions", bank.MaxItems)

// items reads on to the end or to what is broken; left is how many may come.
func items(s, name string, before int, left *int, each func(*Node)) (at stop, err error) {
	d := newDecoder(s)
	defer func() { at.read = int(d.InputOffset()) }()
	depth := 0
	for {
		at = stop{offset: int(d.InputOffset())}
		tok, err := d.Token()
		l, _ := d.InputPos()
		at.line = before + l
		if errors.Is(err, io.EOF) {
			return at, nil
		}
		if err != nil {
			return at, err
		}
		switch tok := tok.(type) {
		case xml.Directive:
			if err := checkDirective(tok); err != nil {
				return at, err
			}
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if tok.Name.Local != name {
				if depth++; depth > MaxDepth {
					return at, errDeep
				}
				continue
			}
			at.inside = true
			n, err := element(d, tok, before)
			if err != nil {
				return at, err
			}
			if *left--; *left < 0 {
				return at, errMany
			}
			each(n)
		}
	}
}

var errDeep = errMuch("the XML is more than %d elements deep", MaxDepth)

// element reads what belongs to start, whose tag was just read.
func element(d *xml.Decoder, start xml.StartElement, before int) (*Node, error) {
	line, _ := d.InputPos()
	root := &Node{Name: start.Name.Local, Space: start.Name.Space, Attrs: start.Copy().Attr, Line: before + line}
	path := []*Node{root}
	for count := 0; ; count++ {
		if count > MaxNodes {
			return nil, errors.New("the XML has too many elements in one item")
		}
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the XML breaks off")
		}
		if err != nil {
			return nil, err
		}
		top := path[len(path)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			if len(path) >= MaxDepth {
				return nil, errDeep
			}
			line, _ := d.InputPos()
			n := &Node{Name: tok.Name.Local, Space: tok.Name.Space, Attrs: tok.Copy().Attr, Line: before + line}
			top.Children = append(top.Children, n)
			path = append(path, n)
		case xml.EndElement:
			if path = path[:len(path)-1]; len(path) == 0 {
				return root, nil
			}
		case xml.CharData:
			top.Children = append(top.Children, &Node{Text: string(tok), Line: top.Line})
		case xml.Directive:
			return nil, ErrDTD
		}
	}
}

// newDecoder reads s, which is UTF-8 whatever it declares.
func newDecoder(s string) *xml.Decoder {
	d := xml.NewDecoder(strings.NewReader(s))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	d.Entity = xml.HTMLEntity
	return d
}

// knownDTD is the document type that QTI 1.2 has its files name. It is passed
// over: nothing is fetched and it declares nothing here.
var knownDTD = regexp.MustCompile(`^DOCTYPE\s+questestinterop(\s+(SYSTEM\s+|PUBLIC\s+("[^"]*"|'[^']*')\s+)("[^"]*ims_qtiasiv1p[^"]*\.dtd"|'[^']*ims_qtiasiv1p[^']*\.dtd'))?\s*$`)

func checkDirective(d xml.Directive) error {
	if knownDTD.Match(d) {
		return nil
	}
	return ErrDTD
}

// plainError is what a person is told of a syntax error; its line is told
// beside it.
func plainError(err error) error {
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return fmt.Errorf("the XML is broken: %s", syntax.Msg)
	}
	return err
}
