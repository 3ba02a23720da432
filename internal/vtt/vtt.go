// Package vtt writes and reads WebVTT (W3C, "WebVTT: The Web Video Text Tracks
// Format"), as far as captions need it: cues of plain text.
//
// What people wrote is data: nothing in it can end a cue or mark anything up.
// What is read may come from any program: styles, regions and notes are left
// out, and of marked-up text the words stay, with who speaks in front of them.
//
// It does no I/O.
package vtt

import (
	"errors"
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Cue is a text with the time in which it is shown, in milliseconds.
type Cue struct {
	Begin, End int64
	Text       string // lines without blank ones between them
}

// Type is the media type of a file.
const Type = "text/vtt; charset=utf-8"

// What is wrong with a file.
var (
	ErrHeader = errors.New("vtt: a file begins with a line WEBVTT")
	ErrTiming = errors.New("vtt: a cue's times are hh:mm:ss.mmm --> hh:mm:ss.mmm, and it ends after it begins")
)

// Write returns a file of cues. A cue without words, or one that ends before
// it begins, is left out.
func Write(cues []Cue) []byte {
	b := []byte("WEBVTT\n")
	for _, c := range cues {
		text := Clean(c.Text)
		if text == "" || c.Begin < 0 || c.End <= c.Begin {
			continue
		}
		b = append(b, '\n')
		b = append(b, Time(c.Begin)...)
		b = append(b, " --> "...)
		b = append(b, Time(c.End)...)
		b = append(b, '\n')
		b = append(b, escape.Replace(text)...)
		b = append(b, '\n')
	}
	return b
}

// escape takes their meaning from the characters of a cue's text that have
// one; with ">" goes the arrow that no text may hold.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// lineEnds makes one line end of all that the format knows.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\ufffd", "\ufeff", "")

// Clean returns text as a cue can hold it: without blank lines, which would
// end it, and without blanks at the ends of its lines.
func Clean(text string) string {
	text = lineEnds.Replace(strings.ToValidUTF8(text, "\ufffd"))
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// Time writes milliseconds as a timestamp.
func Time(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// Parse reads a whole file.
func Parse(file string) ([]Cue, error) {
	file = strings.TrimPrefix(file, "\ufeff")
	head, rest, _ := strings.Cut(lineEnds.Replace(file), "\n")
	if head != "WEBVTT" && !strings.HasPrefix(head, "WEBVTT ") && !strings.HasPrefix(head, "WEBVTT\t") {
		return nil, ErrHeader
	}
	if !strings.HasPrefix(rest, "\n") { // header lines reach to the first blank one
		_, rest, _ = strings.Cut(rest, "\n\n")
	}
	return ParseCues(rest)
}

// ParseCues reads cues alone, as they come live, without the head of a file.
func ParseCues(blocks string) ([]Cue, error) {
	var cues []Cue
	var block []string
	end := func() error {
		lines := block
		block = nil
		c, ok, err := parseBlock(lines)
		if ok && err == nil {
			cues = append(cues, c)
		}
		return err
	}
	for line := range strings.SplitSeq(lineEnds.Replace(blocks), "\n") {
		if line != "" {
			block = append(block, line)
			continue
		}
		if err := end(); err != nil {
			return nil, err
		}
	}
	if err := end(); err != nil {
		return nil, err
	}
	return cues, nil
}

// parseBlock reads one block; ok: it is a cue with words.
func parseBlock(lines []string) (c Cue, ok bool, err error) {
	if len(lines) == 0 {
		return c, false, nil
	}
	if !strings.Contains(lines[0], "-->") {
		switch word, _, _ := strings.Cut(lines[0], " "); word {
		case "NOTE", "STYLE", "REGION":
			return c, false, nil
		}
		lines = lines[1:] // its identifier
	}
	if len(lines) == 0 || !strings.Contains(lines[0], "-->") {
		return c, false, ErrTiming
	}
	from, rest, _ := strings.Cut(lines[0], "-->")
	to, _, _ := strings.Cut(strings.TrimLeft(rest, " \t"), " ") // then come settings, of where it is shown
	to, _, _ = strings.Cut(to, "\t")
	var began, ends bool
	c.Begin, began = readTime(strings.TrimSpace(from))
	c.End, ends = readTime(to)
	if !began || !ends || c.End <= c.Begin {
		return c, false, ErrTiming
	}
	for _, line := range lines[1:] {
		if strings.Contains(line, "-->") {
			return c, false, ErrTiming
		}
	}
	c.Text = Clean(plain(strings.Join(lines[1:], "\n")))
	return c, c.Text != "", nil
}

// readTime reads [hh:]mm:ss.mmm.
func readTime(s string) (ms int64, ok bool) {
	whole, thousandths, found := strings.Cut(s, ".")
	parts := strings.Split(whole, ":")
	if !found || len(thousandths) != 3 || len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	n := func(s string, least, most int) int64 {
		if len(s) < least || len(s) > most || strings.Trim(s, "0123456789") != "" {
			return -1
		}
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return -1
		}
		return v
	}
	hours := int64(0)
	if len(parts) == 3 {
		hours = n(parts[0], 2, 6)
	}
	minutes, seconds, rest := n(parts[len(parts)-2], 2, 2), n(parts[len(parts)-1], 2, 2), n(thousandths, 3, 3)
	if hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59 || rest < 0 {
		return 0, false
	}
	return ((hours*60+minutes)*60+seconds)*1000 + rest, true
}

// plain takes the words out of marked-up text: tags go, but for the name in a
// voice's.
func plain(marked string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(marked, "<")
		b.WriteString(html.UnescapeString(text))
		if !found {
			return b.String()
		}
		tag, after, _ := strings.Cut(rest, ">")
		if kind, name, named := strings.Cut(tag, " "); named && (kind == "v" || strings.HasPrefix(kind, "v.")) {
			if name = html.UnescapeString(strings.TrimSpace(name)); name != "" {
				b.WriteString(name + ": ")
			}
		}
		marked = after
	}
}

// Span is a piece of one timeline that is at another place in a second one:
// what is from From to To there begins at At here.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	At   int64 `json:"at"`
}

// least is how long what is left of a cue must be to be read, in milliseconds.
const least = 200

// Cut returns what of cues is in spans, at its times there. What goes on from
// one span into the next is two cues.
func Cut(cues []Cue, spans []Span) []Cue {
	var out []Cue
	for _, s := range spans {
		for _, c := range cues {
			from, to := max(c.Begin, s.From), min(c.End, s.To)
			if to-from >= least || to > from && to-from == c.End-c.Begin {
				out = append(out, Cue{from - s.From + s.At, to - s.From + s.At, c.Text})
			}
		}
	}
	return out
}

// Reading times, for cues that do not say when they end.
const (
	shortest = 1500
	aLetter  = 70 // milliseconds to read one
	longest  = 7000
)

// Reads is how long a text should be shown, in milliseconds, at least.
func Reads(text string) int64 {
	letters := 0.0
	for _, r := range text {
		letters++
		if r >= 0x2e80 { // a character of Chinese takes as long as two letters
			letters++
		}
	}
	return int64(math.Min(longest, shortest+letters*aLetter))
}
