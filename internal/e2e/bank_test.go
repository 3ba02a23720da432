package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/xuri/excelize/v2"
)

const droppedGIFT = `// [tag:Geography]
::Capital::What is the capital of France?{=Paris ~Lyon ~Nice ####Since 987.}

::Flat::The earth is flat.{F}

::Essay::Tell us about your country.{}

// [tag:Geography]
::Rivers::Match river and sea.{=Rhine -> North Sea =Rhône -> Mediterranean}

::Open::What is missing?{=a
`

// drop drags files from the desktop onto what matches, and lets go.
func (p *person) drop(t *testing.T, selector string, files ...string) {
	t.Helper()
	p.sees(t, selector, "")
	spot := eval[struct{ X, Y float64 }](t, p, fmt.Sprintf(`(() => {
		const box = document.querySelector(%s).getBoundingClientRect();
		return {X: box.x + box.width / 2, Y: box.y + box.height / 2};
	})()`, js(selector)))
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: files, DragOperationsMask: 1}
	for _, step := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		_, err := chromedp.Call(p.ctx, input.DispatchDragEvent, input.DispatchDragEventParams{Type: step, X: spot.X, Y: spot.Y, Data: data})
		if err != nil {
			t.Fatalf("%s drops %v: %v", p.name, files, err)
		}
		if step == input.DispatchDragEventTypeDragOver {
			p.sees(t, ".drop--over", "")
		}
	}
}

// A teacher drops files of questions, sees what was read and what was skipped,
// keeps some in the bank, asks others in class, and draws from the bank.
func TestQuestionFilesAndBank(t *testing.T) {
	s := newSchool(t)
	t.Cleanup(func() {
		if t.Failed() {
			s.host.failed(t)
		}
	})
	s.host, s.ana = arrive(t, s.browser, "Ines", true), arrive(t, s.browser, "Ana", true)
	gift := filepath.Join(t.TempDir(), "countries.gift")
	if err := os.WriteFile(gift, []byte(droppedGIFT), 0o600); err != nil {
		t.Fatal(err)
	}
	sheet := chineseSheet(t)

	s.host.open(t, s.link)
	s.host.write(t, "#gate-name", "", "Ines")
	s.host.click(t, "button", "Enter the studio")
	s.host.click(t, "activity-panel button", "More")
	s.host.click(t, ".menu__item", "Question bank")
	s.host.sees(t, ".dialog--bank .empty__title", "Your bank is empty")
	s.host.click(t, ".dialog--bank button", "Import a file")

	s.host.drop(t, ".drop", gift)
	s.host.reads(t, ".dialog--import .bank-item__text", "What is the capital of France?", "The earth is flat.", "Match river and sea.")
	s.host.reads(t, ".dialog--import .bank-item__answer--right", "Parisright", "Falseright", "Rhine → North Searight", "Rhône → Mediterraneanright")
	s.host.reads(t, ".skipped__where", "Line 6", "Line 11")
	s.host.sees(t, ".skipped__item", "an essay")
	s.host.sees(t, ".skipped__item", "not closed")
	s.host.photograph(t, "import")
	s.host.click(t, ".dialog--import .bank-item:nth-child(2) .bank-item__pick", "")
	s.host.click(t, ".dialog--import button", "Save 2 in the bank")
	s.host.sees(t, ".toast", "2 questions saved in the bank.")

	// Another file takes the place of what was read; its questions become a quiz.
	s.host.drop(t, ".drop", sheet)
	s.host.reads(t, ".dialog--import .bank-item__text", "下列哪个是质数？", "水在零度结冰。")
	s.host.reads(t, ".skipped__where", "Line 4")
	s.host.click(t, ".dialog--import button", "New quiz with 2")
	s.host.misses(t, ".dialog--bank, .dialog--import", "")
	s.host.write(t, "dialog [data-at=title]", "", "质数")
	s.host.sees(t, "dialog .edit-question:nth-child(2)", "")
	s.host.click(t, "dialog button", "Start now")
	s.host.misses(t, "dialog", "")

	s.ana.open(t, s.url("/class/"+room))
	s.ana.write(t, "#door-name", "", "Ana")
	s.ana.click(t, "button", "Join the class")
	s.ana.sees(t, "quiz-card", "下列哪个是质数？")
	s.ana.click(t, "quiz-card .choice__button", "7")
	s.host.sees(t, "quiz-card .quiz__outcome", "1 has answered")
	s.host.click(t, "quiz-card button", "Close now")
	s.host.click(t, "quiz-card button", "Reveal")
	s.ana.sees(t, "quiz-card .quiz__outcome", "Right!")
	s.ana.sees(t, "quiz-card", "7 只能被 1 和 7 整除")
	s.host.click(t, "quiz-card button", "Finish")

	banked(t, s)
	for _, p := range []*person{s.host, s.ana} {
		p.silent(t)
	}
}

// chineseSheet is a spreadsheet as a Chinese teacher has it, with a question
// that no quiz can ask.
func chineseSheet(t *testing.T) string {
	t.Helper()
	x := excelize.NewFile()
	defer x.Close()
	for i, row := range [][]any{
		{"题型", "题干", "选项A", "选项B", "选项C", "答案", "解析", "标签"},
		{"单选题", "下列哪个是质数？", 4, 7, 9, "B", "7 只能被 1 和 7 整除", "数学；质数"},
		{"判断题", "水在零度结冰。", "", "", "", "对", "", "物理"},
		{"简答题", "谈谈你的看法。", "", "", "", "略", "", ""},
	} {
		if err := x.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "题库.xlsx")
	if err := x.SaveAs(name); err != nil {
		t.Fatal(err)
	}
	return name
}

// banked goes through what was kept: it is found, tagged, changed, deleted and
// brought back, and drawn into a quiz.
func banked(t *testing.T, s *school) {
	const rows = ".dialog--bank .bank-item__text"
	s.host.click(t, "activity-panel button", "More")
	s.host.click(t, ".menu__item", "Question bank")
	s.host.reads(t, rows, "Match river and sea.", "What is the capital of France?")
	s.host.reads(t, ".bank__tags .chip", "Geography2")
	s.host.photograph(t, "bank")
	s.host.onPhone(t, func() { s.host.fits(t, "the question bank on a phone") })
	s.host.write(t, ".bank__search input", "", "PARIS")
	s.host.reads(t, rows, "What is the capital of France?")

	s.host.click(t, ".dialog--bank .bank-item__buttons button", "Edit")
	s.host.write(t, ".dialog--only .edit-question textarea", "", "Which city is the capital of France?")
	s.host.click(t, ".dialog--only button", "Save question")
	s.host.misses(t, ".dialog--only", "")
	s.host.reads(t, rows, "Which city is the capital of France?")

	s.host.click(t, ".dialog--bank .bank-item__buttons button", "Delete")
	s.host.misses(t, rows, "")
	s.host.click(t, ".bank__undo button", "Undo")
	s.host.reads(t, rows, "Which city is the capital of France?")

	s.host.write(t, ".bank__many", "", "1")
	s.host.click(t, ".bank__draw button", "Draw at random")
	s.host.until(t, "document.querySelector('dialog .edit-question textarea').value === 'Which city is the capital of France?'")
	s.host.reads(t, "dialog .edit-question__place", "1")

	// The editor has the same door, and keeps what is there.
	s.host.click(t, ".quiz-tools button", "From the bank")
	s.host.click(t, ".dialog--bank .bank-item:nth-child(2) .bank-item__pick", "")
	s.host.click(t, ".dialog--bank button", "Add 1 to the quiz")
	s.host.misses(t, ".dialog--bank", "")
	s.host.reads(t, "dialog .edit-question__place", "1", "2")
	s.host.write(t, "dialog [data-at=title]", "", "Rivers and cities")
	s.host.click(t, "dialog button", "Save draft")
	s.host.misses(t, "dialog", "")
	s.host.sees(t, ".draft__about", "Quiz · 2 questions")
}
