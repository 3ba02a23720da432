// Package gift reads and writes GIFT, Moodle's format for questions written
// in a text editor (docs.moodle.org, "GIFT format").
//
// Read: multiple choice with one or several right answers and partial
// weights, true or false, short answers, numbers with tolerances and ranges,
// matching, missing words, essays, descriptions, ordering, categories, the
// markup of texts, feedback to choices and in general, and the tags and ids in
// comments. Where Moodle gives a text neither plain nor HTML ("auto-format"),
// it is HTML if it has elements or entities in it, and plain otherwise.
//
// Not kept: feedback to an answer that is typed, and ids.
//
// GIFT cannot hold gaps, a choice question none of whose choices has 100 %
// although only one may be chosen, "->" in an accepted answer or in the left
// side of a pair: [Write] leaves such questions out and says so. It also cannot
// hold feedback to a description and markup in the right side of a pair; these
// are lost.
package gift

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// paragraph is the lines of one item, without its comments.
type paragraph struct {
	line  int // of the first that is no comment
	lines []string
	id    string
	tags  []string
}

// Read reads a file. What it cannot read is in the result's Skipped.
func Read(text string) bank.Result {
	var r bank.Result
	category := ""
	for _, p := range paragraphs(text) {
		if r.Full() {
			break
		}
		if rest, ok := p.category(); ok {
			category = bank.CategoryPath(rest)
			continue
		}
		q, err := question(strings.Join(p.lines, "\n"))
		if err != nil {
			id := p.id
			if id == "" {
				id = q.Title
			}
			r.Skip(p.line, id, err.Error())
			continue
		}
		q.Category, q.Tags = category, slices.Clone(p.tags)
		r.Add(q, p.line, p.id)
	}
	return r
}

// paragraphs parts a file at its blank lines, except within braces that close
// further down, and where one question directly follows another.
func paragraphs(text string) []paragraph {
	var out []paragraph
	all := blocks(text)
	for i := 0; i < len(all); i++ {
		if _, ok := all[i].category(); ok {
			out = append(out, all[i])
			continue
		}
		parts := apart(all[i])
		last := &parts[len(parts)-1]
		if n := closedBy(last.lines, all[i+1:]); n > 0 {
			for _, p := range all[i+1 : i+1+n] {
				last.lines = append(append(last.lines[:len(last.lines):len(last.lines)], ""), p.lines...)
				last.tags = append(last.tags, p.tags...)
			}
			i += n
		}
		out = append(out, parts...)
	}
	return out
}

// maxBlank is how many blank lines may be in one pair of braces.
const maxBlank = 50

// closedBy is how many of the next paragraphs belong to braces that are open
// at the end of lines: none where others open before these close.
func closedBy(lines []string, next []paragraph) int {
	begin, end := braces(lines)
	if begin <= end {
		return 0
	}
	for i, p := range next[:min(len(next), maxBlank)] {
		if _, ok := p.category(); ok {
			return 0
		}
		s := protect(strings.Join(p.lines, "\n"))
		open, shut := strings.IndexByte(s, '{'), strings.IndexByte(s, '}')
		switch {
		case shut >= 0 && (open < 0 || shut < open):
			return i + 1
		case open >= 0:
			return 0
		}
	}
	return 0
}

// braces is where the last { and the last } are.
func braces(lines []string) (begin, end int) {
	s := protect(strings.Join(lines, "\n"))
	return strings.LastIndexByte(s, '{'), strings.LastIndexByte(s, '}')
}

// category is what a paragraph sets the category to, if it does.
func (p *paragraph) category() (string, bool) { return strings.CutPrefix(p.lines[0], "$CATEGORY:") }

// blocks parts a file at its blank lines, and round its categories.
func blocks(text string) []paragraph {
	var out []paragraph
	var p paragraph
	end := func() {
		if len(p.lines) > 0 {
			out = append(out, p)
		}
		p = paragraph{}
	}
	n := 0
	for raw := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		n++
		line := strings.TrimSpace(raw)
		switch {
		case line == "":
			end()
		case strings.HasPrefix(line, "//"):
			p.comment(line)
		case strings.HasPrefix(line, "$CATEGORY:"):
			end()
			p = paragraph{line: n, lines: []string{line}}
			end()
		default:
			if len(p.lines) == 0 {
				p.line = n
			}
			p.lines = append(p.lines, line)
		}
	}
	end()
	return out
}

var idComment = regexp.MustCompile(`\[id:((?:\\\]|[^\]])+)\]`)

// comment takes the id and the tags that Moodle writes into comments.
func (p *paragraph) comment(line string) {
	unescape := strings.NewReplacer(`\]`, `]`, `\\`, `\`)
	if m := idComment.FindStringSubmatch(line); m != nil {
		p.id = strings.TrimSpace(unescape.Replace(m[1]))
	}
	for rest := line; ; {
		at := strings.Index(rest, "[tag:")
		if at < 0 {
			return
		}
		rest = rest[at+len("[tag:"):]
		var tag strings.Builder
		i := 0
		for ; i < len(rest) && rest[i] != ']'; i++ {
			if rest[i] == '\\' && i+1 < len(rest) && (rest[i+1] == ']' || rest[i+1] == '\\') {
				i++
			}
			tag.WriteByte(rest[i])
		}
		if i == len(rest) {
			return
		}
		p.tags = append(p.tags, tag.String())
		rest = rest[i+1:]
	}
}

// apart parts questions that follow one another without a blank line: where a
// line ends with a closing brace and braces open again further down.
func apart(p paragraph) []paragraph {
	lines := make([]string, len(p.lines))
	lastOpen := -1
	for i, l := range p.lines {
		if lines[i] = protect(l); strings.Contains(lines[i], "{") {
			lastOpen = i
		}
	}
	var out []paragraph
	from, answered := 0, false
	for i, l := range lines[:len(lines)-1] {
		answered = answered || strings.Contains(l, "{")
		ends := answered && strings.HasSuffix(strings.TrimRight(l, " .?!"), "}")
		next := lines[i+1]
		if ends && (lastOpen > i || strings.HasPrefix(next, "::")) {
			out = append(out, paragraph{line: p.line + from, lines: p.lines[from : i+1], id: p.id, tags: p.tags})
			from, answered = i+1, false
		}
	}
	return append(out, paragraph{line: p.line + from, lines: p.lines[from:], id: p.id, tags: p.tags})
}

// Escaped characters are controls while a question is taken apart.
const (
	escaped    = ":#={}~\n"
	escapedBy  = ":#={}~n"
	firstStand = '\x01'
)

// protect puts controls in the place of escaped characters.
func protect(s string) string {
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] == '\\' {
				out.WriteByte('\\')
				i++
				continue
			}
			if k := strings.IndexByte(escapedBy, s[i+1]); k >= 0 {
				out.WriteByte(firstStand + byte(k))
				i++
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// reveal puts the characters back and drops blanks round the text.
func reveal(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if k := r - firstStand; k >= 0 && int(k) < len(escaped) {
			return rune(escaped[k])
		}
		return r
	}, s))
}

var (
	errOpen   = errors.New("a { is not closed")
	errClosed = errors.New("a } has no { before it")
	errTwo    = errors.New(`it has more than one answer in braces; a brace in a text is written \{ or \}`)
)

// question reads one item. Where it fails the title may still be known.
func question(raw string) (bank.Question, error) {
	var q bank.Question
	text := protect(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, raw))
	if rest, ok := strings.CutPrefix(text, "::"); ok {
		text = rest
		if title, rest, ok := strings.Cut(rest, "::"); ok {
			q.Title, text = reveal(title), strings.TrimSpace(rest)
		}
	}
	begin, end := strings.IndexByte(text, '{'), strings.IndexByte(text, '}')
	switch {
	case begin < 0 && end < 0:
		p := &parser{q: &q}
		p.head(text)
		q.Type = bank.Description
		p.finish()
		return q, nil
	case end < 0:
		return q, errOpen
	case begin < 0 || end < begin:
		return q, errClosed
	}
	before, answers, after := text[:begin], strings.TrimSpace(text[begin+1:end]), text[end+1:]
	if strings.ContainsAny(after, "{}") || strings.Contains(answers, "{") {
		return q, errTwo
	}
	if strings.TrimSpace(after) != "" {
		before += "_____" + after
	}
	p := &parser{q: &q}
	p.head(before)
	if at := strings.LastIndex(answers, "####"); at >= 0 {
		p.piece(&q.Feedback, answers[at+4:])
		answers = strings.TrimSpace(answers[:at])
	}
	if err := p.answers(answers); err != nil {
		return q, err
	}
	p.finish()
	if q.Text == "" {
		q.Text = q.Title
	}
	return q, nil
}
