package server

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/lyceum-live/lyceum/internal/auth"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/wire"
)

// bankRoutes are the addresses of question banks. A bank belongs to a person:
// whoever is on the staff of any room has one, and sees no other.
func (s *Server) bankRoutes() {
	s.mux.HandleFunc("GET /v1/bank/questions", s.banked(s.bankFind))
	s.mux.HandleFunc("POST /v1/bank/questions", s.banked(s.bankAdd))
	s.mux.HandleFunc("PUT /v1/bank/questions/{id}", s.banked(s.bankChange))
	s.mux.HandleFunc("DELETE /v1/bank/questions/{id}", s.banked(s.bankRemove))
	s.mux.HandleFunc("GET /v1/bank/tags", s.banked(s.bankTags))
	s.mux.HandleFunc("GET /v1/bank/draw", s.banked(s.bankDraw))
	s.mux.HandleFunc("GET /v1/bank/export", s.banked(s.bankExport))
}

// banked hands a request on with the bank's owner.
func (s *Server) banked(next func(w http.ResponseWriter, r *http.Request, owner wire.UserID) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		var who auth.Claims
		who, err := s.Keys.Staff(bearer(r), now)
		if err == nil && !s.banking.allow(string(who.User), now) {
			err = errRate
		}
		if err == nil {
			err = next(w, r, who.User)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

// bankFind answers with a page of the questions that fit.
func (s *Server) bankFind(w http.ResponseWriter, r *http.Request, owner wire.UserID) error {
	find, err := findOf(r.URL.Query())
	if err != nil {
		return err
	}
	items, total, err := s.Bank.FindQuestions(r.Context(), owner, find)
	if err != nil {
		return err
	}
	out := struct {
		Questions []bank.Item `json:"questions"`
		Total     int         `json:"total"`
		Next      uint64      `json:"next"` // what to give as before; 0: there are no more
	}{Questions: items, Total: total}
	if len(items) == find.Limit {
		out.Next = items[len(items)-1].ID
	}
	s.answer(w, out)
	return nil
}

// findOf reads what is looked for.
func findOf(q url.Values) (bank.Query, error) {
	find := bank.Find{Text: q.Get("q"), Tags: q["tag"], Type: quiz.Type(q.Get("type"))}
	var err error
	if find.Before, err = numberOf(q, "before", 64); err != nil {
		return bank.Query{}, err
	}
	limit, err := numberOf(q, "limit", 31)
	if err != nil {
		return bank.Query{}, err
	}
	find.Limit = int(limit)
	return find.Query()
}

func numberOf(q url.Values, name string, bits int) (uint64, error) {
	if q.Get(name) == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(q.Get(name), 10, bits)
	if err != nil {
		return 0, wire.ErrField.In(name)
	}
	return n, nil
}

// bankAdd puts questions in: all of them, or none.
func (s *Server) bankAdd(w http.ResponseWriter, r *http.Request, owner wire.UserID) error {
	var body struct {
		Questions []quiz.Draft `json:"questions"`
	}
	if err := readLong(w, r, &body); err != nil {
		return err
	}
	if len(body.Questions) == 0 || len(body.Questions) > bank.MaxBatch {
		return wire.ErrField.In("questions")
	}
	entries := make([]bank.Entry, len(body.Questions))
	for i, d := range body.Questions {
		var err error
		if entries[i], err = bank.NewEntry(d); err != nil {
			e := wire.Public(err)
			return e.In("questions[" + strconv.Itoa(i) + "]." + e.Field)
		}
	}
	items, fresh, err := s.Bank.AddQuestions(r.Context(), owner, wire.At(time.Now()), entries)
	if err != nil {
		return err
	}
	added := 0
	for _, new := range fresh {
		if new {
			added++
		}
	}
	s.answer(w, struct {
		Questions []bank.Item `json:"questions"` // what now stands for each one given
		Added     int         `json:"added"`
		Known     int         `json:"known"` // asked the same as others, and were left
	}{items, added, len(items) - added})
	return nil
}

// bankChange writes a question anew.
func (s *Server) bankChange(w http.ResponseWriter, r *http.Request, owner wire.UserID) error {
	id, err := bankID(r)
	if err != nil {
		return err
	}
	var draft quiz.Draft
	if err := readLong(w, r, &draft); err != nil {
		return err
	}
	entry, err := bank.NewEntry(draft)
	if err != nil {
		return err
	}
	item, err := s.Bank.ChangeQuestion(r.Context(), owner, wire.At(time.Now()), id, entry)
	if err != nil {
		return err
	}
	s.answer(w, item)
	return nil
}

// bankRemove takes a question out and answers with it, so that it can be put
// back.
func (s *Server) bankRemove(w http.ResponseWriter, r *http.Request, owner wire.UserID) error {
	id, err := bankID(r)
	if err != nil {
		return err
	}
	item, err := s.Bank.RemoveQuestion(r.Context(), owner, id)
	if err != nil {
		return err
	}
	s.answer(w, item)
	return nil
}

func bankID(r *http.Request) (uint64, error) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 63)
	if err != nil {
		return 0, wire.ErrNotFound
	}
	return id, nil
}

// bankTags answers with the tags and how many questions have each.
func (s *Server) bankTags(w http.ResponseWriter, r *http.Request, owner wire.UserID) error {
	tags, err := s.Bank.QuestionTags(r.Context(), owner)
	if err != nil {
		return err
	}
	s.answer(w, struct {
		Tags []bank.Tag `json:"tags"`
	}{tags})
	return nil
}

// bankDraw answers with some of the questions that fit, at random.
func (s *Server) bankDraw(w http.ResponseWriter, r *http.Request, owner wire.UserID) error {
	n, err := numberOf(r.URL.Query(), "n", 31)
	if err == nil && (n < 1 || n > wire.MaxAsked) {
		err = wire.ErrField.In("n")
	}
	if err != nil {
		return err
	}
	find, err := findOf(r.URL.Query())
	if err != nil {
		return err
	}
	ids, err := s.Bank.QuestionIDs(r.Context(), owner, find)
	if err != nil {
		return err
	}
	items, err := s.Bank.Questions(r.Context(), owner, bank.Draw(ids, int(n), rand.IntN))
	if err != nil {
		return err
	}
	s.answer(w, struct {
		Questions []bank.Item `json:"questions"`
		Of        int         `json:"of"` // how many there were to draw from
	}{items, len(ids)})
	return nil
}

// bankExport answers with all questions that fit as a file.
func (s *Server) bankExport(w http.ResponseWriter, r *http.Request, owner wire.UserID) error {
	format, ok := s.writable(w, r)
	if !ok {
		return nil
	}
	find, err := findOf(r.URL.Query())
	if err != nil {
		return err
	}
	var drafts []quiz.Draft
	for find.Limit = bank.MaxPage; ; {
		items, _, err := s.Bank.FindQuestions(r.Context(), owner, find)
		if err != nil {
			return err
		}
		for _, item := range items {
			drafts = append(drafts, item.Question)
		}
		if len(items) < find.Limit {
			break
		}
		find.Before = items[len(items)-1].ID
	}
	if len(drafts) == 0 {
		return errFormatNothing
	}
	s.download(w, r, format, cmp.Or(r.URL.Query().Get("title"), "question-bank"), drafts)
	return nil
}
