package server

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/internal/cell"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/wire"
)

// questions answers with a room's question board as CSV (RFC 4180), for its
// staff. The server makes it and not the page: a page holds the 200 questions
// that a snapshot shows, and a board may have 5,000.
func (s *Server) questions(w http.ResponseWriter, r *http.Request) {
	id, ok := s.roomOf(w, r)
	if !ok {
		return
	}
	who, err := s.Keys.Verify(bearer(r), auth.Room, id, time.Now())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var rows []qa.Row
	_, exists, err := s.House.Status(r.Context(), id)
	switch {
	case err != nil:
	case exists:
		rows, err = s.House.Questions(r.Context(), id, wire.Actor{User: who.User, Role: who.Role})
	case !who.Role.Staff():
		err = wire.ErrForbidden
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.makeDownload(w, r, "text/csv; charset=utf-8; header=present", "questions-"+string(id)+".csv", func(b *bytes.Buffer) error {
		writeQuestions(b, rows, s.texts[langOf(r.Header.Get("Accept-Language"))])
		return nil
	})
}

// questionColumns are the columns of the table, by the keys of their names.
var questionColumns = []string{"kind", "id", "question", "reply", "time", "by", "text", "state", "votes", "labels", "merged"}

// writeQuestions writes the table.
func writeQuestions(b *bytes.Buffer, rows []qa.Row, texts map[string]string) {
	w := cell.NewCSV(b)
	head := make([]string, len(questionColumns))
	for i, name := range questionColumns {
		head[i] = texts["qa.csv."+name]
	}
	w.Row(head)
	number := func(n uint64) string {
		if n == 0 {
			return ""
		}
		return strconv.FormatUint(n, 10)
	}
	for _, row := range rows {
		kind, by, state, votes := "question", row.By, texts["qa.state."+row.State], strconv.Itoa(row.Votes)
		if row.Question != 0 {
			kind, votes = "answer", ""
			if row.Answer != 0 {
				kind = "reply"
			}
			state = ""
		}
		if row.Anonymous {
			by = texts["qa.anonymous"]
		}
		w.Row([]string{
			texts["qa.csv.kind."+kind], number(row.ID), number(row.Question), number(row.Answer),
			row.At.Time().UTC().Format(time.RFC3339), cell.Text(by), cell.Text(row.Text), state, votes,
			cell.Text(strings.Join(row.Labels, ", ")), number(row.Into),
		})
	}
	_ = w.Flush() // a buffer takes everything
}
