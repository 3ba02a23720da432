package table

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// row is one row of a table, with the line on which it begins.
type row struct {
	line  int
	cells []string
}

// Bounds of a table.
const (
	maxRows  = 100_000
	maxCells = 1024     // of one row
	maxCell  = 1 << 20  // bytes of one cell
	maxTable = 64 << 20 // bytes of all of them
)

// ReadCSV reads a table in which something parts the cells: a comma, a
// semicolon, a tab or a bar, whichever makes a header of the first rows. With
// kahoot it must be Kahoot's template.
func ReadCSV(text string, kahoot bool) (bank.Result, error) {
	delimiter, ok := delimiterOf(text)
	if !ok {
		return bank.Result{}, errNoHeader
	}
	var r bank.Result
	rows := parseCSV(text, delimiter, maxRows, &r)
	err := fromRows(&r, rows, kahoot)
	slices.SortStableFunc(r.Skipped, func(a, b bank.Skipped) int { return cmp.Compare(a.Line, b.Line) })
	return r, err
}

// LooksCSV says whether a text is a table of questions.
func LooksCSV(text string) bool {
	_, ok := delimiterOf(text)
	return ok
}

// delimiterOf is what parts the cells: what makes the most of the first rows'
// header.
func delimiterOf(text string) (byte, bool) {
	head := text[:min(len(text), 64<<10)]
	if rest, ok := strings.CutPrefix(strings.ToLower(head), "sep="); ok && rest != "" {
		return rest[0], true
	}
	best, known := byte(','), 0
	for _, d := range []byte{',', ';', '\t', '|'} {
		rows := parseCSV(head, d, maxAbove, &bank.Result{})
		if _, h := findHeader(rows, false); h != nil && h.known > known {
			best, known = d, h.known
		}
	}
	return best, known > 0
}

var (
	errQuote = errors.New("a quotation mark is not closed")
	errRows  = errors.New("the table has too many rows: the rest was not read")
)

// parseCSV parts a text into rows (RFC 4180, and what spreadsheets make of
// it: quotation marks within bare cells are taken as they are). A row whose
// quotation marks do not close is reported, and reading goes on at its next line.
func parseCSV(text string, delimiter byte, most int, report *bank.Result) []row {
	var rows []row
	line := 1
	if strings.HasPrefix(strings.ToLower(text[:min(len(text), 4)]), "sep=") {
		if _, rest, ok := strings.Cut(text, "\n"); ok {
			text, line = rest, 2
		}
	}
	for text != "" {
		cells, rest, lines, err := parseRow(text, delimiter)
		if err != nil {
			report.Skip(line, "", err.Error())
			_, rest, _ = strings.Cut(text, "\n")
			lines, cells = 1, nil
		}
		if len(cells) > 1 || len(cells) == 1 && strings.TrimSpace(cells[0]) != "" {
			if len(rows) == most {
				if most == maxRows {
					report.Skip(line, "", errRows.Error())
				}
				return rows
			}
			rows = append(rows, row{line, cells})
		}
		text, line = rest, line+lines
	}
	return rows
}

// parseRow parts the first row off a text and says how many lines it takes.
func parseRow(text string, delimiter byte) (cells []string, rest string, lines int, err error) {
	for {
		cell, after, breaks, err := parseCell(text, delimiter)
		if err != nil {
			return nil, "", 0, err
		}
		if lines += breaks; len(cells) < maxCells {
			cells = append(cells, cell)
		}
		if after == "" {
			return cells, "", lines + 1, nil
		}
		text = after[1:]
		switch {
		case after[0] == delimiter:
			continue
		case after[0] == '\r':
			text = strings.TrimPrefix(text, "\n")
		}
		return cells, text, lines + 1, nil
	}
}

// parseCell parts the first cell off a text; what is left begins with what
// ended it.
func parseCell(text string, delimiter byte) (cell, rest string, breaks int, err error) {
	ends := string(delimiter) + "\r\n"
	if !strings.HasPrefix(text, `"`) {
		at := strings.IndexAny(text, ends)
		if at < 0 {
			at = len(text)
		}
		return text[:at], text[at:], 0, nil
	}
	var out strings.Builder
	for text = text[1:]; ; {
		at := strings.IndexByte(text[:min(len(text), maxCell)], '"')
		if at < 0 || out.Len() > maxCell {
			return "", "", 0, errQuote
		}
		out.WriteString(text[:at])
		if text = text[at+1:]; !strings.HasPrefix(text, `"`) {
			break
		}
		out.WriteByte('"')
		text = text[1:]
	}
	cell = out.String()
	breaks = strings.Count(cell, "\n")
	// What stands between the closing mark and the end of the cell belongs to it.
	at := strings.IndexAny(text, ends)
	if at < 0 {
		at = len(text)
	}
	return cell + text[:at], text[at:], breaks, nil
}
