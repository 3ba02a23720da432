package report

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

// Table is a part of a report as rows. Its cells are text that people wrote
// (string), a [Word] of the program's own, numbers, times ([wire.Millis]), or
// nil where there is nothing to say.
type Table struct {
	Name    string
	Columns []string
	Rows    iter.Seq[[]any]
}

// Word is a text of the program's own, by its key: whoever writes the table
// says it in the reader's language.
type Word string

// tableNames are the names of all tables, in the order of a workbook.
var tableNames = []string{
	"class", "people", "questions", "answers", "polls", "board", "comments",
	"themes", "timeline", "attendance", "votes", "surveys",
}

// IsTable reports whether there is a table of that name.
func IsTable(name string) bool { return slices.Contains(tableNames, name) }

// Tables returns all tables. Their rows are read before the fold goes on.
func (f *Fold) Tables(r *Report) []Table {
	var out []Table
	for _, name := range tableNames {
		t, _ := f.Table(r, name)
		out = append(out, t)
	}
	return out
}

// Table returns a table; false where there is none of that name.
func (f *Fold) Table(r *Report, name string) (Table, bool) {
	columns := func(names string) []string { return strings.Fields(names) }
	switch name {
	case "class":
		return Table{name, columns("what value"), r.classRows()}, true
	case "people":
		return Table{name, columns("id name role first last minutes share messages hands questions votes surveys answered right score rank"), r.peopleRows()}, true
	case "questions":
		return Table{name, columns("quiz number type question points answered right difficulty mean_share discrimination q1 q2 q3 choice correct picked upper lower thirds"), r.questionRows()}, true
	case "answers":
		return Table{name, columns("quiz number question id name answer right share points seconds"), f.answerRows()}, true
	case "polls":
		return Table{name, columns("poll text kind time voters secret choice count mean median"), r.pollRows()}, true
	case "board":
		return Table{name, columns("id time by text state votes labels answer_to"), f.boardRows()}, true
	case "comments":
		return Table{name, columns("time source text feeling"), f.commentRows()}, true
	case "themes":
		return Table{name, columns("from to title messages feeling praise complaint theme count"), r.themeRows()}, true
	case "timeline":
		return Table{name, columns("time present messages asked answers comments feeling activity"), r.pointRows()}, true
	case "attendance":
		return Table{name, columns("id name from to minutes"), f.stayRows()}, true
	case "votes":
		return Table{name, columns("poll id name vote"), f.voteRows()}, true
	case "surveys":
		return Table{name, columns("survey text type answered mean median nps choice count"), r.surveyRows()}, true
	}
	return Table{}, false
}

// number is a value that may not be known, to three places.
func number(x *float64) any {
	if x == nil {
		return nil
	}
	return math.Round(*x*1000) / 1000
}

// seconds of milliseconds.
func seconds(ms float64) float64 { return math.Round(ms) / 1000 }

func minutes(ms wire.Millis) float64 { return math.Round(float64(ms)/600) / 100 }

// when is a time that may not be known.
func when(at wire.Millis) any {
	if at == 0 {
		return nil
	}
	return at
}

func yes(is bool) any {
	if is {
		return Word("report.yes")
	}
	return Word("report.no")
}

func (r *Report) classRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		c := r.Class
		rows := [][]any{
			{Word("report.class.title"), r.Title}, {Word("report.class.room"), string(r.Room)}, {Word("report.class.at"), when(r.At)},
			{Word("report.class.since"), when(r.Since)},
		}
		for _, s := range r.Sittings {
			rows = append(rows, []any{Word("report.class.from"), s.From}, []any{Word("report.class.to"), when(s.To)})
		}
		var median any
		if c.Stay != nil {
			median = minutes(wire.Millis(c.Stay.Median))
		}
		for _, row := range []struct {
			key   string
			value any
		}{
			{"duration", minutes(c.Duration)}, {"people", c.People}, {"viewers", c.Viewers}, {"peak", c.Peak}, {"stay", median},
			{"active", c.Active}, {"rate", number(c.Rate)}, {"messages", c.Messages}, {"deleted", c.Deleted}, {"hands", c.Hands},
			{"asked", c.Asked}, {"answered", c.Answered}, {"anonymous", c.Secret}, {"upvotes", c.Upvotes}, {"polls", c.Polls}, {"votes", c.Votes},
			{"surveys", c.Surveys}, {"quizzes", c.Quizzes}, {"items", c.Items}, {"answers", c.Answers}, {"right", number(c.Right)}, {"points", c.Points},
			{"feeling", number(r.Comments.Feeling.Mean)}, {"praise", r.Comments.Feeling.Praise}, {"complaint", r.Comments.Feeling.Complaint},
		} {
			rows = append(rows, []any{Word("report.class." + row.key), row.value})
		}
		for _, row := range rows {
			if !yield(row) {
				return
			}
		}
	}
}

func (r *Report) peopleRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, p := range r.People {
			var place any
			if p.Rank > 0 {
				place = p.Rank
			}
			if !yield([]any{
				string(p.ID), p.Name, Word("role." + string(p.Role)), when(p.First), when(p.Last), minutes(p.Attended), number(p.Share),
				p.Messages, p.Hands, p.Questions, p.Votes, p.Surveys, p.Answered, p.Right, p.Score, place,
			}) {
				return
			}
		}
	}
}

// questionRows has a row for each question, with its figures, followed by one
// for each choice.
func (r *Report) questionRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, q := range r.Quizzes {
			for _, v := range q.Questions {
				row := []any{
					q.Title, v.Number + 1, Word("report.type." + string(v.Type)), v.Text, v.Points, v.Answered,
					nil, number(v.Difficulty), number(v.Share), number(v.Discrimination), nil, nil, nil, strings.Join(v.Key, "; "), nil, nil, nil, nil, nil,
				}
				if v.Settled {
					row[6] = v.Right
				}
				if v.Time != nil {
					row[10], row[11], row[12] = seconds(v.Time.Q1), seconds(v.Time.Median), seconds(v.Time.Q3)
				}
				if !yield(row) {
					return
				}
				tell := func(text string, correct bool, n int, upper, lower *int) bool {
					row := []any{q.Title, v.Number + 1, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, text, yes(correct), n, nil, nil, nil}
					if upper != nil {
						row[16], row[17], row[18] = *upper, *lower, v.Thirds
					}
					return yield(row)
				}
				for _, c := range v.Choices {
					if !tell(c.Text, c.Correct, c.N, c.Upper, c.Lower) {
						return
					}
				}
				for _, c := range v.Typed {
					if !tell(c.Text, c.Right, c.N, nil, nil) {
						return
					}
				}
			}
		}
	}
}

func (f *Fold) answerRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		f.eachAnswer(func(by wire.UserID, a Answer) bool {
			return yield([]any{
				a.Title, a.Number + 1, a.Question, string(by), f.who(by).Name, a.Text, yes(a.Right), number(&a.Share), a.Points, seconds(float64(a.Took)),
			})
		})
	}
}

// pollRows has a row for each poll, followed by one for each choice, word,
// number or text.
func (r *Report) pollRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, p := range r.Polls {
			kind := Word("report.poll.choice")
			if p.Kind != "" {
				kind = Word("report.poll." + string(p.Kind))
			}
			row := []any{p.ID, p.Text, kind, p.At, p.Voters, yes(p.Secret), nil, nil, nil, nil}
			if p.Result != nil {
				row[8], row[9] = number(p.Result.Mean), number(p.Result.Median)
			}
			if !yield(row) {
				return
			}
			more := func(text any, n any) bool { return yield([]any{p.ID, nil, nil, nil, nil, nil, text, n, nil, nil}) }
			if p.Counts != nil {
				for i, n := range *p.Counts {
					if !more(p.Choices[i], n) {
						return
					}
				}
			}
			if p.Result == nil {
				continue
			}
			for i, n := range p.Result.Histogram {
				if !more(bar(p.Result.From, p.Result.Step, i), n) {
					return
				}
			}
			for _, w := range p.Result.Words {
				if !more(w.Word, w.N) {
					return
				}
			}
			for _, text := range p.Result.Texts {
				if !more(text, nil) {
					return
				}
			}
		}
	}
}

// bar names a bar of a histogram: the number, or from where to where.
func bar(from, step float64, i int) any {
	low := from + float64(i)*step
	if step == 1 {
		return low
	}
	return Word(fmt.Sprintf("%s … %s", digits(math.Round(low*1e6)/1e6), digits(math.Round((low+step)*1e6)/1e6)))
}

func (f *Fold) boardRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, row := range f.board.Rows(f.who) {
			var by any = row.By
			if row.Anonymous {
				by = Word("qa.anonymous")
			}
			cells := []any{row.ID, row.At, by, row.Text, nil, nil, strings.Join(row.Labels, ", "), nil}
			if row.Question != 0 {
				cells[7] = row.Question
			} else {
				cells[4], cells[5] = Word("qa.state."+row.State), row.Votes
			}
			if !yield(cells) {
				return
			}
		}
	}
}

func (f *Fold) commentRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, c := range f.all() {
			e := c.example()
			if !yield([]any{e.At, Word("report.source." + e.Source), e.Text, number(e.Score)}) {
				return
			}
		}
	}
}

// themeRows has the themes of the whole class, then those of its parts.
func (r *Report) themeRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		whole := Part{Feeling: r.Comments.Feeling, Messages: r.Class.Messages, Themes: r.Comments.Themes}
		for _, p := range append([]Part{whole}, r.Comments.Parts...) {
			if !yield([]any{when(p.From), when(p.To), p.Title, p.Messages, number(p.Feeling.Mean), p.Feeling.Praise, p.Feeling.Complaint, nil, nil}) {
				return
			}
			for _, t := range p.Themes {
				if !yield([]any{when(p.From), when(p.To), nil, nil, number(t.Feeling), nil, nil, t.Phrase, t.Count}) {
					return
				}
			}
		}
	}
}

// pointRows has a row for each step of time with what went on in it.
func (r *Report) pointRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		marks := r.Marks
		for i, p := range r.Points {
			var began []string
			for len(marks) > 0 && (i+1 == len(r.Points) || marks[0].At < p.At+r.Step) {
				if marks[0].Title != "" {
					began = append(began, marks[0].Title)
				}
				marks = marks[1:]
			}
			if !yield([]any{p.At, p.Present, p.Messages, p.Asked, p.Answers, p.Comments, number(p.Mean), strings.Join(began, "; ")}) {
				return
			}
		}
	}
}

func (f *Fold) stayRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, id := range f.order {
			p := f.people[id]
			stays := p.stays
			if p.here {
				stays = append(slices.Clone(stays), Stay{From: p.since})
			}
			for _, s := range stays {
				end := s.To
				if end == 0 {
					end = f.at
				}
				if !yield([]any{string(id), p.name.Text, s.From, when(s.To), minutes(end - s.From)}) {
					return
				}
			}
		}
	}
}

func (f *Fold) voteRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		f.eachVote(func(by wire.UserID, v Vote) bool {
			var given any = v.Given
			if v.Secret {
				given = Word("report.secret")
			}
			return yield([]any{v.Title, string(by), f.who(by).Name, given})
		})
	}
}

// surveyRows has a row for each item of each survey, followed by one for each
// number, choice or text.
func (r *Report) surveyRows() iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, s := range r.Surveys {
			for i, item := range s.Items {
				row := []any{s.Title, item.Text, Word("report.item." + string(item.Type)), s.Answered, nil, nil, nil, nil, nil}
				if s.Result == nil {
					if !yield(row) {
						return
					}
					continue
				}
				out := s.Result.Items[i]
				row[3], row[4], row[5], row[6] = out.N, number(out.Mean), number(out.Median), number(out.NPS)
				if !yield(row) {
					return
				}
				more := func(text any, n any) bool { return yield([]any{s.Title, nil, nil, nil, nil, nil, nil, text, n}) }
				low := 1
				if item.Type == survey.NPS {
					low = 0
				}
				for value, n := range out.Histogram {
					if !more(low+value, n) {
						return
					}
				}
				for choice, n := range out.Counts {
					if !more(item.Choices[choice], n) {
						return
					}
				}
				for _, text := range out.Texts {
					if !more(text, nil) {
						return
					}
				}
			}
		}
	}
}
