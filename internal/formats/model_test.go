package formats_test

import (
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

// hard is characters and words that one format or another gives a meaning to.
var hard = []string{
	"~", "=", "#", "{", "}", ":", "::", "->", "%50%", "%", "[html]", "[tag:x]", "]", "[", "//", "/", "\\", "\\\\", "\\n", "####",
	"<b>", "<", ">", "&", "&amp;", "]]>", "<!--", "\"", "'", "|", "||", ";", "；", ",", "，", "、", "'=", "+", "-", "@", "＝", "\t",
	"$CATEGORY:", "_____", "@@PLUGINFILE@@/a.png", "{1:SA:=a}", "*", "\\*", "A", "AC", "1", "T", "TRUE", "=1+1", "_x0041_", "=>",
	"ANSWER: A", "题干", "答案", "（）", "é", "😀", "\u00a0", "$x^2$", "\\frac{1}{2}", "..", "±", "\n", " ", "sep=;",
}

var somewhere = rapid.OneOf(
	rapid.StringMatching(`[a-zA-Z0-9 ]{1,12}`),
	rapid.SampledFrom(hard),
	rapid.SampledFrom(hard),
	rapid.StringN(1, 4, -1),
)

// prose is a text that is not empty, as readers leave it. Lines says whether
// it may have several.
func prose(t *rapid.T, name string, lines bool) string {
	s := strings.Join(rapid.SliceOfN(somewhere, 1, 6).Draw(t, name), "")
	if lines {
		s = bank.Clean(s)
	} else {
		s = bank.Line(s)
	}
	if s = strings.ToValidUTF8(strings.ReplaceAll(s, "\u2028", ""), ""); strings.TrimSpace(s) != s || s == "" {
		return "x" + strconv.Itoa(len(name))
	}
	return s
}

// markedUp is a text in the markup of its question. HTML is well formed and
// spelled as it is written again.
func markedUp(t *rapid.T, name string, m bank.Markup) string {
	if m != bank.HTML {
		return prose(t, name, true)
	}
	plain := func() string {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(prose(t, name, false))
	}
	pixel := `<img src="data:image/png;base64,iVBORw0KGgo=" alt="a &quot;b&quot;">`
	switch rapid.IntRange(0, 4).Draw(t, name+" html") {
	case 0:
		return plain()
	case 1:
		return "<p>" + plain() + "</p>"
	case 2:
		return "<b>" + plain() + "</b> " + plain() + "<br>" + pixel
	case 3:
		return `<ul class="a"><li>` + plain() + "</li><li>" + plain() + "</li></ul>"
	}
	return plain() + pixel
}

func maybe(t *rapid.T, name string, make func() string) string {
	if rapid.IntRange(0, 2).Draw(t, name+"?") > 0 {
		return ""
	}
	return make()
}

var somePercent = rapid.SampledFrom([]float64{-100, -50, -33.33333, -0.5, 0, 0, 12.5, 33.33333, 50, 100})

// question is any sound question.
func question(t *rapid.T) formats.Question {
	q := formats.Question{
		Type:   rapid.SampledFrom(bank.Types).Draw(t, "type"),
		Format: rapid.SampledFrom([]bank.Markup{bank.Plain, bank.HTML, bank.Markdown}).Draw(t, "format"),
	}
	q.Title = maybe(t, "title", func() string { return prose(t, "title", false) })
	q.Text = markedUp(t, "text", q.Format)
	q.Feedback = maybe(t, "feedback", func() string { return markedUp(t, "feedback", q.Format) })
	q.Category = maybe(t, "category", func() string { return prose(t, "category", false) })
	for range rapid.IntRange(0, 2).Draw(t, "tags") {
		tag := prose(t, "tag", false)
		if len(q.Tags) == 0 || q.Tags[0] != tag {
			q.Tags = append(q.Tags, tag)
		}
	}
	n := rapid.IntRange(2, 5).Draw(t, "answers")
	switch q.Type {
	case bank.Single, bank.Multi:
		right := rapid.IntRange(0, n-1).Draw(t, "right")
		for i := range n {
			c := formats.Choice{Text: "a" + markedUp(t, "choice", q.Format), Weight: somePercent.Draw(t, "weight")}
			if rapid.Bool().Draw(t, "bare") { // what begins with a sign
				c.Text = c.Text[1:]
			}
			c.Feedback = maybe(t, "choice feedback", func() string { return markedUp(t, "choice feedback", q.Format) })
			if i == right {
				c.Weight = 100
			}
			q.Choices = append(q.Choices, c)
		}
	case bank.TrueFalse:
		truth := rapid.Float64Range(0, 1).Draw(t, "truth") < 0.5
		q.Choices = []formats.Choice{{Text: "True"}, {Text: "False"}}
		for i := range q.Choices {
			q.Choices[i].Feedback = maybe(t, "tf feedback", func() string { return markedUp(t, "tf feedback", q.Format) })
			if truth == (i == 0) {
				q.Choices[i].Weight = 100
			}
		}
	case bank.Text:
		for i := range n {
			a := formats.Accept{Text: prose(t, "accept", false) + strconv.Itoa(i), Weight: somePercent.Draw(t, "weight")}
			if i == 0 {
				a.Weight = 100
			}
			q.Accept = append(q.Accept, a)
		}
	case bank.Numeric:
		number := rapid.OneOf(rapid.Float64Range(-1000, 1000), rapid.SampledFrom([]float64{0, 3.14, -5, 0.1, 1e-7, 123456789.125}))
		for i := range n {
			a, b := number.Draw(t, "number"), number.Draw(t, "number")
			if rapid.Bool().Draw(t, "exact") {
				b = a
			}
			r := formats.Range{Min: min(a, b), Max: max(a, b), Weight: 100}
			if i > 0 {
				r.Weight = rapid.SampledFrom([]float64{12.5, 33.33333, 50, 100}).Draw(t, "weight")
			}
			q.Ranges = append(q.Ranges, r)
		}
	case bank.Matching:
		for i := range n {
			side := func(name string) string {
				return strings.TrimPrefix("z"+markedUp(t, name, q.Format)+strconv.Itoa(i), "z")
			}
			q.Pairs = append(q.Pairs, formats.Pair{Left: side("left"), Right: side("right")})
		}
		if rapid.Bool().Draw(t, "distractor") {
			q.Pairs = append(q.Pairs, formats.Pair{Right: markedUp(t, "distractor", q.Format) + "d"})
		}
	case bank.Ordering:
		for i := range n {
			q.Choices = append(q.Choices, formats.Choice{Text: markedUp(t, "item", q.Format) + strconv.Itoa(i), Weight: 100})
		}
	case bank.Gaps:
		for i := range n {
			q.Text += " " + bank.Gap(i+1)
			for k := range rapid.IntRange(1, 3).Draw(t, "variants") {
				q.Pairs = append(q.Pairs, formats.Pair{Left: strconv.Itoa(i + 1), Right: prose(t, "variant", false) + strconv.Itoa(k)})
			}
		}
	}
	return q
}
