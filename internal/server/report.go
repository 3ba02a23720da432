package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/report"
	"github.com/lyceum-live/lyceum/wire"
)

// reportRoutes are those of what came of a class. All are for its staff.
func (s *Server) reportRoutes() {
	s.mux.HandleFunc("GET /v1/rooms/{room}/report", s.report)
	s.mux.HandleFunc("GET /v1/rooms/{room}/report/people/{user}", s.reportPerson)
	s.mux.HandleFunc("GET /v1/rooms/{room}/report.csv", s.reportTable)
	s.mux.HandleFunc("GET /v1/rooms/{room}/report.xlsx", s.reportBook)
	s.mux.HandleFunc("GET /report/{room}", s.page("report.html"))
}

// reported returns the room whose report is asked for, if whoever asks is of its
// staff now. A room in which nothing has happened yet has no log, and is
// not given one.
func (s *Server) reported(w http.ResponseWriter, r *http.Request) (id wire.RoomID, logged, ok bool) {
	id, ok = s.roomOf(w, r)
	if !ok {
		return "", false, false
	}
	who, err := s.Keys.Verify(bearer(r), auth.Room, id, time.Now())
	if err == nil {
		err = s.House.CheckStaff(r.Context(), id, wire.Actor{User: who.User, Role: who.Role})
	}
	if err == nil {
		_, logged, err = s.House.Status(r.Context(), id)
	}
	if err != nil {
		s.fail(w, r, err)
		return "", false, false
	}
	return id, logged, true
}

// report answers with a room's report, or with how far it has come (202) where
// the log is so long that it takes more than one request: the next goes on
// from there. A page that has the newest is told so (304).
func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	id, logged, ok := s.reported(w, r)
	if !ok {
		return
	}
	if !logged {
		s.answer(w, report.NewFold(id).Report())
		return
	}
	out, progress, err := s.reports.Report(r.Context(), id)
	if err != nil {
		s.unreported(w, r, err)
		return
	}
	if out == nil {
		w.Header().Set("Retry-After", "1")
		s.write(w, http.StatusAccepted, struct {
			Progress report.Progress `json:"progress"`
		}{progress})
		return
	}
	etag := fmt.Sprintf(`W/"%d-%d"`, out.Since, out.Seq)
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.zipped(w, r, out)
}

// unreported answers that there is no report, unless nobody waits for one any
// more: a page that is closed is no fault.
func (s *Server) unreported(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.fail(w, r, err)
	}
}

// zipped answers with data that may be long.
func (s *Server) zipped(w http.ResponseWriter, r *http.Request, data any) {
	const short = 4 << 10
	b, err := wire.Encode(data)
	if err != nil || len(b) < short || !takesGzip(r.Header.Get("Accept-Encoding")) {
		s.answer(w, data)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, err = z.Write(b)
	if closing := z.Close(); err == nil {
		err = closing
	}
	if err != nil {
		s.Log.Debug("report not taken", zap.Error(err))
	}
}

// reportPerson answers with what one person did.
func (s *Server) reportPerson(w http.ResponseWriter, r *http.Request) {
	id, logged, ok := s.reported(w, r)
	if !ok {
		return
	}
	var out report.Detail
	found := false
	if logged {
		if err := s.reports.Whole(r.Context(), id, func(f *report.Fold, _ *report.Report) error {
			out, found = f.Person(wire.UserID(r.PathValue("user")))
			return nil
		}); err != nil {
			s.unreported(w, r, err)
			return
		}
	}
	if !found {
		s.fail(w, r, wire.ErrNotFound.In("user"))
		return
	}
	s.answer(w, out)
}

// reportTable answers with one table of a report as CSV.
func (s *Server) reportTable(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("table")
	if !report.IsTable(name) {
		s.fail(w, r, wire.ErrField.In("table"))
		return
	}
	s.reportFile(w, r, "text/csv; charset=utf-8; header=present", name+".csv", func(out io.Writer, f *report.Fold, made *report.Report, say report.Say) error {
		t, _ := f.Table(made, name)
		return report.WriteCSV(out, t, say)
	})
}

// reportBook answers with all tables as a workbook.
func (s *Server) reportBook(w http.ResponseWriter, r *http.Request) {
	const kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	s.reportFile(w, r, kind, "report.xlsx", func(out io.Writer, f *report.Fold, made *report.Report, say report.Say) error {
		return report.WriteXLSX(out, f.Tables(made), say)
	})
}

// reportFile answers with a file that is made of a whole report.
func (s *Server) reportFile(w http.ResponseWriter, r *http.Request, kind, name string,
	write func(io.Writer, *report.Fold, *report.Report, report.Say) error,
) {
	id, logged, ok := s.reported(w, r)
	if !ok {
		return
	}
	texts := s.texts[langOf(r.Header.Get("Accept-Language"))]
	say := func(key string) string {
		if text := texts[key]; text != "" {
			return text
		}
		return key
	}
	s.makeDownload(w, r, kind, string(id)+"-"+name, func(b *bytes.Buffer) error {
		return s.whole(r.Context(), id, logged, func(f *report.Fold, made *report.Report) error { return write(b, f, made, say) })
	})
}

// whole gives look a room's report, an empty one where it has no log.
func (s *Server) whole(ctx context.Context, id wire.RoomID, logged bool, look func(*report.Fold, *report.Report) error) error {
	if !logged {
		f := report.NewFold(id)
		return look(f, f.Report())
	}
	return s.reports.Whole(ctx, id, look)
}
