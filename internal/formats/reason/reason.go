// Package reason says in Chinese why a question was not read or not written.
//
// The formats say so in English, each where it finds out. Here every sentence
// of theirs stands once more, with marks for what it names; a test holds the
// table to the sentences in the code. What is not in the table stays English.
package reason

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// sentence is one way of saying why.
type sentence struct {
	form    *regexp.Regexp
	chinese string
}

var verb = regexp.MustCompile(`%(?:[.\d]*[a-z%])`)

// sentences is the table, each form ready to be compared.
var sentences = sync.OnceValue(func() []sentence {
	var out []sentence
	for english, chinese := range table {
		var form strings.Builder
		rest := english
		for _, at := range verb.FindAllStringIndex(english, -1) {
			form.WriteString(regexp.QuoteMeta(rest[:at[0]-(len(english)-len(rest))]))
			if english[at[0]:at[1]] == "%%" {
				form.WriteString("%")
			} else {
				form.WriteString("(.*)")
			}
			rest = english[at[1]:]
		}
		form.WriteString(regexp.QuoteMeta(rest))
		out = append(out, sentence{regexp.MustCompile(`(?s)^` + form.String() + `$`), chinese})
	}
	return out
})

// deepest is how many sentences within one another are looked up.
const deepest = 3

// In is a reason in a language: what is not known is said as it came.
func In(lang, english string) string {
	if !strings.HasPrefix(lang, "zh") {
		return english
	}
	return chinese(english, deepest)
}

func chinese(english string, depth int) string {
	if said, ok := table[english]; ok {
		return said
	} else if depth == 0 {
		return english
	}
	best, named := "", []string(nil)
	for _, s := range sentences() {
		m := s.form.FindStringSubmatch(english)
		if m == nil {
			continue
		}
		// Of several, the one that leaves the least to be filled in is meant.
		if named == nil || len(strings.Join(m[1:], "")) < len(strings.Join(named, "")) || len(strings.Join(m[1:], "")) == len(strings.Join(named, "")) && s.chinese < best {
			best, named = s.chinese, m[1:]
		}
	}
	if named == nil {
		return english
	}
	var fill []string
	for i, part := range named {
		fill = append(fill, "%"+strconv.Itoa(i+1), chinese(part, depth-1)) // perhaps a reason within a reason
	}
	return strings.NewReplacer(fill...).Replace(best)
}
