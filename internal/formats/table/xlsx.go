package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
)

// maxXLSX is how many characters a cell of a spreadsheet holds, as UTF-16.
const maxXLSX = excelize.TotalCellChars

// IsWorkbook says whether an archive is a spreadsheet.
func IsWorkbook(a *bounded.Archive) bool { return a.Has("xl/workbook.xml") }

// ReadXLSX reads the sheets of a workbook that have a header. Lines are rows
// of a sheet.
func ReadXLSX(a *bounded.Archive, r io.Reader, kahoot bool) (result bank.Result, err error) {
	formulas, err := checkWorkbook(a)
	if err != nil {
		return bank.Result{}, err
	}
	// The workbook's parser is not ours and reads what strangers made: where
	// it panics, the file is refused and the program goes on.
	defer func() {
		if recover() != nil {
			result, err = bank.Result{}, errWorkbook
		}
	}()
	book, err := excelize.OpenReader(r, excelize.Options{UnzipSizeLimit: bounded.MaxTotal, UnzipXMLSizeLimit: bounded.MaxTotal})
	if err != nil {
		return bank.Result{}, errWorkbook
	}
	defer book.Close()
	found := false
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && !visible {
			continue
		}
		rows, err := sheetRows(book, name, formulas)
		if err != nil {
			return bank.Result{}, err
		}
		if _, h := findHeader(rows, kahoot); h == nil {
			continue
		}
		found = true
		if err := fromRows(&result, rows, kahoot); err != nil {
			return bank.Result{}, err
		}
	}
	if !found {
		return bank.Result{}, fromRows(&result, nil, kahoot) // says what is missing
	}
	return result, nil
}

// sheetRows is the rows of a sheet as people see them.
func sheetRows(book *excelize.File, name string, formulas bool) ([]row, error) {
	it, err := book.Rows(name)
	if err != nil {
		return nil, nil // a chart, not a table
	}
	defer it.Close()
	var rows []row
	size := 0
	for n := 1; it.Next(); n++ {
		cells, err := it.Columns()
		if err != nil {
			return nil, errWorkbook
		}
		if len(cells) > maxCells {
			cells = cells[:maxCells]
		}
		filled := false
		for i, c := range cells {
			if c == "" && formulas {
				cells[i] = formulaText(book, name, i+1, n)
			}
			filled = filled || cells[i] != ""
			size += len(cells[i])
		}
		if size > maxTable {
			return nil, fmt.Errorf("the sheet %q has more text than is read", name)
		}
		if !filled {
			continue
		}
		if len(rows) == maxRows {
			return nil, fmt.Errorf("the sheet %q has more than %d rows", name, maxRows)
		}
		rows = append(rows, row{n, cells})
	}
	return rows, nil
}

// formulaText is the formula of a cell that has no value beside it, as text.
func formulaText(book *excelize.File, sheet string, column, line int) string {
	cell, err := excelize.CoordinatesToCellName(column, line)
	if err != nil {
		return ""
	}
	f, err := book.GetCellFormula(sheet, cell)
	if err != nil || f == "" {
		return ""
	}
	return "=" + f
}

// checkWorkbook bounds what the parser will make of the sheets, which repeat
// shared texts at no cost in the file, and says whether there are formulas.
func checkWorkbook(a *bounded.Archive) (formulas bool, err error) {
	const (
		maxShared = 256 << 10 // bytes between the beginnings of two shared texts
		maxAll    = 2_000_000 // cells of all sheets
	)
	total := 0
	for _, name := range a.Names() {
		shared := strings.EqualFold(name, "xl/sharedStrings.xml")
		sheet := strings.HasPrefix(strings.ToLower(name), "xl/worksheets/") && strings.HasSuffix(strings.ToLower(name), ".xml")
		if !shared && !sheet {
			continue
		}
		b, err := a.Read(name)
		if err != nil {
			return false, err
		}
		if bytes.Contains(b[:min(len(b), 4096)], []byte("<!DOCTYPE")) {
			return false, bounded.ErrDTD
		}
		if shared && longestBetween(b, "<si>", "<si ") > maxShared {
			return false, errors.New("the workbook has a text that is too long")
		}
		if !sheet {
			continue
		}
		formulas = formulas || bytes.Contains(b, []byte("<f>")) || bytes.Contains(b, []byte("<f "))
		// Two tags or more make a cell; four or more one with something in it.
		for _, row := range bytes.Split(b, []byte("<row")) {
			tags := bytes.Count(row, []byte("<"))
			if total += tags; tags > 6*maxCells || total > 6*maxAll {
				return false, errors.New("the workbook has too many cells")
			}
		}
	}
	return formulas, nil
}

// longestBetween is the greatest distance between two of the tags.
func longestBetween(b []byte, tags ...string) int {
	longest, from := 0, 0
	for i := range b {
		if b[i] != '<' {
			continue
		}
		for _, t := range tags {
			if bytes.HasPrefix(b[i:], []byte(t)) {
				longest, from = max(longest, i-from), i
			}
		}
	}
	return max(longest, len(b)-from)
}

// WriteXLSX writes a workbook of one sheet. All its cells are texts.
func WriteXLSX(w io.Writer, questions []bank.Question) ([]bank.Skipped, error) {
	s, left := sheetOf(questions, maxXLSX)
	book := excelize.NewFile()
	defer book.Close()
	const name = "Questions"
	if err := book.SetSheetName("Sheet1", name); err != nil {
		return nil, err
	}
	out, err := book.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	wrapped, err := book.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}, NumFmt: 49})
	if err != nil {
		return nil, err
	}
	if err := out.SetColWidth(1, len(s.header), 18); err != nil {
		return nil, err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return nil, err
	}
	for i, cells := range append([][]string{s.header}, s.rows...) {
		style := wrapped
		if i == 0 {
			style = bold
		}
		values := make([]any, len(cells))
		for k, c := range cells {
			if c != "" {
				values[k] = excelize.Cell{StyleID: style, Value: c}
			}
		}
		if err := out.SetRow(fmt.Sprintf("A%d", i+1), values); err != nil {
			return nil, err
		}
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	return left, book.Write(w)
}
