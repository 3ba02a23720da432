package moodle

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
	"github.com/lyceum-live/lyceum/internal/formats/bounded"
	"github.com/lyceum-live/lyceum/internal/formats/markup"
)

// clozeStart begins a gap: {2:SHORTANSWER:
var clozeStart = regexp.MustCompile(`\{[0-9]*:(SHORTANSWER_C|SHORTANSWER|SAC|SA|MWC|MW|NUMERICAL|NM|` +
	`MULTICHOICE_VS|MULTICHOICE_HS|MULTICHOICE_S|MULTICHOICE_V|MULTICHOICE_H|MULTICHOICE|MCVS|MCHS|MCS|MCV|MCH|MC|` +
	`MULTIRESPONSE_HS|MULTIRESPONSE_H|MULTIRESPONSE_S|MULTIRESPONSE|MRHS|MRH|MRS|MR):`)

// cloze reads a text with its gaps in it.
func (p *parser) cloze() error {
	p.q.Type = bank.Gaps
	var out strings.Builder
	rest := p.q.Text
	for n := 1; ; n++ {
		m := clozeStart.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		out.WriteString(rest[:m[0]] + bank.Gap(n))
		kind := rest[m[2]:m[3]]
		answers, after, ok := upTo(rest[m[1]:], '}')
		if !ok {
			return fmt.Errorf("gap %d is not closed", n)
		}
		rest = after
		if err := p.gap(n, kind, answers); err != nil {
			return fmt.Errorf("gap %d: %w", n, err)
		}
	}
	out.WriteString(rest)
	p.q.Text = out.String()
	return nil
}

// upTo parts s at the first end that has no backslash before it.
func upTo(s string, end byte) (before, after string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case end:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

var clozeWeight = regexp.MustCompile(`^%(-?[0-9]+(?:\.[0-9]*)?)%`)

// gap reads what may be typed in a gap: what has the full weight.
func (p *parser) gap(n int, kind, answers string) error {
	if strings.HasPrefix(kind, "MULTIRESPONSE") || strings.HasPrefix(kind, "MR") {
		return errors.New("it takes several answers, which is not supported")
	}
	var right []string
	for more := true; more; {
		var one string
		one, answers, more = upTo(answers, '~')
		one = strings.TrimSpace(one)
		weight := 0.0
		if rest, ok := strings.CutPrefix(one, "="); ok {
			one, weight = rest, 100
		} else if m := clozeWeight.FindStringSubmatch(one); m != nil {
			one = one[len(m[0]):]
			weight, _ = strconv.ParseFloat(m[1], 64)
		}
		if weight < 100 {
			continue
		}
		one, _, _ = upTo(one, '#')
		text := markup.PlainOf(unescape(one), p.q.Format)
		if kind == "NUMERICAL" || kind == "NM" {
			number, tolerance, _ := strings.Cut(text, ":")
			r, err := bank.Around(number, tolerance)
			if err != nil {
				return err
			}
			if r.Min != r.Max {
				return errors.New("it takes a number with a tolerance, which is not supported")
			}
			text = strings.TrimSpace(number)
		}
		right = append(right, text)
	}
	for _, r := range right {
		p.q.Pairs = append(p.q.Pairs, bank.Pair{Left: strconv.Itoa(n), Right: r})
	}
	return nil
}

func unescape(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`}#~/"\`, s[i+1]) >= 0 {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

var placeholder = regexp.MustCompile(`\[\[(\d{1,4})\]\]`)

// selected reads a text whose [[3]] means the third of the choices.
func (p *parser) selected(kind string) error {
	p.q.Type = bank.Gaps
	list := p.n.All("selectoption")
	if kind == "ddwtos" {
		list = p.n.All("dragbox")
	}
	var err error
	n := 0
	p.q.Text = placeholder.ReplaceAllStringFunc(p.q.Text, func(m string) string {
		n++
		at, _ := strconv.Atoi(strings.Trim(m, "[]"))
		if at < 1 || at > len(list) {
			err = fmt.Errorf("%s is none of its choices", m)
			return m
		}
		p.q.Pairs = append(p.q.Pairs, bank.Pair{Left: strconv.Itoa(n), Right: chosen(list[at-1])})
		return bank.Gap(n)
	})
	return err
}

func chosen(n *bounded.Node) string {
	text := textOf(n)
	if markup.LooksHTML(text) {
		return markup.ToPlain(text)
	}
	return text
}
