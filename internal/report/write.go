package report

import (
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/lyceum-live/lyceum/internal/cell"
	"github.com/lyceum-live/lyceum/wire"
)

// Say returns the text of a key in the reader's language, or the key itself.
type Say func(key string) string

// WriteCSV writes a table as CSV: UTF-8 with a byte order mark, times in UTC
// (RFC 3339), no cell that a spreadsheet takes for a formula.
func WriteCSV(w io.Writer, t Table, say Say) error {
	out := cell.NewCSV(w)
	out.Row(header(t, say))
	var row []string
	for cells := range t.Rows {
		row = row[:0]
		for _, c := range cells {
			row = append(row, plain(c, say))
		}
		out.Row(row)
	}
	return out.Flush()
}

func header(t Table, say Say) []string {
	out := make([]string, len(t.Columns))
	for i, name := range t.Columns {
		out[i] = say("report.column." + name)
	}
	return out
}

// plain is a cell as text.
func plain(c any, say Say) string {
	switch c := c.(type) {
	case nil:
		return ""
	case string:
		return cell.Text(c)
	case Word:
		return say(string(c))
	case wire.Millis:
		return c.Time().UTC().Format(time.RFC3339)
	case float64:
		return strconv.FormatFloat(c, 'f', -1, 64)
	}
	return fmt.Sprint(c)
}

// Bounds of a sheet (Excel's specifications and limits).
const (
	sheetRows = 1_048_576
	sheetCell = 32_767 // UTF-16 code units
)

// WriteXLSX writes tables as a workbook with a sheet for each, whose numbers
// and times (UTC) are such. What has no room on a sheet is left out, and its
// last row says so.
func WriteXLSX(w io.Writer, tables []Table, say Say) (err error) {
	book := excelize.NewFile()
	defer func() {
		if closing := book.Close(); err == nil {
			err = closing
		}
	}()
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return fmt.Errorf("style: %w", err)
	}
	format := "yyyy-mm-dd hh:mm:ss"
	date, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return fmt.Errorf("style: %w", err)
	}
	for i, t := range tables {
		name := say("report.table." + t.Name)
		if i == 0 {
			err = book.SetSheetName(book.GetSheetName(0), name)
		} else {
			_, err = book.NewSheet(name)
		}
		if err == nil {
			err = writeSheet(book, name, t, say, bold, date)
		}
		if err != nil {
			return fmt.Errorf("sheet %s: %w", t.Name, err)
		}
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

func writeSheet(book *excelize.File, name string, t Table, say Say, bold, date int) error {
	out, err := book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := out.SetColWidth(1, len(t.Columns), 16); err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	var head []any
	for _, s := range header(t, say) {
		head = append(head, excelize.Cell{StyleID: bold, Value: s})
	}
	if err := out.SetRow("A1", head); err != nil {
		return err
	}
	at := 1
	for cells := range t.Rows {
		at++
		row := make([]any, len(cells))
		for i, c := range cells {
			row[i] = valued(c, say, date)
		}
		if at == sheetRows {
			row = []any{say("report.more")}
		}
		if err := out.SetRow("A"+strconv.Itoa(at), row); err != nil {
			return err
		}
		if at == sheetRows {
			break
		}
	}
	return out.Flush()
}

// valued is a cell as a workbook holds it.
func valued(c any, say Say, date int) any {
	switch c := c.(type) {
	case string:
		return clipped(cell.Text(c))
	case Word:
		return say(string(c))
	case wire.Millis:
		return excelize.Cell{StyleID: date, Value: c.Time().UTC()}
	}
	return c
}

// clipped is text as far as a cell has room for it.
func clipped(s string) string {
	if len(s) <= sheetCell {
		return s
	}
	units := 0
	for i, r := range s {
		if units += max(1, utf16.RuneLen(r)); units > sheetCell {
			return s[:i]
		}
	}
	return s
}
