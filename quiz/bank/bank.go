// Package bank keeps questions for later: each teacher has one bank, which
// goes with them from class to class.
//
// An [Item] is a question as it is written for a quiz, with its tags. A bank
// holds a question once: two that ask the same and take the same answers are
// one ([Digest]), whatever they are worth, how long they may take and how they
// are tagged. Tags are compared as people read them ([Fold]), and shown as
// they were first written.
//
// The package does no I/O, reads no clock and draws no lots: ids and times come
// from the [Store] and its caller, chance from the caller of [Draw]. A bank is
// never part of a class's log: what is asked in a class is a copy.
package bank

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of a bank.
const (
	MaxItems = 5000 // questions of one person
	MaxBatch = 100  // that are put in at once: no class waits long for their transaction
	MaxPage  = 100  // that are read at once
	MaxTerms = 8    // words that are searched for
)

// Refusals.
var (
	ErrFull  = &wire.Error{Code: "bank.full", Text: "the question bank is full"}
	ErrKnown = &wire.Error{Code: "bank.known", Text: "this question is in the bank already"}
)

// Item is a question that is kept.
type Item struct {
	ID       uint64      `json:"id"`
	At       wire.Millis `json:"at"` // when it was last written
	Question quiz.Draft  `json:"question"`
}

// Find says which questions are meant: those that fit all of it. The zero
// value means all.
type Find struct {
	Text   string    // words, each of which is in the question, its answers or its tags
	Tags   []string  // all of which it has
	Type   quiz.Type // [quiz.TypeChoice] for those that say none; "": any
	Before uint64    // an id: older ones; 0: the newest
	Limit  int       // at most so many; 0: [MaxPage]
}

// Tag is a tag with how many questions have it.
type Tag struct {
	Tag   string `json:"tag"`
	Count int    `json:"count"`
}

// Store keeps the banks. Nobody's bank is seen through another's name.
//
// Add puts questions in that are not there and returns, for each one given, the
// item that now stands for it and whether it is new; all or, with [ErrFull],
// none. Change writes one anew: [wire.ErrNotFound] where there is none,
// [ErrKnown] where another item asks the same. Remove takes one out and returns
// it, or [wire.ErrNotFound].
//
// Items are found newest id first; total is how many fit, on all pages. IDs is
// those of all that fit, in no order, and Items the items of ids, in their
// order, without those that are gone. Ids are not used again.
type Store interface {
	AddQuestions(ctx context.Context, owner wire.UserID, at wire.Millis, questions []Entry) (items []Item, fresh []bool, err error)
	ChangeQuestion(ctx context.Context, owner wire.UserID, at wire.Millis, id uint64, question Entry) (Item, error)
	RemoveQuestion(ctx context.Context, owner wire.UserID, id uint64) (Item, error)
	FindQuestions(ctx context.Context, owner wire.UserID, find Query) (items []Item, total int, err error)
	QuestionIDs(ctx context.Context, owner wire.UserID, find Query) ([]uint64, error)
	Questions(ctx context.Context, owner wire.UserID, ids []uint64) ([]Item, error)
	QuestionTags(ctx context.Context, owner wire.UserID) ([]Tag, error)
}

// Entry is a question as a store keeps it, with what it is found by.
type Entry struct {
	Question quiz.Draft // clean
	Type     quiz.Type  // never ""
	Digest   [32]byte
	Search   string // folded
	Tags     []Tagged
}

// Tagged is a tag with what it is compared by.
type Tagged struct{ Tag, Folded string }

// Query is a [Find] as a store answers it: folded and within bounds.
type Query struct {
	Terms  []string
	Tags   []string
	Type   quiz.Type // "": any
	Before uint64    // always set
	Limit  int       // always set
}

// NewEntry cleans a question and says what it is found by, or which field of it
// is wrong.
func NewEntry(d quiz.Draft) (Entry, error) {
	d.Tags = distinct(d.Tags)
	clean, err := quiz.Create{Title: "?", Questions: []quiz.Draft{d}}.Clean()
	if err != nil {
		e := wire.Public(err)
		return Entry{}, e.In(strings.TrimPrefix(e.Field, "questions[0]."))
	}
	d = clean.Questions[0]
	digest, err := Digest(d)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Question: d, Type: kind(d), Digest: digest, Search: words(d)}
	for _, tag := range d.Tags {
		e.Tags = append(e.Tags, Tagged{tag, Fold(tag)})
	}
	return e, nil
}

func kind(d quiz.Draft) quiz.Type {
	if d.Type == "" {
		return quiz.TypeChoice
	}
	return d.Type
}

// Fold is a tag as it is compared: width, case, blanks and both Chinese
// scripts make no difference.
func Fold(tag string) string {
	if folded := text.Fold(tag); folded != "" {
		return folded
	}
	return tag // of nothing but signs
}

// distinct leaves out tags that read the same as one before.
func distinct(tags []string) []string {
	var out, seen []string
	for _, tag := range tags {
		if folded := Fold(tag); !slices.Contains(seen, folded) {
			out, seen = append(out, tag), append(seen, folded)
		}
	}
	return out
}

// Digest is of what a question asks and what it takes for an answer.
func Digest(d quiz.Draft) ([32]byte, error) {
	d.Points, d.Seconds, d.Explanation, d.Tags = nil, nil, "", nil
	b, err := wire.Encode(d)
	if err != nil {
		return [32]byte{}, fmt.Errorf("digest a question: %w", err)
	}
	return sha256.Sum256(b), nil
}

// words is all that people read of a question, folded, part by part.
func words(d quiz.Draft) string {
	parts := slices.Concat([]string{d.Text, d.Explanation}, d.Choices, d.Accept, d.Tags, slices.Concat(d.Gaps...))
	for _, pair := range d.Pairs {
		parts = append(parts, pair.Left, pair.Right)
	}
	if d.Media != nil {
		parts = append(parts, d.Media.Alt)
	}
	var out strings.Builder
	for _, part := range parts {
		if folded := text.Fold(part); folded != "" {
			out.WriteString(folded)
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// Query is what a store is asked, or the field that is wrong.
func (f Find) Query() (Query, error) {
	q := Query{Before: f.Before, Limit: f.Limit, Type: f.Type}
	for term := range strings.FieldsSeq(text.Fold(f.Text)) {
		if len(q.Terms) < MaxTerms {
			q.Terms = append(q.Terms, term)
		}
	}
	if len(f.Tags) > quiz.MaxTags {
		return Query{}, wire.ErrField.In("tag")
	}
	for _, tag := range f.Tags {
		q.Tags = append(q.Tags, Fold(tag))
	}
	if f.Limit < 0 || f.Limit > MaxPage {
		return Query{}, wire.ErrField.In("limit")
	}
	if q.Limit == 0 {
		q.Limit = MaxPage
	}
	if q.Before == 0 || q.Before > 1<<62 {
		q.Before = 1 << 62
	}
	return q, nil
}

// Draw draws n of the ids, each as likely as any other, or all where there are
// no more. below returns a number from 0 up to n, without n.
func Draw(ids []uint64, n int, below func(n int) int) []uint64 {
	drawn := slices.Clone(ids)
	n = min(max(n, 0), len(drawn))
	for i := range n {
		j := i + below(len(drawn)-i)
		drawn[i], drawn[j] = drawn[j], drawn[i]
	}
	return drawn[:n]
}
