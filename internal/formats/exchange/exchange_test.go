package exchange_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lyceum-live/lyceum/internal/formats"
	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/exchange"
	"github.com/lyceum-live/lyceum/quiz"
	"github.com/lyceum-live/lyceum/wire"
)

var english = exchange.SidesIn("en")

// signs mean something in one format or another.
var signs = []string{
	"~", "=", "#", "{", "}", ":", "::", "->", "%50%", "[html]", "]", "[", "//", "/", "\\", "\\n", "<b>", "<", ">", "&amp;", "]]>", "<script>x</script>",
	"\"", "'", "|", ";", "，", "、", "+", "-", "@", "＝", "$CATEGORY:", "____", "（）", "*", "A", "1", "T", "TRUE", "=1+1", "ANSWER: A", "题干",
	"$x^2$", "\\(x\\)", "..", "±", "quiz:points=7", "é", "😀", "北京", " ", "[1]",
}

// words is a text of one line without more than one blank at a place.
func words(t *rapid.T, name string, most int) string {
	some := rapid.OneOf(rapid.StringMatching(`[a-zA-Z0-9 ]{1,12}`), rapid.SampledFrom(signs), rapid.StringN(1, 4, -1))
	s := bank.Line(strings.Join(rapid.SliceOfN(some, 1, 6).Draw(t, name), ""))
	clean, err := wire.CleanText(s, most, false)
	if clean = bank.Line(clean); err != nil || clean == "" {
		return "x"
	}
	return clean
}

func lines(t *rapid.T, name string) string {
	s := words(t, name, quiz.MaxText/2)
	if rapid.IntRange(0, 3).Draw(t, name+" lines") == 0 {
		s += "\n" + words(t, name+" below", quiz.MaxText/2)
	}
	return s
}

// different is n texts of which none is another.
func different(t *rapid.T, name string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = words(t, name, wire.MaxChoice-2) + string(rune('a'+i))
	}
	return out
}

// draft is any sound question of a quiz.
func draft(t *rapid.T) quiz.Draft {
	points, seconds := rapid.SampledFrom([]int{1000, 0, 500, 3000}).Draw(t, "points"), rapid.SampledFrom([]int{20, 0, 5, 600}).Draw(t, "seconds")
	d := quiz.Draft{
		Type: rapid.SampledFrom([]quiz.Type{"", quiz.TypeTrueFalse, quiz.TypeNumeric, quiz.TypeText, quiz.TypeOrder, quiz.TypeMatch, quiz.TypeGaps}).Draw(t, "type"),
		Text: lines(t, "text"), Points: &points, Seconds: &seconds,
	}
	if rapid.Bool().Draw(t, "explained") {
		d.Explanation = lines(t, "explanation")
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "tags") {
		d.Tags = append(d.Tags, "t"+words(t, "tag", 30)+string(rune('a'+i)))
	}
	n := rapid.IntRange(2, wire.MaxChoices).Draw(t, "answers")
	switch d.Type {
	case "":
		for range n {
			d.Choices = append(d.Choices, words(t, "choice", wire.MaxChoice))
		}
		right := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 1, n, rapid.ID).Draw(t, "right")
		d.Correct = slices.Sorted(slices.Values(right))
	case quiz.TypeTrueFalse:
		d.Choices = rapid.OneOf(rapid.Just(english[:]), rapid.Just([]string{"Yes", "No"}), rapid.Just([]string{"False", "True"})).Draw(t, "sides")
		d.Correct = []int{rapid.IntRange(0, 1).Draw(t, "truth")}
	case quiz.TypeNumeric:
		number := rapid.OneOf(rapid.Float64Range(-1000, 1000), rapid.SampledFrom([]float64{0, 3.14, -5, 1e-7, 1e15}))
		for range min(n, 4) {
			a, b := number.Draw(t, "number"), number.Draw(t, "number")
			if rapid.Bool().Draw(t, "exact") {
				b = a
			}
			d.Ranges = append(d.Ranges, quiz.Range{Min: min(a, b), Max: max(a, b)})
		}
	case quiz.TypeText:
		d.Accept = different(t, "accept", min(n, 5))
	case quiz.TypeOrder:
		d.Choices = different(t, "item", n)
	case quiz.TypeMatch:
		rights := different(t, "right", n)
		for i, left := range different(t, "left", n) {
			d.Pairs = append(d.Pairs, quiz.DraftPair{Left: left, Right: rights[i]})
		}
	case quiz.TypeGaps:
		d.Text = words(t, "gaps", 200)
		for i := range min(n, 4) {
			d.Text += " " + bank.Gap(i+1) + " and"
			d.Gaps = append(d.Gaps, different(t, "variant", rapid.IntRange(1, 3).Draw(t, "variants")))
		}
	}
	return d
}

// carries says whether a format has a place for a question, as its package
// documents it.
func carries(f formats.Format, d quiz.Draft) bool {
	switch f {
	case formats.GIFT:
		arrow := slices.ContainsFunc(d.Accept, func(s string) bool { return strings.Contains(s, "->") }) ||
			slices.ContainsFunc(d.Pairs, func(p quiz.DraftPair) bool { return strings.Contains(p.Left, "->") })
		return d.Type != quiz.TypeGaps && !arrow
	case formats.Moodle:
		return !slices.ContainsFunc(d.Ranges, func(r quiz.Range) bool {
			_, _, ok := (bank.Range{Min: r.Min, Max: r.Max}).Middle()
			return !ok
		})
	}
	return true
}

// Whatever is asked in a quiz is the same after it was written to a file of
// any format and read again.
func TestThereAndBack(t *testing.T) {
	for _, f := range formats.Writable {
		t.Run(string(f), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := draft(t)
				clean, err := quiz.Create{Title: "t", Questions: []quiz.Draft{d}}.Clean()
				if err != nil {
					t.Skip(err) // such as marks of gaps that came about by chance
				}
				d = clean.Questions[0]
				if strings.Count(d.Text, "[[") != len(d.Gaps) {
					t.Skip("marks that belong to no gap")
				}
				questions, left, _ := exchange.Export([]quiz.Draft{d})
				if len(left) > 0 {
					t.Fatalf("%v: %+v", left, d)
				}
				var b bytes.Buffer
				left, err = formats.Write(&b, f, questions)
				if err != nil {
					t.Fatal(err)
				}
				if carries(f, d) != (len(left) == 0) {
					t.Fatalf("left out: %v of %+v", left, d)
				}
				if len(left) > 0 {
					return
				}
				read, err := formats.ReadBytes("f", b.Bytes(), f)
				if err != nil {
					t.Fatal(err)
				}
				got := exchange.Import(read, english)
				if len(got.Questions) != 1 || len(got.Skipped) > 0 || !reflect.DeepEqual(got.Questions[0], d) {
					t.Fatalf("\n got %+v, skipped %v\nwant %+v\n%+v", got.Questions, got.Skipped, d, questions)
				}
			})
		})
	}
}

// Whatever a file holds is skipped with a reason or can be asked as it comes.
func TestEverythingCanBeAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := bank.Question{
			Type: rapid.SampledFrom(bank.Types).Draw(t, "type"), Format: rapid.SampledFrom([]bank.Markup{bank.Plain, bank.HTML, bank.Markdown}).Draw(t, "format"),
			Text: rapid.OneOf(rapid.String(), rapid.Just("[[1]] [[2]]"), rapid.Just("<p>Q</p>")).Draw(t, "text"), Feedback: rapid.String().Draw(t, "feedback"),
			Category: rapid.String().Draw(t, "category"), Tags: rapid.SliceOfN(rapid.String(), 0, 15).Draw(t, "tags"), Seconds: rapid.IntRange(0, 2000).Draw(t, "seconds"),
		}
		weight := rapid.SampledFrom([]float64{100, 100, 0, 0, 50, 33.33333, -50})
		for range rapid.IntRange(0, 14).Draw(t, "answers") {
			s := rapid.OneOf(rapid.String(), rapid.StringN(1, 200, -1), rapid.SampledFrom([]string{"True", "False", "1", "2"})).Draw(t, "answer")
			q.Choices = append(q.Choices, bank.Choice{Text: s, Weight: weight.Draw(t, "weight")})
			q.Accept = append(q.Accept, bank.Accept{Text: s, Weight: weight.Draw(t, "weight")})
			q.Ranges = append(q.Ranges, bank.Range{Min: 0, Max: rapid.Float64Range(0, 1e18).Draw(t, "max"), Weight: weight.Draw(t, "weight")})
			q.Pairs = append(q.Pairs, bank.Pair{Left: rapid.SampledFrom([]string{"1", "2", "a", ""}).Draw(t, "left"), Right: s})
		}
		var r bank.Result
		r.Add(q, 7, "")
		got := exchange.Import(r, english)
		if len(got.Questions)+len(got.Skipped) != 1 {
			t.Fatalf("%d questions and %d skipped", len(got.Questions), len(got.Skipped))
		}
		if len(got.Skipped) > 0 {
			if got.Skipped[0].Line != 7 || got.Skipped[0].Reason == "" {
				t.Fatalf("skipped %+v", got.Skipped[0])
			}
			return
		}
		again, err := quiz.Create{Title: "t", Questions: got.Questions}.Clean()
		if err != nil || !reflect.DeepEqual(again.Questions, got.Questions) {
			t.Fatalf("%v: %+v", err, got.Questions)
		}
	})
}

func choice(kind bank.Type, weights ...float64) bank.Question {
	q := bank.Question{Type: kind, Text: "Q", Format: bank.Plain}
	for i, w := range weights {
		q.Choices = append(q.Choices, bank.Choice{Text: string(rune('a' + i)), Weight: w})
	}
	return q
}

func TestWhatAQuizCannotSayIsSkipped(t *testing.T) {
	ranges := func(weights ...float64) bank.Question {
		q := bank.Question{Type: bank.Numeric, Text: "Q"}
		for i, w := range weights {
			q.Ranges = append(q.Ranges, bank.Range{Min: float64(i), Max: float64(i), Weight: w})
		}
		return q
	}
	long := choice(bank.Single, 100, 0)
	long.Choices[1].Text = strings.Repeat("字", 121)
	picture := bank.Question{Type: bank.Essay, Text: `<img src="a.png">`, Format: bank.HTML}
	tests := []struct {
		name string
		q    bank.Question
		want string // within the reason; "" comes through
	}{
		{"one right choice", choice(bank.Single, 0, 100, 0), ""},
		{"a wrong one costs", choice(bank.Single, -33.33333, 100), ""},
		{"one earns a half", choice(bank.Single, 100, 50, 0), "a part of the points"},
		{"the best earns 90 %", choice(bank.Single, 90, 0), "a part of the points"},
		{"either is right", choice(bank.Single, 100, 100, 0), "right by itself"},
		{"three thirds", choice(bank.Multi, 33.33333, 33.33333, 33.33333, -100), ""},
		{"thirds as others round", choice(bank.Multi, 33.333, 33.333, 33.334), ""},
		{"each whole", choice(bank.Multi, 100, 100, 0), ""},
		{"unlike shares", choice(bank.Multi, 60, 40, 0), "different shares"},
		{"thirteen choices", choice(bank.Single, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "at most 12"},
		{"a long choice", long, "choice 2 is longer than 120 characters"},
		{"near is right in part", ranges(100, 50), "a part of the points"},
		{"near is wrong", ranges(100, 0), ""},
		{"beyond what is exact", bank.Question{Type: bank.Numeric, Text: "Q", Ranges: []bank.Range{{Min: 1, Max: 1e16, Weight: 100}}}, "ranges"},
		{"an essay", bank.Question{Type: bank.Essay, Text: "Q"}, "essay"},
		{"a description", bank.Question{Type: bank.Description, Text: "Q"}, "description"},
		{"a picture alone", picture, "only a picture"},
		{"two orders", choice2("a", "a"), "read the same"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := exchange.ToQuiz(&tt.q, english)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func choice2(texts ...string) bank.Question {
	q := bank.Question{Type: bank.Ordering, Text: "Q"}
	for _, s := range texts {
		q.Choices = append(q.Choices, bank.Choice{Text: s, Weight: 100})
	}
	return q
}

func TestWhatIsLeftBehindIsSaid(t *testing.T) {
	q := choice(bank.Multi, 50, 50, -100)
	q.Format, q.Text = bank.HTML, `<p>Which <img src="https://example.org/x/cell.png?size=2" alt="a cell">?</p><audio><source src="bark.mp3"></audio>`
	q.Choices[0].Feedback = "Yes."
	q.Feedback = strings.Repeat("long ", 200)
	q.Category, q.Tags = "Biology/Cells", []string{"Cells", strings.Repeat("t", 41)}
	d, notes, err := exchange.ToQuiz(&q, english)
	if err != nil {
		t.Fatal(err)
	}
	if d.Text != "Which [a cell]?" || !slices.Equal(d.Tags, []string{"Cells", "Biology"}) || d.Explanation != "" {
		t.Errorf("got %+v", d)
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{"tags left out: 1", "explanation was left out", "penalties", "feedback", "cell.png, bark.mp3"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
}

func TestLimitsAndSides(t *testing.T) {
	q := bank.Question{Type: bank.TrueFalse, Text: "Q", Choices: []bank.Choice{{Text: "True"}, {Text: "False", Weight: 100}}, Seconds: 2}
	d, _, err := exchange.ToQuiz(&q, exchange.SidesIn("zh-CN"))
	if err != nil || !slices.Equal(d.Choices, []string{"对", "错"}) || !slices.Equal(d.Correct, []int{1}) || *d.Seconds != 5 || *d.Points != 1000 {
		t.Errorf("got %+v, %v", d, err)
	}
	back, err := exchange.FromQuiz(d)
	if err != nil || back.Type != bank.TrueFalse || back.Choices[0].Text != "True" || back.Choices[1].Weight != 100 {
		t.Errorf("got %+v, %v", back, err)
	}
}

func TestPlain(t *testing.T) {
	tests := []struct{ html, want string }{
		{"<p>One</p>\n <p>Two <b>three</b></p>", "One\nTwo three"},
		{"a<br>b<br/>c", "a\nb\nc"},
		{"<ul><li>x</li><li>y</li></ul>z", "• x\n• y\nz"},
		{"1 &lt; 2 &amp;&nbsp;&#50; &gt; 1", "1 < 2 & 2 > 1"},
		{"&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"}, // a text about elements
		{"a<script>alert(1)</script><style>b{}</style>c<noscript>d</noscript>", "ac"},
		{"<svg onload=alert(1)><text>t</text></svg>x", "x"},
		{`<a href="javascript:alert(1)">here</a>`, "here"},
		{"H<sub>2</sub>O, x<sup>2</sup>, x<sup>n+1</sup>, e<sup>xy</sup>, a<sub>i</sub>", "H₂O, x², xⁿ⁺¹, e^(xy), a_i"},
		{"<pre>if x:\n    y</pre>", "if x:\n    y"},
		{"a\n   b\t c", "a b c"},
		{"<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>", "1 2\n3 4"},
		{`<math><semantics><mi>x</mi><annotation encoding="application/x-tex">\frac{1}{2}</annotation></semantics></math>`, `\(\frac{1}{2}\)`},
		{"<!-- no --><p", ""},
		{strings.Repeat("<b>", 5000) + "deep", ""},
		{"<p>[[1]] is <em>in</em> [[2]]</p>", "[[1]] is in [[2]]"},
	}
	for _, tt := range tests {
		if got := exchange.Plain(tt.html, bank.HTML); got != tt.want {
			t.Errorf("%.80s\n got %q\nwant %q", tt.html, got, tt.want)
		}
	}
	if got := exchange.Plain("**a** <b>", bank.Markdown); got != "**a** <b>" {
		t.Errorf("markdown became %q", got)
	}
}

func TestNumbersBeyondFloatsAreRefused(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		if _, left, _ := exchange.Export([]quiz.Draft{{Type: quiz.TypeNumeric, Text: "Q", Ranges: []quiz.Range{{Min: bad, Max: bad}}}}); len(left) != 1 {
			t.Errorf("%v was written", bad)
		}
	}
}

// FuzzPlain takes any HTML without failing, and gives back no controls.
func FuzzPlain(f *testing.F) {
	f.Add("<p>a<sup><sub>b")
	f.Add("<table><td><svg><math><annotation>")
	f.Fuzz(func(t *testing.T, s string) {
		if got := exchange.Plain(s, bank.HTML); got != bank.Clean(got) {
			t.Errorf("%q", got)
		}
	})
}

// TestMarkupWithoutEnd: a file within its bounds whose texts are nothing but
// elements is refused in little time; before, each picture was compared with
// all others, and 32 MiB of them took hours.
func TestMarkupWithoutEnd(t *testing.T) {
	var pictures strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&pictures, "<img src=%d>", i)
	}
	few := strings.Repeat("<br>", 10_000) + "Which?"
	var read bank.Result
	add := func(text string) {
		q := bank.Question{
			Type: bank.Single, Text: text, Format: bank.HTML,
			Choices: []bank.Choice{{Text: "a", Weight: 100}, {Text: "b"}},
		}
		read.Questions, read.Lines = append(read.Questions, q), append(read.Lines, len(read.Lines)+1)
	}
	add(pictures.String())
	for range 200 {
		add(few)
	}
	got := exchange.Import(read, exchange.SidesIn("en"))
	if len(got.Questions) == 0 || len(got.Questions) > 100 || len(got.Questions)+len(got.Skipped) != 201 {
		t.Errorf("%d came through and %d did not", len(got.Questions), len(got.Skipped))
	}
	for _, s := range got.Skipped {
		if s.Reason != "its text holds more HTML than is read" {
			t.Fatalf("line %d: %s", s.Line, s.Reason)
		}
	}
}
