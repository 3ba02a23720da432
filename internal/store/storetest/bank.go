package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/quiz/bank"
	"github.com/lyceum-live/lyceum/wire"
)

func testBank(t *testing.T, place Place) {
	t.Run("answers as the model does", func(t *testing.T) { modelBank(t, place) })

	t.Run("the same question is new once whoever is first", func(t *testing.T) {
		s := start(t, place)
		const questions = 10
		var fresh atomic.Int64
		ids := make([][]uint64, 8)
		atOnce(len(ids), func(i int) {
			for n := range questions {
				items, news, err := s.AddQuestions(t.Context(), "ana", 1, []bank.Entry{entry(t, asks(n, i))})
				if err != nil {
					t.Errorf("add: %v", err)
					return
				}
				ids[i] = append(ids[i], items[0].ID)
				if news[0] {
					fresh.Add(1)
				}
			}
		})
		same(t, "fresh", fresh.Load(), int64(questions))
		for _, got := range ids {
			same(t, "ids", got, ids[0])
		}
	})

	t.Run("a bank is full for one and not for another", func(t *testing.T) {
		s := start(t, place)
		ctx := t.Context()
		for first := 0; first < bank.MaxItems; first += bank.MaxBatch {
			var batch []bank.Entry
			for n := first; n < min(first+bank.MaxBatch, bank.MaxItems); n++ {
				batch = append(batch, entry(t, asks(n, 0)))
			}
			_, _, err := s.AddQuestions(ctx, "ana", 1, batch)
			must(t, err)
		}
		known, more := entry(t, asks(0, 0)), entry(t, asks(bank.MaxItems, 0))
		if _, _, err := s.AddQuestions(ctx, "ana", 1, []bank.Entry{known, more}); !errors.Is(err, bank.ErrFull) {
			t.Fatalf("one too many: %v", err)
		}
		if _, fresh, err := s.AddQuestions(ctx, "ana", 1, []bank.Entry{known}); err != nil || fresh[0] {
			t.Errorf("one that is there: %v, %v", fresh, err)
		}
		if _, _, err := s.AddQuestions(ctx, "ben", 1, []bank.Entry{more}); err != nil {
			t.Errorf("another's bank: %v", err)
		}
		_, total, err := s.FindQuestions(ctx, "ana", query(t, bank.Find{Limit: 1}))
		must(t, err)
		same(t, "total", total, bank.MaxItems)
	})
}

// asks is a question; which differs in what the digest passes over.
func asks(n, which int) quiz.Draft {
	return quiz.Draft{
		Text: fmt.Sprintf("What is %d + %d? 求和", n, n), Choices: []string{fmt.Sprint(2 * n), "none"}, Correct: []int{0},
		Tags: []string{fmt.Sprint("Tag ", which)}, Explanation: strings.Repeat("x", which),
	}
}

func entry(t fataler, d quiz.Draft) bank.Entry {
	t.Helper()
	e, err := bank.NewEntry(d)
	must(t, err)
	return e
}

func query(t fataler, f bank.Find) bank.Query {
	t.Helper()
	q, err := f.Query()
	must(t, err)
	return q
}

// bankModel is a bank as a list, which is looked through whole.
type bankModel struct {
	entries map[uint64]bank.Entry
	at      map[uint64]wire.Millis
}

func (m *bankModel) known(digest [32]byte) uint64 {
	for id, e := range m.entries {
		if e.Digest == digest {
			return id
		}
	}
	return 0
}

// fitting is the ids of what fits, newest first.
func (m *bankModel) fitting(q bank.Query) (ids []uint64) {
	for id, e := range m.entries {
		fits := q.Type == "" || e.Type == q.Type
		for _, term := range q.Terms {
			fits = fits && strings.Contains(e.Search, term)
		}
		for _, tag := range q.Tags {
			fits = fits && slices.ContainsFunc(e.Tags, func(t bank.Tagged) bool { return t.Folded == tag })
		}
		if fits {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b uint64) int { return cmp.Compare(b, a) })
	return ids
}

func (m *bankModel) items(ids []uint64) []bank.Item {
	var out []bank.Item
	for _, id := range ids {
		if e, ok := m.entries[id]; ok {
			out = append(out, bank.Item{ID: id, At: m.at[id], Question: e.Question})
		}
	}
	return out
}

// tags counts the tags, in a spelling of the oldest question that has each.
func (m *bankModel) tags() []bank.Tag {
	count, spelt, folds := map[string]int{}, map[string]string{}, []string{}
	for _, id := range slices.Sorted(maps.Keys(m.entries)) {
		for _, tag := range m.entries[id].Tags {
			if count[tag.Folded]++; count[tag.Folded] == 1 {
				spelt[tag.Folded] = tag.Tag
				folds = append(folds, tag.Folded)
			}
		}
	}
	slices.SortFunc(folds, func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	var out []bank.Tag
	for _, f := range folds {
		out = append(out, bank.Tag{Tag: spelt[f], Count: count[f]})
	}
	return out
}

// modelBank compares a store with the model, call by call, for two people.
func modelBank(t *testing.T, place Place) {
	rapid.Check(t, func(rt *rapid.T) {
		s := startIn(t, rt, place)
		ctx := context.Background()
		models := map[wire.UserID]*bankModel{}
		for _, who := range []wire.UserID{"ana", "ben"} {
			models[who] = &bankModel{map[uint64]bank.Entry{}, map[uint64]wire.Millis{}}
		}
		owner := rapid.SampledFrom([]wire.UserID{"ana", "ben"})
		last, at := uint64(0), wire.Millis(0)
		draft := func(rt *rapid.T) bank.Entry {
			d := quiz.Draft{
				Text:    rapid.SampledFrom([]string{"What is GO?", "什麼是並發?", "100% of _ what", "go, go"}).Draw(rt, "text"),
				Choices: []string{"a", "b"}, Correct: []int{rapid.IntRange(0, 1).Draw(rt, "right")},
				Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"Go", "go", "ＧＯ", "並發", "并发", "100%", "x_y"}), 0, 4).Draw(rt, "tags"),
			}
			if rapid.Bool().Draw(rt, "truefalse") {
				d.Type = quiz.TypeTrueFalse
			}
			return entry(rt, d)
		}
		id := func(rt *rapid.T) uint64 {
			if rapid.IntRange(0, 9).Draw(rt, "far") == 0 {
				return rapid.Uint64().Draw(rt, "id")
			}
			return rapid.Uint64Range(0, last+1).Draw(rt, "id")
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				who := owner.Draw(rt, "owner")
				m := models[who]
				entries := make([]bank.Entry, rapid.IntRange(0, 4).Draw(rt, "entries"))
				for i := range entries {
					entries[i] = draft(rt)
				}
				at++
				items, fresh, err := s.AddQuestions(ctx, who, at, entries)
				must(rt, err)
				for i, e := range entries {
					known := m.known(e.Digest)
					if fresh[i] != (known == 0) {
						rt.Fatalf("question %d: fresh is %v, and %d asks the same", i, fresh[i], known)
					}
					if known == 0 {
						if known = items[i].ID; known <= last {
							rt.Fatalf("id %d after %d", known, last)
						}
						last = known
						m.entries[known], m.at[known] = e, at
					}
					same(rt, "item", items[i], m.items([]uint64{known})[0])
				}
			},
			"change": func(rt *rapid.T) {
				who, id, e := owner.Draw(rt, "owner"), id(rt), draft(rt)
				m := models[who]
				at++
				item, err := s.ChangeQuestion(ctx, who, at, id, e)
				_, exists := m.entries[id]
				known := m.known(e.Digest)
				switch {
				case !exists:
					same(rt, "not there", errors.Is(err, wire.ErrNotFound), true)
				case known != 0 && known != id:
					same(rt, "known", errors.Is(err, bank.ErrKnown), true)
				default:
					must(rt, err)
					m.entries[id], m.at[id] = e, at
					same(rt, "item", item, m.items([]uint64{id})[0])
				}
			},
			"remove": func(rt *rapid.T) {
				who, id := owner.Draw(rt, "owner"), id(rt)
				m := models[who]
				item, err := s.RemoveQuestion(ctx, who, id)
				if _, exists := m.entries[id]; !exists {
					same(rt, "not there", errors.Is(err, wire.ErrNotFound), true)
					return
				}
				must(rt, err)
				same(rt, "item", item, m.items([]uint64{id})[0])
				delete(m.entries, id)
			},
			"find": func(rt *rapid.T) {
				m := owner.Draw(rt, "owner")
				q := query(rt, bank.Find{
					Text:   rapid.SampledFrom([]string{"", "go", "GO what", "并发", "%", "_", "nothing"}).Draw(rt, "text"),
					Tags:   rapid.SliceOfN(rapid.SampledFrom([]string{"go", "並發", "x_y", "no"}), 0, 2).Draw(rt, "tags"),
					Type:   rapid.SampledFrom([]quiz.Type{"", quiz.TypeChoice, quiz.TypeTrueFalse}).Draw(rt, "type"),
					Before: rapid.Uint64Range(0, last+1).Draw(rt, "before"), Limit: rapid.IntRange(0, 3).Draw(rt, "limit"),
				})
				all := models[m].fitting(q)
				below := slices.DeleteFunc(slices.Clone(all), func(id uint64) bool { return id >= q.Before })
				items, total, err := s.FindQuestions(ctx, m, q)
				must(rt, err)
				same(rt, "total", total, len(all))
				same(rt, "items", append([]bank.Item(nil), items...), models[m].items(below[:min(len(below), q.Limit)]))
				q.Before = 1 << 62
				ids, err := s.QuestionIDs(ctx, m, q)
				must(rt, err)
				slices.SortFunc(ids, func(a, b uint64) int { return cmp.Compare(b, a) })
				same(rt, "ids", append([]uint64(nil), ids...), all)
			},
			"read": func(rt *rapid.T) {
				who := owner.Draw(rt, "owner")
				ids := rapid.SliceOfN(rapid.Uint64Range(0, last+1), 0, 100).Draw(rt, "ids")
				items, err := s.Questions(ctx, who, ids)
				must(rt, err)
				same(rt, "items", items, models[who].items(ids))
			},
			"tags": func(rt *rapid.T) {
				who := owner.Draw(rt, "owner")
				tags, err := s.QuestionTags(ctx, who)
				must(rt, err)
				same(rt, "tags", tags, models[who].tags())
			},
			"reopen": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "really") == 0 {
					s.reopen()
				}
			},
		})
	})
}
