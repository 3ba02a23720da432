package table

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lyceum-live/lyceum/internal/formats/bank"
)

var (
	letters   = regexp.MustCompile(`^[A-Z]{1,26}$`)
	blank     = regexp.MustCompile(`_{2,}|（[\s\x{3000}]*）|\([ \t]*\)|【[\s\x{3000}]*】|＿+`)
	rangeCell = regexp.MustCompile(`^[+-]?[\d.]+\s*(\.\.|±|\+/-|~|～)\s*[+-]?[\d.]+$`)
)

func (l *line) numeric(q *bank.Question) error {
	for _, s := range split(l.answer, "|") {
		r, err := numbers(s)
		if err != nil {
			return err
		}
		q.Ranges = append(q.Ranges, r)
	}
	return l.weigh(len(q.Ranges), func(i int, w float64) { q.Ranges[i].Weight = w })
}

// numbers reads 3, 3.1..3.2, 3.1~3.2, 3±0.1 or 3:0.1.
func numbers(s string) (bank.Range, error) {
	for _, sign := range []string{"..", "~", "～"} {
		if low, high, ok := strings.Cut(s, sign); ok {
			return bank.Between(low, high)
		}
	}
	for _, sign := range []string{"±", "+/-", ":", "："} {
		if number, tolerance, ok := strings.Cut(s, sign); ok {
			return bank.Around(number, tolerance)
		}
	}
	return bank.Around(s, "")
}

func (l *line) matching(q *bank.Question) error {
	items := l.options
	if len(items) == 0 {
		items = split(l.answer, "|;；\n")
	}
	for _, s := range items {
		if s == "" {
			continue
		}
		left, right, ok := cutEscaped(s, "->")
		for _, sign := range []string{"→", "=>", "＝", "=", "：", ":"} {
			if !ok {
				left, right, ok = strings.Cut(s, sign)
			}
		}
		if !ok {
			return fmt.Errorf("%q has no ->, which all pairs need", bank.Clip(s, 40))
		}
		q.Pairs = append(q.Pairs, bank.Pair{Left: left, Right: right})
	}
	return nil
}

// ordering reads options in the order that the answer says, or as they stand.
func (l *line) ordering(q *bank.Question) error {
	items := l.options
	if l.answer != "" && len(items) == 0 {
		items = split(l.answer, "|;；\n")
	} else if l.answer != "" {
		order, err := l.chosen()
		if err != nil {
			return err
		}
		items = nil
		for _, i := range order {
			if i < 0 || i >= len(l.options) || l.options[i] == "" {
				return fmt.Errorf("the order %q names what is none of its options", bank.Clip(l.answer, 40))
			}
			items = append(items, l.options[i])
		}
		if n := len(slices.DeleteFunc(slices.Clone(l.options), func(s string) bool { return s == "" })); n != len(items) {
			return errors.New("its right order does not name all options")
		}
	}
	for _, s := range items {
		if s != "" {
			q.Choices = append(q.Choices, bank.Choice{Text: s, Weight: 100})
		}
	}
	return nil
}

// gaps reads a text with blanks, and for each what may be typed there.
func (l *line) gaps(q *bank.Question) error {
	n := 0
	if !strings.Contains(q.Text, bank.Gap(1)) {
		q.Text = blank.ReplaceAllStringFunc(q.Text, func(string) string {
			n++
			return bank.Gap(n)
		})
	} else {
		bank.EachGap(q.Text, func(int) string { n++; return "" })
	}
	answers := split(l.answer, "|")
	if n == 0 { // nothing says where to type: a question with a typed answer
		q.Type = bank.Text
		for _, a := range answers {
			q.Accept = append(q.Accept, bank.Accept{Text: a, Weight: 100})
		}
		return nil
	}
	for _, signs := range []string{";；", "\n", ",，", "、", " \u3000"} {
		if len(answers) != n {
			if other := split(l.answer, signs); len(other) == n {
				answers = other
			}
		}
	}
	if l.answer == "" {
		return errors.New("it has no correct answer")
	}
	if len(answers) != n {
		return fmt.Errorf("it has %d gaps and %d answers", n, len(answers))
	}
	for i, a := range answers {
		for _, v := range splitOn(a, "//") {
			q.Pairs = append(q.Pairs, bank.Pair{Left: strconv.Itoa(i + 1), Right: v})
		}
	}
	return nil
}

// labelled is the letter before an option, where all options are in one cell.
var labelled = regexp.MustCompile(`^[A-Za-z][.)．）、:：]\s*`)

// splitOptions parts a cell that has all options: by lines, or by bars.
func splitOptions(s string) []string {
	list := split(s, "\n")
	if len(list) < 2 {
		list = split(s, "|")
	}
	if len(list) < 2 {
		list = split(s, ";；")
	}
	for i, o := range list {
		if m := labelled.FindString(o); m != "" && strings.ToUpper(o[:1])[0] == byte('A'+i) {
			list[i] = strings.TrimSpace(o[len(m):])
		}
	}
	return list
}

// A backslash makes the sign after it a part of the text. Backslashes mean
// themselves everywhere else, so that TeX needs no care: only those directly
// before a sign, or at the end, are doubled.

// tagSigns is what parts tags.
const tagSigns = ";；,，、|"

// split parts s at any of the signs, without blanks and empty parts.
func split(s, signs string) []string {
	var out []string
	var part strings.Builder
	end := func() {
		if p := strings.TrimSpace(part.String()); p != "" {
			out = append(out, p)
		}
		part.Reset()
	}
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		k := i
		for k < len(runes) && runes[k] == '\\' {
			k++
		}
		sign := k < len(runes) && strings.ContainsRune(signs, runes[k])
		switch {
		case k > i && (sign || k == len(runes)):
			part.WriteString(strings.Repeat(`\`, (k-i)/2))
			if sign && (k-i)%2 == 1 {
				part.WriteRune(runes[k])
				i = k
				continue
			}
			if k == len(runes) && (k-i)%2 == 1 {
				part.WriteByte('\\') // a lone one at the end means itself
			}
			i = k - 1
		case k > i:
			part.WriteString(strings.Repeat(`\`, k-i))
			i = k - 1
		case sign:
			end()
		default:
			part.WriteRune(runes[i])
		}
	}
	end()
	return out
}

// guard is the opposite of split for one part: backslashes before any sign,
// and those at the end doubled.
func guard(s, signs string) string {
	var out strings.Builder
	run := 0
	for _, r := range s {
		switch {
		case r == '\\':
			run++
		case strings.ContainsRune(signs, r):
			out.WriteString(strings.Repeat(`\`, run+1))
			run = 0
		default:
			run = 0
		}
		out.WriteRune(r)
	}
	return out.String() + strings.Repeat(`\`, run)
}

// splitOn does the same as split with a sign of two characters, which has
// blanks round it where it is written.
func splitOn(s, sign string) []string {
	var out []string
	for {
		part, rest, ok := cutEscaped(s, sign)
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
		if !ok {
			return out
		}
		s = rest
	}
}

// cutEscaped parts s at the first sign without a backslash before it, and
// takes the backslashes before others away. Those before a sign count in pairs.
func cutEscaped(s, sign string) (before, after string, ok bool) {
	var out strings.Builder
	for {
		at := strings.Index(s, sign)
		if at < 0 {
			return out.String() + s, "", false
		}
		body := strings.TrimRight(s[:at], `\`)
		run := at - len(body)
		out.WriteString(body + strings.Repeat(`\`, run/2))
		if run%2 == 0 {
			return out.String(), s[at+len(sign):], true
		}
		out.WriteString(sign)
		s = s[at+len(sign):]
	}
}

// guardOn is the opposite of cutEscaped for what comes before a blank and a
// sign.
func guardOn(s, sign string) string {
	var out strings.Builder
	for {
		at := strings.Index(s, sign)
		if at < 0 {
			return out.String() + s
		}
		body := strings.TrimRight(s[:at], `\`)
		out.WriteString(body + strings.Repeat(`\`, 2*(at-len(body))+1) + sign)
		s = s[at+len(sign):]
	}
}
