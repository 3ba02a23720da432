// Package formats reads banks of questions in the formats that teachers have
// them in, and writes them.
//
//	GIFT, Aiken, Moodle XML, QTI 1.2 2.0 2.1 2.2 3.0, Kahoot's spreadsheet,
//	CSV and XLSX                                         → [Read]
//	[Write] → GIFT, Moodle XML, QTI 2.2, XLSX, CSV
//
// The subpackages say what each format can hold and what is skipped. One bad
// item never stops the rest: it is in the result's Skipped with its line and
// the reason. A file that is none of these, or may not be read (too large,
// packed beyond reason, with a document type of its own), is an [Error], and
// then nothing of it was read.
//
// Written and read again, questions are the same, as far as the format holds
// them:
//
//	                    GIFT   Moodle XML   QTI 2.2   XLSX, CSV
//	gaps                 no       yes         yes       yes
//	feedback             ¹        yes         yes       yes
//	HTML                 yes      yes         ²         yes
//	markup in pairs      ³        ³           yes       yes
//	more than 26 choices yes      yes         yes       no
//	tags, category       yes      yes         yes       yes
//
// ¹ not to a description; ² with another spelling; ³ not on the right side.
// Beyond that GIFT has no place for a single choice none of which has 100 %
// and for "->" in an accepted answer or a left side. What a format cannot hold
// at all is left out by Write and said; nothing is written in half.
//
// HTML is as its author wrote it. A page must clean it before it shows it.
package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/aiken"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/gift"
	"github.com/lyceum-live/lyceum/internal/formats/moodle"
	"github.com/lyceum-live/lyceum/internal/formats/qti"
	"github.com/lyceum-live/lyceum/internal/formats/table"
)

// What is read and written; see [bank].
type (
	Question = bank.Question
	Choice   = bank.Choice
	Accept   = bank.Accept
	Range    = bank.Range
	Pair     = bank.Pair
	Skipped  = bank.Skipped
	Result   = bank.Result
)

// Format is a way of writing questions down.
type Format string

// The formats. Auto is whichever a file is in.
const (
	Auto   Format = "auto"
	GIFT   Format = "gift"
	Aiken  Format = "aiken"
	Moodle Format = "moodlexml"
	QTI    Format = "qti"
	Kahoot Format = "kahoot"
	CSV    Format = "csv"  // read: XLSX too
	XLSX   Format = "xlsx" // written; read as CSV is
)

// Readable is the formats that can be asked for when reading.
var Readable = []Format{Auto, GIFT, Aiken, Moodle, QTI, Kahoot, CSV}

// Writable is the formats that can be written.
var Writable = []Format{GIFT, Moodle, QTI, XLSX, CSV}

// MaxFile is how many bytes a file may have.
const MaxFile = bounded.MaxFile

// Error says why nothing of a file was read, in one line for whoever gave it.
type Error struct {
	Name string
	Err  error
}

func (e *Error) Error() string {
	if e.Name == "" {
		return e.Err.Error()
	}
	return e.Name + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Why nothing of a file was read, where it can be told by more than words.
var (
	ErrUnknown = errors.New("this is none of GIFT, Aiken, Moodle XML, QTI, Kahoot's spreadsheet, CSV or XLSX")
	ErrEmpty   = errors.New("the file is empty")
	ErrNone    = errors.New("there are no questions in it")
	ErrOld     = errors.New("this is a spreadsheet of an old kind (.xls), or a locked one: save it as .xlsx")
	ErrTooMuch = bounded.ErrTooMuch // too large, or packed beyond reason
	ErrDTD     = bounded.ErrDTD     // XML with a document type of its own
)

// Read reads a file. Its name is only for telling about it. The size is
// checked before anything is read.
func Read(name string, file io.ReaderAt, size int64, format Format) (Result, error) {
	r, err := read(file, size, format)
	if err == nil && r.Full() {
		err = fmt.Errorf("the file holds %d questions or more: %w", bank.MaxItems, ErrTooMuch)
	}
	if err != nil {
		return Result{}, &Error{name, err}
	}
	return r, nil
}

// ReadBytes reads a file that is in memory.
func ReadBytes(name string, b []byte, format Format) (Result, error) {
	return Read(name, bytes.NewReader(b), int64(len(b)), format)
}

func read(file io.ReaderAt, size int64, format Format) (Result, error) {
	if err := bounded.CheckSize(size); err != nil {
		return Result{}, err
	}
	magic := make([]byte, min(size, 4))
	if _, err := file.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return Result{}, err
	}
	switch {
	case size == 0:
		return Result{}, ErrEmpty
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")), bytes.HasPrefix(magic, []byte("PK\x05\x06")):
		return readArchive(file, size, format)
	case bytes.HasPrefix(magic, []byte("\xd0\xcf\x11\xe0")):
		return Result{}, ErrOld
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, size), b); err != nil {
		return Result{}, err
	}
	text, err := bounded.Text(b)
	if err != nil {
		return Result{}, ErrUnknown
	}
	return readText(text, format)
}

// readArchive reads a spreadsheet or a content package.
func readArchive(file io.ReaderAt, size int64, format Format) (Result, error) {
	a, err := bounded.OpenArchive(file, size)
	if err != nil {
		return Result{}, err
	}
	book := table.IsWorkbook(a)
	whole := io.NewSectionReader(file, 0, size)
	switch {
	case format == Kahoot && book:
		return table.ReadXLSX(a, whole, true)
	case (format == Auto || format == CSV || format == XLSX) && book:
		return table.ReadXLSX(a, whole, false)
	case (format == Auto || format == QTI) && !book:
		r, err := qti.ReadPackage(a)
		if err == nil && len(r.Questions)+len(r.Skipped) == 0 {
			return Result{}, ErrUnknown
		}
		return r, err
	}
	return Result{}, notIn(format)
}

func notIn(format Format) error {
	return fmt.Errorf("this is not %s", map[Format]string{
		GIFT: "GIFT", Aiken: "Aiken", Moodle: "Moodle XML", QTI: "QTI", Kahoot: "Kahoot's spreadsheet", CSV: "CSV or XLSX", XLSX: "XLSX",
	}[format])
}

// readText reads what is text of some kind.
func readText(text string, format Format) (Result, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return Result{}, ErrEmpty
	}
	root := ""
	if strings.HasPrefix(trimmed, "<") {
		var err error
		if root, err = bounded.Root(text); err != nil && format != GIFT {
			return Result{}, err
		}
	}
	if format == Auto {
		if format = guess(text, root); format == Auto {
			return Result{}, ErrUnknown
		}
	}
	r, err := readAs(text, root, format)
	if err == nil && len(r.Questions)+len(r.Skipped) == 0 {
		return Result{}, ErrNone
	}
	return r, err
}

func readAs(text, root string, format Format) (Result, error) {
	switch format {
	case GIFT:
		return gift.Read(text), nil
	case Aiken:
		if !aiken.Looks(text) {
			return Result{}, notIn(format)
		}
		return aiken.Read(text), nil
	case Moodle:
		if root != "quiz" && root != "question" {
			return Result{}, notIn(format)
		}
		return moodle.Read(text)
	case QTI:
		if !qti.IsRoot(root) {
			return Result{}, notIn(format)
		}
		return qti.Read(text)
	case CSV, Kahoot:
		return table.ReadCSV(text, format == Kahoot)
	case XLSX:
		return Result{}, notIn(format)
	}
	return Result{}, fmt.Errorf("the format %q is not known", format)
}

// guess is the format of a text, or Auto where it is none.
func guess(text, root string) Format {
	switch {
	case root == "quiz":
		return Moodle
	case qti.IsRoot(root):
		return QTI
	case root != "" && !gift.Looks(text):
		return Auto
	case aiken.Looks(text):
		return Aiken
	case table.LooksCSV(text):
		return CSV
	case gift.Looks(text):
		return GIFT
	}
	return Auto
}

// Write writes questions. It returns those that the format cannot hold, with
// the reason: they are left out.
func Write(w io.Writer, format Format, questions []Question) ([]Skipped, error) {
	switch format {
	case GIFT:
		return gift.Write(w, questions)
	case Moodle:
		return moodle.Write(w, questions)
	case QTI:
		return qti.Write(w, questions)
	case XLSX:
		return table.WriteXLSX(w, questions)
	case CSV:
		return table.WriteCSV(w, questions)
	}
	return nil, fmt.Errorf("formats: %q cannot be written", format)
}
