package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/lyceum-live/lyceum/internal/report"
	"github.com/lyceum-live/lyceum/poll"
	"github.com/lyceum-live/lyceum/qa"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/room"
	"github.com/lyceum-live/lyceum/survey"
	"github.com/lyceum-live/lyceum/wire"
)

func say(key string) string { return key }

// everything is all that a report can tell, as one text.
func everything(t *testing.T, f *report.Fold) string {
	t.Helper()
	var b bytes.Buffer
	r := f.Report()
	tell := func(v any) {
		out, err := wire.Encode(v)
		if err != nil {
			t.Fatal(err) // such as NaN
		}
		b.Write(out)
	}
	tell(r)
	for _, p := range r.People {
		d, _ := f.Person(p.ID)
		tell(d)
	}
	for _, table := range f.Tables(r) {
		if err := report.WriteCSV(&b, table, say); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// Whoever asks anonymously, votes in secret and answers an anonymous survey:
// two classes that differ in that alone have the same report, to the letter.
func TestSecretsStaySecret(t *testing.T) {
	var reports [2]string
	for which := range reports {
		inHouse(t, func(c *class) {
			c.begin(t, "physics")
			c.enter("host", wire.Host)
			for i := range 3 {
				c.enter(user(i), wire.Viewer)
			}
			a, b := user(0), user(1)
			if which == 1 {
				a, b = b, a
			}
			c.must("host", room.Open{})
			time.Sleep(90 * time.Second)
			c.must(a, qa.Ask{Text: "Am I the only one who is lost?", Anonymous: true})
			c.must("host", poll.Create{Text: "Go on?", Choices: []string{"Yes", "No"}, Secret: true, Open: true})
			id := c.last()
			c.must(a, poll.Vote{Poll: id, Choices: []int{1}})
			c.must(b, poll.Vote{Poll: id, Choices: []int{0}})
			c.must("host", survey.Create{Title: "And?", Items: []survey.Draft{{Type: survey.Text, Text: "Say"}, {Type: survey.NPS, Text: "Recommend"}}, Anonymous: true, Open: true})
			form := c.last()
			low, high := 2, 9
			c.must(a, survey.Answer{Survey: form, Answers: []*survey.Reply{{Text: "too fast"}, {Value: &low}}})
			c.must(b, survey.Answer{Survey: form, Answers: []*survey.Reply{nil, {Value: &high}}})
			open := everything(t, c.fold())
			if strings.Contains(open, "too fast") || strings.Contains(open, `"counts":[1,1]`) {
				t.Error("the result of a secret ballot is told before its close")
			}
			c.must("host", poll.Close{Poll: id})
			c.must("host", survey.Close{Survey: form})
			f := c.fold()
			reports[which] = open + everything(t, f)
			for _, p := range f.Report().People {
				d, _ := f.Person(p.ID)
				if p.Questions != 0 || len(d.Asked) != 0 {
					t.Errorf("%s: %+v", p.ID, d)
				}
				for _, v := range d.Given {
					if !v.Secret || v.Given != "" {
						t.Errorf("%s voted %+v", p.ID, v)
					}
				}
			}
			if r := f.Report(); r.Class.Asked != 1 || r.Class.Secret != 1 || r.Board[0].By != "" || r.Class.Votes != 2 || r.Surveys[0].Result.N != 2 {
				t.Errorf("%+v %+v", r.Class, r.Board)
			}
			c.empty()
		})
	}
	if reports[0] != reports[1] {
		a, b := reports[0], reports[1]
		i := 0
		for i < min(len(a), len(b)) && a[i] == b[i] {
			i++
		}
		t.Errorf("the reports differ:\n%s\n%s", a[max(0, i-200):min(len(a), i+200)], b[max(0, i-200):min(len(b), i+200)])
	}
}

// What a quiz has not revealed is in no report: a moderator may play.
func TestKeysWaitForTheReveal(t *testing.T) {
	inHouse(t, func(c *class) {
		c.begin(t, "physics")
		c.enter("host", wire.Host)
		c.enter("ana", wire.Viewer)
		c.must("host", room.Open{})
		c.must("host", quiz.Create{Title: "Q", Play: true, Questions: []quiz.Draft{
			{Text: "First?", Choices: []string{"wrong one", "the right one"}, Correct: []int{1}},
			{Text: "Second?", Type: quiz.TypeText, Accept: []string{"secret word"}},
		}})
		id := c.last()
		c.must("host", quiz.Ask{Quiz: id})
		c.must("ana", quiz.Answer{Quiz: id, Choices: []int{1}, At: wire.At(time.Now())})
		c.must("host", quiz.Close{Quiz: id})
		if all := everything(t, c.fold()); strings.Contains(all, "right one") || strings.Contains(all, "Second?") {
			t.Error("the report tells what is not revealed")
		}
		if r := c.fold().Report(); r.Class.Answers != 1 || r.Class.Right != nil || r.People[1].Right != 0 || r.Quizzes[0].Questions[0].Answered != 1 {
			t.Errorf("%+v", r)
		}
		c.must("host", quiz.Reveal{Quiz: id})
		c.must("host", quiz.Ask{Quiz: id})
		all := everything(t, c.fold())
		if !strings.Contains(all, "the right one") || strings.Contains(all, "secret word") {
			t.Error("the report tells too little or too much after the first reveal")
		}
		c.must("host", quiz.Close{Quiz: id})
		c.must("host", quiz.Finish{Quiz: id})
		if !strings.Contains(everything(t, c.fold()), "secret word") {
			t.Error("the report does not tell the key of a quiz that is finished")
		}
		c.empty()
	})
}

// Every type of question says in the table of answers what was answered.
func TestAnswersInWords(t *testing.T) {
	number := 3.5
	answers := []struct {
		draft quiz.Draft
		reply quiz.Answer
		want  string
	}{
		{quiz.Draft{Text: "several", Choices: []string{"a", "b", "c"}, Correct: []int{0, 2}}, quiz.Answer{Choices: []int{0, 1}}, "a; b"},
		{quiz.Draft{Text: "number", Type: quiz.TypeNumeric, Ranges: []quiz.Range{{Min: 3, Max: 4}}}, quiz.Answer{Number: &number}, "3.5"},
		{quiz.Draft{Text: "typed", Type: quiz.TypeText, Accept: []string{"波"}}, quiz.Answer{Text: "=波"}, "'=波"},
		{quiz.Draft{Text: "gaps [[1]] [[2]]", Type: quiz.TypeGaps, Gaps: [][]string{{"x"}, {"y"}}}, quiz.Answer{Texts: []string{"x", "z"}}, "x; z"},
	}
	inHouse(t, func(c *class) {
		c.begin(t, "physics")
		c.enter("host", wire.Host)
		c.enter("ana", wire.Viewer)
		c.must("host", room.Open{})
		var drafts []quiz.Draft
		for _, a := range answers {
			drafts = append(drafts, a.draft)
		}
		c.must("host", quiz.Create{Title: "All", Questions: drafts})
		id := c.last()
		for i, a := range answers {
			c.must("host", quiz.Ask{Quiz: id})
			time.Sleep(1500 * time.Millisecond)
			a.reply.Quiz, a.reply.Question, a.reply.At = id, i, wire.At(time.Now())
			c.must("ana", a.reply)
			c.must("host", quiz.Close{Quiz: id})
			c.must("host", quiz.Reveal{Quiz: id})
		}
		f := c.fold()
		rows := read(t, f, "answers")
		if len(rows) != 1+len(answers) {
			t.Fatalf("%q", rows)
		}
		for i, a := range answers {
			if row := rows[1+i]; row[5] != a.want || row[9] != "1.5" || row[4] != "name of ana" {
				t.Errorf("%s: %q", a.draft.Text, row)
			}
		}
		c.empty()
	})
}

// read writes a table as CSV and reads it back.
func read(t *testing.T, f *report.Fold, name string) [][]string {
	t.Helper()
	table, ok := f.Table(f.Report(), name)
	if !ok {
		t.Fatalf("no table %s", name)
	}
	var b bytes.Buffer
	if err := report.WriteCSV(&b, table, say); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}

// evil is what somebody writes who wants to run something on the host's machine.
var evil = []string{`=HYPERLINK("http://example.org")`, "+1+1", "-2", "@SUM(1)", "＝1+1", " =1", "'=1"}

// Whatever people write wherever they can: no cell of any table begins a
// formula, neither as CSV nor in the workbook, which has all of the tables.
func TestNoCellRuns(t *testing.T) {
	inHouse(t, func(c *class) {
		c.begin(t, "physics")
		c.enter("host", wire.Host)
		c.enter("=evil()", wire.Viewer)
		c.must("host", room.Open{})
		for _, words := range evil {
			c.must("=evil()", room.Say{Text: words})
			c.must("=evil()", qa.Ask{Text: words})
			c.must("host", qa.Label{Question: c.last(), Labels: []string{"=label"}})
			c.must("host", room.SetTopic{Topic: words})
			c.must("host", poll.Create{Text: words, Choices: []string{words, "b"}, Open: true})
			c.must("=evil()", poll.Vote{Poll: c.last(), Choices: []int{0}})
			c.must("host", survey.Create{Title: words, Items: []survey.Draft{{Type: survey.Text, Text: words}}, Open: true})
			c.must("=evil()", survey.Answer{Survey: c.last(), Answers: []*survey.Reply{{Text: words}}})
			c.must("host", quiz.Create{Title: words, Questions: []quiz.Draft{{Text: words, Choices: []string{words, "b"}, Correct: []int{0}}}})
			id := c.last()
			c.must("host", quiz.Ask{Quiz: id})
			c.must("=evil()", quiz.Answer{Quiz: id, Choices: []int{0}, At: wire.At(time.Now())})
			c.must("host", quiz.Close{Quiz: id})
			c.must("host", quiz.Finish{Quiz: id})
		}
		f := c.fold()
		r := f.Report()
		var b bytes.Buffer
		if err := report.WriteXLSX(&b, f.Tables(r), say); err != nil {
			t.Fatal(err)
		}
		book, err := excelize.OpenReader(&b)
		if err != nil {
			t.Fatal(err)
		}
		defer book.Close()
		if n := len(book.GetSheetList()); n != 12 {
			t.Errorf("%d sheets: %v", n, book.GetSheetList())
		}
		for _, name := range []string{"class", "people", "questions", "answers", "polls", "board", "comments", "themes", "timeline", "attendance", "votes", "surveys"} {
			rows := read(t, f, name)
			if len(rows) < 2 {
				t.Errorf("%s is empty", name)
			}
			sheet := "report.table." + name
			inBook, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
			if err != nil || len(inBook) != len(rows) {
				t.Errorf("%s: %d rows in the workbook, %d as CSV; %v", name, len(inBook), len(rows), err)
				continue
			}
			for y, row := range rows {
				for x, text := range row {
					if _, err := strconv.ParseFloat(text, 64); err != nil && dangerous(text) {
						t.Errorf("%s %d.%d: %q", name, x, y, text)
					}
					at, _ := excelize.CoordinatesToCellName(x+1, y+1)
					if formula, _ := book.GetCellFormula(sheet, at); formula != "" {
						t.Errorf("%s %s is a formula", name, at)
					}
					inside := ""
					if x < len(inBook[y]) {
						inside = inBook[y][x]
					}
					if kind, _ := book.GetCellType(sheet, at); kind == excelize.CellTypeInlineString && (inside != text || dangerous(inside)) {
						t.Errorf("%s %s: %q in the workbook, %q as CSV", name, at, inside, text)
					}
				}
			}
		}
		c.empty()
	})
}

func dangerous(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(text)[0])
}

// A log that has lost its beginning is reported from there, and says so.
func TestLogWithoutItsBeginning(t *testing.T) {
	inHouse(t, func(c *class) {
		c.begin(t, "physics")
		c.enter("host", wire.Host)
		c.enter("ana", wire.Viewer)
		c.must("host", room.Open{})
		c.must("ana", qa.Ask{Text: "Why?"})
		question := c.last()
		c.must("host", poll.Create{Text: "?", Choices: []string{"a", "b"}, Open: true})
		vote := c.last()
		c.must("host", quiz.Create{Title: "Q", Questions: []quiz.Draft{{Text: "?", Choices: []string{"a", "b"}, Correct: []int{0}}}})
		id := c.last()
		time.Sleep(time.Minute)
		c.must("host", quiz.Ask{Quiz: id})
		c.must("ana", quiz.Answer{Quiz: id, Choices: []int{0}, At: wire.At(time.Now())})
		c.must("ana", poll.Vote{Poll: vote, Choices: []int{0}})
		c.must("ana", qa.Upvote{Question: question})
		c.must("host", qa.Answer{Question: question, Text: "Because"})
		c.must("host", quiz.Close{Quiz: id})
		c.must("host", quiz.Finish{Quiz: id})
		c.must("host", poll.Close{Poll: vote})
		c.must("ana", room.Say{Text: "Great!"})
		c.leave("ana")
		c.must("host", room.End{})
		for gone := uint64(1); gone < c.last(); gone++ { // wherever the cut may be
			c.store.gone[c.id] = gone
			f := c.fold()
			if r := f.Report(); !r.Partial {
				t.Fatalf("after %d: %+v", gone, r)
			}
			everything(t, f)
		}
		c.store.gone[c.id] = question
		if r := c.fold().Report(); r.Class.Messages != 1 || r.Class.Asked != 0 || r.Class.Polls != 1 || r.Class.Quizzes != 1 {
			t.Errorf("%+v", r.Class)
		}
		c.store.gone[c.id] = 0
		c.empty()
	})
}

// A desk goes on from where it stood, and begins anew when the log is another.
func TestDeskGoesOn(t *testing.T) {
	inHouse(t, func(c *class) {
		c.begin(t, "physics")
		c.enter("host", wire.Host)
		log := &counting{Log: c.house}
		desk := report.NewDesk(log)
		ask := func() *report.Report {
			t.Helper()
			r, _, err := desk.Report(context.Background(), c.id)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		for range 50 {
			c.must("host", room.Say{Text: "hi"})
		}
		if r := ask(); r.Class.Messages != 50 || r.Seq != c.last() {
			t.Errorf("%+v", r.Class)
		}
		before := log.events
		if first, second := ask(), ask(); first != second || log.events != before {
			t.Error("a report of which nothing has changed is made again")
		}
		time.Sleep(time.Minute)
		c.must("host", room.Say{Text: "hi"})
		if r := ask(); r.Class.Messages != 51 || log.events != before+1 {
			t.Errorf("%d messages; read %d events for one", r.Class.Messages, log.events-before)
		}
		c.store.mu.Lock()
		c.store.epochs[c.id] = "restored"
		c.store.mu.Unlock()
		if r := ask(); r.Class.Messages != 51 || log.events < 2*before {
			t.Errorf("of another log: %d messages, %d events read", r.Class.Messages, log.events)
		}
		for i := range 6 { // more rooms than it keeps
			time.Sleep(time.Second)
			if _, _, err := desk.Report(context.Background(), wire.RoomID(fmt.Sprint("other-", i))); err != nil {
				t.Fatal(err)
			}
		}
		read := log.events
		if ask(); log.events == read {
			t.Error("the desk keeps every room that was ever asked for")
		}
		c.empty()
		time.Sleep(time.Hour) // its timers
	})
}

type counting struct {
	report.Log
	events int
}

func (l *counting) Events(ctx context.Context, id wire.RoomID, after uint64) ([]room.Happened, error) {
	page, err := l.Log.Events(ctx, id, after)
	l.events += len(page)
	return page, err
}

// What people wrote shows in the themes and the parts, in both languages, and
// what a moderator deletes does not.
func TestComments(t *testing.T) {
	inHouse(t, func(c *class) {
		c.begin(t, "physics")
		c.enter("host", wire.Host)
		for i := range 6 {
			c.enter(user(i), wire.Viewer)
		}
		c.must("host", room.Open{})
		c.must("host", room.SetSegment{Segment: "Waves"})
		for i := range 6 {
			c.must(user(i), room.Say{Text: "I love the standing waves demo!"})
		}
		time.Sleep(10 * time.Minute)
		c.must("host", room.SetSegment{Segment: "驻波"})
		for i := range 6 {
			c.must(user(i), room.Say{Text: "量子力学太难了，听不懂"})
		}
		c.must(user(0), room.Say{Text: "an insult, terrible and awful"})
		c.must("host", room.Delete{Item: c.last()})
		time.Sleep(time.Minute)
		c.must("host", room.End{})
		r := c.fold().Report()
		if n := len(r.Comments.Parts); n != 2 {
			t.Fatalf("%d parts: %+v", n, r.Comments.Parts)
		}
		first, second := r.Comments.Parts[0], r.Comments.Parts[1]
		if first.Title != "Waves" || first.Feeling.Praise != 6 || first.Best == nil || first.Worst != nil {
			t.Errorf("%+v", first)
		}
		if second.Title != "驻波" || second.Feeling.Complaint != 6 || second.Feeling.N != 6 || second.Worst == nil {
			t.Errorf("%+v", second)
		}
		phrases := func(themes []report.Theme) string { b, _ := json.Marshal(themes); return string(b) }
		if got := phrases(first.Themes); !strings.Contains(got, "standing waves") {
			t.Errorf("themes of the first part: %s", got)
		}
		if got := phrases(second.Themes); !strings.Contains(got, "量子力学") {
			t.Errorf("themes of the second part: %s", got)
		}
		if all := everything(t, c.fold()); strings.Contains(all, "insult") {
			t.Error("what was deleted is in the report")
		}
		if r.Class.Deleted != 1 || r.Comments.Feeling.N != 12 {
			t.Errorf("%+v %+v", r.Class, r.Comments.Feeling)
		}
		c.empty()
	})
}
