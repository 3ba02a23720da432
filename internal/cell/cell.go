// Package cell makes text that people wrote harmless in the cells of tables
// that a spreadsheet will open.
//
// A spreadsheet takes a cell that begins like a formula for one, whoever wrote
// it (CSV injection). The rule is OWASP's
// (https://owasp.org/www-community/attacks/CSV_Injection): what begins with
// = + - @, a tab, a carriage return or a line feed, or with one of the four
// signs in another width, gets an apostrophe before it, and in CSV every cell
// stands in quotation marks, so that no text ends its cell. Blanks, marks that
// are not seen and apostrophes before the sign do not hide it: some programs
// drop them.
//
// Numbers and dates that the program itself writes need none of this.
package cell

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// breaks before all else begin a cell of their own in some programs.
const breaks = "\t\r\n"

// signs are what formulas begin with, in each of their widths (Unicode's
// compatibility forms of them).
const signs = "=+-@＝＋－＠﹦﹢﹣﹫"

// Text returns text that no spreadsheet takes for a formula: itself, or with
// an apostrophe before it.
func Text(s string) string {
	if Formula(s) {
		return "'" + s
	}
	return s
}

// Bare is the opposite of [Text].
func Bare(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && Formula(rest) {
		return rest
	}
	return s
}

// Formula reports whether a spreadsheet may take text for a formula.
func Formula(s string) bool {
	rest := strings.TrimLeftFunc(s, func(r rune) bool { return r == '\'' || unicode.IsSpace(r) || !unicode.IsPrint(r) })
	first, _ := utf8.DecodeRuneInString(rest)
	return strings.ContainsAny(s[:len(s)-len(rest)], breaks) || rest != "" && strings.ContainsRune(signs, first)
}

// CSV writes rows as CSV (RFC 4180) in UTF-8. It begins with a byte order
// mark, without which Excel takes UTF-8 for something else.
type CSV struct{ out *bufio.Writer }

// NewCSV begins a file.
func NewCSV(w io.Writer) CSV {
	c := CSV{bufio.NewWriter(w)}
	_, _ = c.out.WriteString("\ufeff") // an error stays with the writer, for Flush
	return c
}

// Row writes a row. What people wrote has gone through [Text] before.
func (c CSV) Row(cells []string) {
	for i, s := range cells {
		if i > 0 {
			_ = c.out.WriteByte(',')
		}
		_ = c.out.WriteByte('"')
		for {
			before, after, quoted := strings.Cut(s, `"`)
			_, _ = c.out.WriteString(before)
			if !quoted {
				break
			}
			_, _ = c.out.WriteString(`""`)
			s = after
		}
		_ = c.out.WriteByte('"')
	}
	_, _ = c.out.WriteString("\r\n")
}

// Flush ends the file and returns what went wrong, if anything did.
func (c CSV) Flush() error { return c.out.Flush() }
