package server

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/exchange"
	"github.com/lyceum-live/lyceum/internal/formats/reason"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of files of questions.
const (
	maxImport     = 32 << 20         // bytes of a file that is read
	importWithin  = 60 * time.Second // for it to arrive
	importsAtOnce = 2                // files that are in memory at the same time
	maxQuestions  = 8 << 20          // bytes of questions that come as JSON
	maxLeftOut    = 10               // questions that a download's header names
)

// Why a file of questions is refused. The text is said again in the reader's
// language.
var (
	errFormatUnknown    = &wire.Error{Code: "formats.unknown", Text: "this is none of GIFT, Aiken, Moodle XML, QTI, Kahoot's spreadsheet, CSV or XLSX"}
	errFormatUnreadable = &wire.Error{Code: "formats.unreadable", Text: "the file is damaged, or in another format than was said"}
	errFormatEmpty      = &wire.Error{Code: "formats.empty", Text: "there are no questions in the file"}
	errFormatOld        = &wire.Error{Code: "formats.old", Text: "this is a spreadsheet of an old kind (.xls), or a locked one: save it as .xlsx"}
	errFormatBounds     = &wire.Error{Code: "formats.bounds", Text: "the file is too large, or packed or nested beyond reason"}
	errFormatDTD        = &wire.Error{Code: "formats.dtd", Text: "the XML declares a document type of its own, which is refused"}
	errFormatMany       = &wire.Error{Code: "formats.many", Text: "the file holds too many questions; split it"}
	errFormatNothing    = &wire.Error{Code: "formats.nothing", Text: "this format holds none of the questions"}
)

// importQuestions reads a file of questions and answers with what of it can be
// asked. Nothing is kept.
func (s *Server) importQuestions(w http.ResponseWriter, r *http.Request) {
	who, ok := s.staffOf(w, r)
	if !ok {
		return
	}
	format := formats.Format(cmp.Or(r.URL.Query().Get("format"), string(formats.Auto)))
	if !slices.Contains(formats.Readable, format) && format != formats.XLSX {
		s.fail(w, r, wire.ErrField.In("format"))
		return
	}
	if r.ContentLength > maxImport {
		s.fail(w, r, errTooLong)
		return
	}
	if !s.importing.allow(string(who.User), time.Now()) {
		s.fail(w, r, errRate)
		return
	}
	select {
	case s.imports <- struct{}{}:
		defer func() { <-s.imports }()
	default: // a class must not wait for somebody's files
		s.fail(w, r, wire.ErrBusy.After(2000))
		return
	}
	// A connection that cannot be given more time keeps the usual one.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(importWithin))
	b, err := readBody(w, r, maxImport)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	read, err := formats.ReadBytes("", b, format)
	if err == nil && len(read.Questions) > bank.MaxItems {
		err = errFormatMany
	}
	if err != nil {
		s.fail(w, r, refusedFile(err))
		return
	}
	lang := langOf(r.Header.Get("Accept-Language"))
	out := exchange.Import(read, exchange.SidesIn(lang))
	sayIn(lang, out.Skipped)
	for i := range out.Notes {
		out.Notes[i].Reason = reason.In(lang, out.Notes[i].Reason)
	}
	s.answer(w, out)
}

// sayIn puts reasons into a reader's language.
func sayIn(lang string, skipped []formats.Skipped) {
	for i := range skipped {
		skipped[i].Reason = reason.In(lang, skipped[i].Reason)
	}
}

// staffOf returns who asks, if they are on the staff of the path's room now.
func (s *Server) staffOf(w http.ResponseWriter, r *http.Request) (auth.Claims, bool) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return auth.Claims{}, false
	}
	who, err := s.Keys.Verify(bearer(r), auth.Room, id, time.Now())
	if err == nil {
		err = s.House.CheckStaff(r.Context(), id, wire.Actor{User: who.User, Role: who.Role})
	}
	if err != nil {
		s.fail(w, r, err)
		return auth.Claims{}, false
	}
	return who, true
}

// readBody reads a body of at most so many bytes.
func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return nil, errTooLong
	}
	if err != nil {
		return nil, wire.ErrMalformed
	}
	return b, nil
}

// refusedFile says why nothing of a file was read, as an error with a code.
func refusedFile(err error) error {
	for _, known := range []struct {
		is error
		as *wire.Error
	}{
		{errFormatMany, errFormatMany},
		{formats.ErrUnknown, errFormatUnknown}, {formats.ErrEmpty, errFormatEmpty}, {formats.ErrNone, errFormatEmpty},
		{formats.ErrOld, errFormatOld}, {formats.ErrTooMuch, errFormatBounds}, {formats.ErrDTD, errFormatDTD},
	} {
		if errors.Is(err, known.is) {
			return known.as
		}
	}
	if _, ok := errors.AsType[*formats.Error](err); ok {
		return errFormatUnreadable
	}
	return err
}

// exportQuestions writes questions that a page has to a file.
func (s *Server) exportQuestions(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.staffOf(w, r); !ok {
		return
	}
	format, ok := s.writable(w, r)
	if !ok {
		return
	}
	var body struct {
		Title     string       `json:"title"`
		Questions []quiz.Draft `json:"questions"`
	}
	if err := readLong(w, r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	clean, err := quiz.Create{Title: cmp.Or(strings.TrimSpace(body.Title), "quiz"), Questions: body.Questions}.Clean()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.download(w, r, format, clean.Title, clean.Questions)
}

// readLong decodes a JSON body that holds questions.
func readLong(w http.ResponseWriter, r *http.Request, v any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return errMedia
	}
	b, err := readBody(w, r, maxQuestions)
	if err != nil {
		return err
	}
	return wire.Decode(b, v)
}

// writable returns the format that a request wants.
func (s *Server) writable(w http.ResponseWriter, r *http.Request) (formats.Format, bool) {
	format := formats.Format(r.URL.Query().Get("format"))
	if !slices.Contains(formats.Writable, format) {
		s.fail(w, r, wire.ErrField.In("format"))
		return "", false
	}
	return format, true
}

// fileKinds are what a download is called and declared as.
var fileKinds = map[formats.Format]struct{ ext, kind string }{
	formats.GIFT:   {".gift", "text/plain; charset=utf-8"},
	formats.Moodle: {".xml", "application/xml"},
	formats.QTI:    {".zip", "application/zip"},
	formats.XLSX:   {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	formats.CSV:    {".csv", "text/csv; charset=utf-8; header=present"},
}

// download answers with questions as a file. What the file does not hold is
// said in a header, which a page reads: a download has no place for it.
func (s *Server) download(w http.ResponseWriter, r *http.Request, format formats.Format, title string, drafts []quiz.Draft) {
	questions, left, notes := exchange.Export(drafts)
	file := fileKinds[format]
	s.makeDownload(w, r, file.kind, fileName(title)+file.ext, func(b *bytes.Buffer) error {
		more, err := formats.Write(b, format, questions)
		if err != nil {
			return err
		}
		left = append(left, more...)
		sayIn(langOf(r.Header.Get("Accept-Language")), left)
		if len(left) >= len(drafts) {
			return errFormatNothing
		}
		said, err := wire.Encode(struct {
			Count   int               `json:"count"` // of questions that are not in the file
			Skipped []formats.Skipped `json:"skipped"`
			Notes   int               `json:"notes"` // of questions of which something is not
		}{len(left), left[:min(len(left), maxLeftOut)], len(notes)})
		if err != nil {
			return err
		}
		w.Header().Set("Lyceum-Left-Out", url.PathEscape(string(said)))
		return nil
	})
}

// fileName is a title as every system takes it for a file's name.
func fileName(title string) string {
	name := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return '-'
	}, title)
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	runes := []rune(strings.Trim(name, "-"))
	return cmp.Or(string(runes[:min(len(runes), 60)]), "questions")
}
