package table

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// role is what a column is for.
type role int

const (
	unknown role = iota
	ignored
	timeColumn
	typeColumn
	titleColumn
	textColumn
	formatColumn
	optionsColumn // all options in one cell
	answerColumn
	weightsColumn
	explanationColumn
	tagsColumn
	categoryColumn
)

// names is what headers call the columns, in English and Chinese.
var names = spelled(map[role]string{
	typeColumn:    "type questiontype qtype kind 题型 类型 题目类型 试题类型 问题类型 题目题型",
	titleColumn:   "title name questiontitle questionname 标题 名称 题目标题 题目名称",
	textColumn:    "question questions questiontext stem prompt text 题干 题目 问题 试题 题目内容 试题内容 题干内容 问题内容 题目描述 问题描述 试题题干",
	formatColumn:  "format markup 格式 文本格式",
	optionsColumn: "options choices answeroptions 选项 备选项 选项内容 备选答案 全部选项",
	answerColumn: "answer answers correct correctanswer correctanswers rightanswer rightanswers correctoption correctchoice " +
		"correctresponse key answerkey 答案 正确答案 标准答案 参考答案 正确选项 正确项 试题答案 题目答案",
	weightsColumn:     "weight weights 权重",
	explanationColumn: "explanation explanations feedback generalfeedback rationale 解析 答案解析 试题解析 题目解析 解释 讲解 说明 答案说明 反馈",
	tagsColumn:        "tag tags label labels keyword keywords 标签 知识点 关键词 关键字",
	categoryColumn:    "category categories chapter folder 分类 类别 章节 目录 题库 所属分类 题目分类 试题分类",
	timeColumn:        "time timelimit timer seconds 时间 时限 限时 答题时间",
	ignored:           "id no number point points score marks mark difficulty level image media 序号 编号 题号 分值 分数 得分 难度 难易度 难度等级 图片 备注",
})

// spelled turns what may be said for a thing into a table of words.
func spelled[T comparable](said map[T]string) map[string]T {
	out := map[string]T{}
	for thing, words := range said {
		for w := range strings.FieldsSeq(words) {
			out[w] = thing
		}
	}
	return out
}

var (
	// option is the header of one choice: A, Option A, Answer 1, 选项A, A选项.
	option = regexp.MustCompile(`^(?:(?:option|choice|answer|answeroption|选项|选择项|备选项|备选答案|答案)([a-z]|\d{1,2})|([a-z])(?:选项|项)?)$`)
	// said is the header of feedback to one choice.
	said = regexp.MustCompile(`^(?:feedback|反馈)([a-z]|\d{1,2})$`)

	simplified = strings.NewReplacer("題", "题", "幹", "干", "問", "问", "類", "类", "選", "选", "項", "项", "標", "标", "準", "准", "參", "参",
		"確", "确", "釋", "释", "講", "讲", "說", "说", "籤", "签", "關", "关", "鍵", "键", "詞", "词", "識", "识", "點", "点", "節", "节", "別", "别",
		"錄", "录", "庫", "库", "屬", "属", "號", "号", "編", "编", "數", "数", "難", "难", "時", "时", "間", "间", "備", "备", "圖", "图", "權", "权",
		"稱", "称", "試", "试", "內", "内", "饋", "馈", "體", "体", "單", "单", "斷", "断", "簡", "简", "論", "论", "連", "连", "線", "线", "對", "对", "錯", "错", "誤", "误", "順", "顺")
)

// header says which column is what.
type header struct {
	roles    map[int]role
	options  map[int]int // column to choice, counted from 0
	feedback map[int]int
	known    int  // columns whose meaning is known
	kahoot   bool // it is like Kahoot's template
	timed    bool // it says how long people have, as the template does
}

// maxAbove is how many rows may stand above the header.
const maxAbove = 40

var errNoHeader = errors.New("no row names the columns: at least a question and an answer (题干, 答案) are needed")

// word is a header or a type as it is compared: without width, case, blanks,
// signs and what stands in brackets.
func word(s string) string {
	s = simplified.Replace(strings.ToLower(norm.NFKC.String(s)))
	for _, cut := range []string{" - ", "–", "—", "(", "[", "【", ":", "\n", "*必"} {
		if before, _, ok := strings.Cut(s, cut); ok && strings.TrimSpace(before) != "" {
			s = before
		}
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t_-*#.\"'?!/\u00a0\u3000", r) {
			return -1
		}
		return r
	}, s)
}

// findHeader is the header and the rows below it, or nil.
func findHeader(rows []row, kahoot bool) ([]row, *header) {
	for i, r := range rows[:min(len(rows), maxAbove)] {
		h := headerOf(r.cells)
		if h != nil && (!kahoot || h.kahoot) {
			return rows[i+1:], h
		}
	}
	return nil, nil
}

// headerOf reads a header; nil where the row is none.
func headerOf(cells []string) *header {
	h := &header{roles: map[int]role{}, options: map[int]int{}, feedback: map[int]int{}}
	has := map[role]bool{}
	for i, c := range cells {
		if len(c) > 200 {
			return nil
		}
		w := word(bank.Clean(c))
		switch r := names[w]; {
		case w == "":
		case r != unknown:
			if r != ignored && has[r] {
				continue // the first of its name is meant
			}
			has[r] = true
			h.roles[i] = r
			h.known++
		case option.MatchString(w):
			m := option.FindStringSubmatch(w)
			h.options[i] = index(m[1] + m[2])
			h.known++
			if strings.HasPrefix(w, "answer") && m[1] == "1" {
				h.kahoot = true
			}
		case said.MatchString(w):
			h.feedback[i] = index(said.FindStringSubmatch(w)[1])
			h.known++
		}
	}
	h.timed = has[timeColumn]
	h.kahoot = h.kahoot && has[textColumn] && has[answerColumn] && !has[typeColumn]
	if has[titleColumn] && !has[textColumn] {
		for i, r := range h.roles {
			if r == titleColumn { // a table with titles alone means them as the questions
				h.roles[i] = textColumn
			}
		}
		has[textColumn] = true
	}
	if !has[textColumn] || !has[answerColumn] && !has[weightsColumn] && !(has[typeColumn] && h.known > 2) {
		return nil
	}
	return h
}

// index is which choice a letter or a number means, counted from 0.
func index(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n - 1
	}
	return int(s[0] - 'a')
}

// types is what tables call the types.
var types = spelled(map[bank.Type]string{
	bank.Single: "single singlechoice mc mcq multiplechoice choice radio quiz 单选 单选题 单项选择 单项选择题 选择题 选择",
	bank.Multi: "multi multiple multiplecorrect multipleanswers multipleanswer multiselect multipleselect multipleresponse multiresponse checkbox ma " +
		"多选 多选题 多项选择 多项选择题 不定项 不定项选择题 不定项选择",
	bank.TrueFalse:   "truefalse tf boolean yesno trueorfalse 判断 判断题 是非题 对错题 是非",
	bank.Text:        "text shortanswer openanswer typeanswer typed 文本 文本题 短答题",
	bank.Numeric:     "numeric number numerical 数值 数值题 数字题 计算题",
	bank.Matching:    "matching match pairs 匹配 匹配题 连线 连线题 配对 配对题",
	bank.Ordering:    "ordering order sequence puzzle 排序 排序题 顺序题",
	bank.Gaps:        "gaps gap gapfill fillintheblank fillintheblanks fillin blanks cloze 填空 填空题 完形填空",
	bank.Essay:       "essay open openended longanswer 简答 简答题 问答 问答题 论述 论述题 主观题 名词解释",
	bank.Description: "description info slide 说明 描述 材料",
})

// loose is the types under which people also file questions with several
// right answers.
var loose = []string{"multiplechoice", "mc", "mcq", "choice", "quiz", "选择题", "选择"}
