package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/wire"
)

// bankWrites are the writer's statements about the question banks.
type bankWrites struct {
	find, known, count  stmt
	add, change, remove stmt
	addTag, dropTags    stmt
}

func (w *bankWrites) prepare(c conn) (err error) {
	for _, q := range []struct {
		into *stmt
		text string
	}{
		{&w.find, `SELECT at, data FROM bank_questions WHERE id = ? AND owner = ?`},
		{&w.known, `SELECT id, at, data FROM bank_questions WHERE owner = ? AND digest = ?`},
		{&w.count, `SELECT count(*) FROM bank_questions WHERE owner = ?`},
		{&w.add, `INSERT INTO bank_questions (owner, digest, type, at, search, data) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`},
		{&w.change, `UPDATE bank_questions SET digest = ?, type = ?, at = ?, search = ?, data = ? WHERE id = ?`},
		{&w.remove, `DELETE FROM bank_questions WHERE id = ?`},
		{&w.addTag, `INSERT INTO bank_tags (question, owner, folded, tag) VALUES (?, ?, ?, ?)`},
		{&w.dropTags, `DELETE FROM bank_tags WHERE question = ?`},
	} {
		if *q.into, err = c.prepare(q.text); err != nil {
			return fmt.Errorf("prepare %s: %w", q.text, err)
		}
	}
	return nil
}

// bankReads are the questions asked about the banks.
type bankReads struct {
	find, count, ids, items, tags *sql.Stmt
}

// bankWhere picks what fits a query: an owner, an id to be below, a type, and
// as many words and tags as a query may have. Each that is "" fits all.
var bankWhere = ` FROM bank_questions WHERE owner = ?1 AND id < ?2 AND (?3 = '' OR type = ?3)` +
	slots(bankTerms, bank.MaxTerms, ` AND (?%[1]d = '' OR instr(search, ?%[1]d) > 0)`) +
	slots(bankTags, quiz.MaxTags, ` AND (?%[1]d = '' OR EXISTS (SELECT 1 FROM bank_tags WHERE question = bank_questions.id AND folded = ?%[1]d))`)

// Where in bankWhere the words and the tags begin, and what follows them.
const (
	bankTerms = 4
	bankTags  = bankTerms + bank.MaxTerms
	bankLimit = bankTags + quiz.MaxTags
)

func slots(first, n int, text string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, text, first+i)
	}
	return out.String()
}

func (r *bankReads) prepare(ctx context.Context, db *sql.DB) (err error) {
	for _, q := range []struct {
		into **sql.Stmt
		text string
	}{
		{&r.find, `SELECT id, at, data` + bankWhere + fmt.Sprintf(` ORDER BY id DESC LIMIT ?%d`, bankLimit)},
		{&r.count, `SELECT count(*)` + bankWhere},
		{&r.ids, `SELECT id` + bankWhere},
		{&r.items, `SELECT id, at, data FROM bank_questions WHERE owner = ? AND id IN ` + placeholders(1, askAtOnce)},
		// The spelling of the oldest question that has it stands for a tag.
		{&r.tags, `SELECT tag, count(*), min(question) FROM bank_tags WHERE owner = ? GROUP BY folded ORDER BY count(*) DESC, folded`},
	} {
		if *q.into, err = db.PrepareContext(ctx, q.text); err != nil {
			return fmt.Errorf("prepare %s: %w", q.text, err)
		}
	}
	return nil
}

// AddQuestions puts questions into somebody's bank; see [bank.Store].
func (s *Store) AddQuestions(ctx context.Context, owner wire.UserID, at wire.Millis, questions []bank.Entry) (items []bank.Item, fresh []bool, err error) {
	data := make([][]byte, len(questions))
	for i, q := range questions {
		if data[i], err = wire.Encode(q.Question); err != nil {
			return nil, nil, fmt.Errorf("add to bank: %w", err)
		}
	}
	err = s.writer.do(ctx, &job{step: "add to bank", run: func(t *tx) error {
		items, fresh = make([]bank.Item, len(questions)), make([]bool, len(questions))
		same := map[[32]byte]int{} // the first of those given that ask the same
		added := 0
		for i, q := range questions {
			row, err := t.bank.known.row(string(owner), q.Digest[:])
			if err != nil {
				return err
			}
			if row != nil {
				items[i], err = bankItem(row[0], row[1], row[2])
				if err != nil {
					return err
				}
				continue
			}
			if _, twice := same[q.Digest]; !twice {
				same[q.Digest], fresh[i] = i, true
				added++
			}
		}
		if added > 0 {
			n, err := t.bank.count.number(string(owner))
			if err != nil {
				return err
			}
			if n+int64(added) > bank.MaxItems {
				return refuse(bank.ErrFull)
			}
		}
		for i, q := range questions {
			switch first, new := same[q.Digest]; {
			case fresh[i]:
				id, err := t.bank.add.number(string(owner), q.Digest[:], string(q.Type), int64(at), q.Search, data[i])
				if err != nil {
					return err
				}
				if err := t.tagQuestion(id, owner, q.Tags); err != nil {
					return err
				}
				items[i] = bank.Item{ID: uint64(id), At: at, Question: q.Question}
			case new:
				items[i] = items[first]
			}
		}
		t.rows += added
		return nil
	}})
	if err != nil {
		return nil, nil, err
	}
	return items, fresh, nil
}

func (t *tx) tagQuestion(id int64, owner wire.UserID, tags []bank.Tagged) error {
	for _, tag := range tags {
		if _, err := t.bank.addTag.exec(id, string(owner), tag.Folded, tag.Tag); err != nil {
			return err
		}
	}
	return nil
}

// ChangeQuestion writes a question of somebody's bank anew.
func (s *Store) ChangeQuestion(ctx context.Context, owner wire.UserID, at wire.Millis, id uint64, q bank.Entry) (item bank.Item, err error) {
	data, err := wire.Encode(q.Question)
	if err != nil {
		return bank.Item{}, fmt.Errorf("change in bank: %w", err)
	}
	err = s.writer.do(ctx, &job{step: "change in bank", run: func(t *tx) error {
		if row, err := t.bank.find.row(clipID(id), string(owner)); err != nil {
			return err
		} else if row == nil {
			return refuse(wire.ErrNotFound)
		}
		if other, err := t.bank.known.number(string(owner), q.Digest[:]); err != nil {
			return err
		} else if other != 0 && uint64(other) != id {
			return refuse(bank.ErrKnown)
		}
		if _, err := t.bank.change.exec(q.Digest[:], string(q.Type), int64(at), q.Search, data, clipID(id)); err != nil {
			return err
		}
		if _, err := t.bank.dropTags.exec(clipID(id)); err != nil {
			return err
		}
		t.rows++
		return t.tagQuestion(clipID(id), owner, q.Tags)
	}})
	if err != nil {
		return bank.Item{}, err
	}
	return bank.Item{ID: id, At: at, Question: q.Question}, nil
}

// RemoveQuestion takes a question out of somebody's bank and returns it.
func (s *Store) RemoveQuestion(ctx context.Context, owner wire.UserID, id uint64) (item bank.Item, err error) {
	err = s.writer.do(ctx, &job{step: "remove from bank", run: func(t *tx) error {
		row, err := t.bank.find.row(clipID(id), string(owner))
		if err != nil {
			return err
		}
		if row == nil {
			return refuse(wire.ErrNotFound)
		}
		if item, err = bankItem(clipID(id), row[0], row[1]); err != nil {
			return err
		}
		if _, err := t.bank.dropTags.exec(clipID(id)); err != nil {
			return err
		}
		t.rows++
		_, err = t.bank.remove.exec(clipID(id))
		return err
	}})
	if err != nil {
		return bank.Item{}, err
	}
	return item, nil
}

// FindQuestions returns a page of somebody's questions and how many fit.
func (s *Store) FindQuestions(ctx context.Context, owner wire.UserID, find bank.Query) (items []bank.Item, total int, err error) {
	args := bankArgs(owner, find)
	rows, err := s.reads.bank.find.QueryContext(ctx, append(args, find.Limit)...)
	if items, err = bankItems(rows, err); err != nil {
		return nil, 0, failure("find in bank", err)
	}
	args[1] = int64(math.MaxInt64) // on all pages
	if err := s.reads.bank.count.QueryRowContext(ctx, args...).Scan(&total); err != nil {
		return nil, 0, failure("find in bank", err)
	}
	return items, total, nil
}

// QuestionIDs returns the ids of somebody's questions that fit.
func (s *Store) QuestionIDs(ctx context.Context, owner wire.UserID, find bank.Query) ([]uint64, error) {
	rows, err := s.reads.bank.ids.QueryContext(ctx, bankArgs(owner, find)...)
	ids, err := collect(rows, err, func(id *uint64) []any { return []any{id} })
	return ids, failure("find in bank", err)
}

// Questions returns those of somebody's questions, in the order of the ids.
func (s *Store) Questions(ctx context.Context, owner wire.UserID, ids []uint64) ([]bank.Item, error) {
	found := map[uint64]bank.Item{}
	for first := 0; first < len(ids); first += askAtOnce {
		args := []any{string(owner)}
		for i := range askAtOnce {
			args = append(args, clipID(ids[min(first+i, len(ids)-1)])) // the last one again fills it up
		}
		rows, err := s.reads.bank.items.QueryContext(ctx, args...)
		items, err := bankItems(rows, err)
		if err != nil {
			return nil, failure("read bank", err)
		}
		for _, item := range items {
			found[item.ID] = item
		}
	}
	var out []bank.Item
	for _, id := range ids {
		if item, ok := found[id]; ok {
			out = append(out, item)
		}
	}
	return out, nil
}

// QuestionTags returns the tags of somebody's bank, the most frequent first.
func (s *Store) QuestionTags(ctx context.Context, owner wire.UserID) ([]bank.Tag, error) {
	rows, err := s.reads.bank.tags.QueryContext(ctx, string(owner))
	tags, err := collect(rows, err, func(t *bank.Tag) []any { return []any{&t.Tag, &t.Count, new(int64)} })
	return tags, failure("read tags", err)
}

// bankArgs fills in bankWhere.
func bankArgs(owner wire.UserID, find bank.Query) []any {
	args := make([]any, bankLimit-1, bankLimit)
	args[0], args[1], args[2] = string(owner), clipID(find.Before), string(find.Type)
	for i := range args[3:] {
		args[3+i] = ""
	}
	for i, term := range find.Terms[:min(len(find.Terms), bank.MaxTerms)] {
		args[bankTerms-1+i] = term
	}
	for i, tag := range find.Tags[:min(len(find.Tags), quiz.MaxTags)] {
		args[bankTags-1+i] = tag
	}
	return args
}

// clipID is an id as SQLite holds it; one that is larger names nothing.
func clipID(id uint64) int64 { return int64(min(id, math.MaxInt64)) }

func bankItems(rows *sql.Rows, err error) ([]bank.Item, error) {
	type stored struct {
		id, at int64
		data   []byte
	}
	found, err := collect(rows, err, func(s *stored) []any { return []any{&s.id, &s.at, &s.data} })
	if err != nil {
		return nil, err
	}
	items := make([]bank.Item, len(found))
	for i, s := range found {
		if items[i], err = bankItem(s.id, s.at, s.data); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// bankItem reads a row.
func bankItem(id, at, data driver.Value) (item bank.Item, err error) {
	n, errID := as[int64](id)
	when, errAt := as[int64](at)
	b, errData := as[[]byte](data)
	if err := errors.Join(errID, errAt, errData); err != nil {
		return bank.Item{}, err
	}
	item.ID, item.At = uint64(n), wire.Millis(when)
	if err := wire.Decode(b, &item.Question); err != nil {
		return bank.Item{}, fmt.Errorf("%w: question %d of a bank: %w", ErrDamaged, n, err)
	}
	return item, nil
}
