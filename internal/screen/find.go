package screen

import (
	"unicode"
	"unicode/utf8"

	"github.com/lyceum-live/lyceum/internal/text"
)

// find is every word of the lists in a text, but what lies within an allowed one.
func (s *Screen) find(k bones, read string) []Hit {
	var hits []Hit
	var fine [][2]int
	note := func(list, start, end int) {
		if list == allowed {
			fine = append(fine, [2]int{start, end})
			return
		}
		hits = append(hits, Hit{s.lists[list].Name, s.lists[list].Action, start, end})
	}
	found := func(p pattern, at []mark) {
		first, last := at[0], at[len(at)-1]
		if first.r == ' ' && len(at) > 1 {
			first = at[1]
		}
		if last.r == ' ' && len(at) > 1 {
			last = at[len(at)-2]
		}
		note(p.list, first.start, last.end)
	}
	s.words.find(k.spaced(true, true), found)
	for _, dressed := range k.undressed() {
		s.words.find(dressed, found)
	}
	starred := k.starred()
	for _, hidden := range starred[:min(len(starred), maxStarred)] {
		s.guess(hidden, found)
	}
	s.runs.find(k.joined(), func(p pattern, at []mark) {
		if start, end := at[0].start, at[len(at)-1].end; p.list == allowed || !straddles(read, start, end) {
			note(p.list, start, end)
		}
	})
	if len(fine) == 0 {
		return hits
	}
	left := hits[:0]
	for _, h := range hits {
		within := false
		for _, f := range fine {
			within = within || f[0] <= h.Start && h.End <= f[1]
		}
		if !within {
			left = append(left, h)
		}
	}
	return left
}

// undressed is the words that the plain reading does not see, each with a blank
// on either side: those with signs within them (s.h.i.t, sh-it), and rows of
// three and more single letters with anything between them (s h i t).
func (k bones) undressed() [][]mark {
	var words [][]mark
	word := func(from, to int) {
		w := make([]mark, 0, to-from+2)
		w = append(w, mark{r: ' ', run: 1, start: k.marks[from].start, end: k.marks[from].start})
		w = append(w, join(k.marks[from:to])...)
		end := k.marks[to-1].end
		words = append(words, append(w, mark{r: ' ', run: 1, start: end, end: end}))
	}
	for from := 0; from < len(k.marks); { // stretches without a blank
		to := from + 1
		dressed := false
		for to < len(k.marks) && k.gaps[to] != blank {
			dressed = dressed || k.gaps[to] == dress
			to++
		}
		if dressed && to-from <= 2*MaxWord {
			word(from, to)
		}
		from = to
	}
	for from := 0; from < len(k.marks); { // rows of single letters
		to := from
		for to < len(k.marks) && !k.han[to] && k.gaps[to] != none && (to+1 == len(k.marks) || k.gaps[to+1] != none) {
			to++
		}
		if to-from >= 3 && to-from <= 2*MaxWord {
			word(from, to)
		}
		from = max(to, from+1)
	}
	return words
}

// hidden is a word of which stars hide letters; a star is the mark '*'.
type hidden []mark

// starred is the words with stars among their letters (s**t).
func (k bones) starred() []hidden {
	var out []hidden
	for from := 0; from < len(k.marks); {
		to := from + 1
		any := false
		for to < len(k.marks) && k.gaps[to] != blank {
			any = any || k.stars[to]
			to++
		}
		if any && to-from <= MaxWord {
			var h hidden
			for i := from; i < to; i++ {
				if i > from && k.stars[i] {
					h = append(h, mark{r: '*', start: k.marks[i-1].end, end: k.marks[i].start})
				}
				h = append(h, k.marks[i])
			}
			out = append(out, h)
		}
		from = to
	}
	return out
}

// maxStarred is how many starred words of a text are guessed at.
const maxStarred = 16

// guess finds the words that a starred one can only be: with as many letters,
// a star for each hidden one. At least half of the letters must be seen, or a
// row of stars would be every word, and four be there: a*s is a product.
func (s *Screen) guess(h hidden, found func(p pattern, at []mark)) {
	var letters []mark // one entry a letter
	seen := 0
	for _, m := range h {
		n := m.run
		if m.r == '*' {
			n = m.end - m.start // a star is one byte
		} else {
			seen += n
		}
		for range n {
			letters = append(letters, mark{m.r, 1, m.start, m.end})
			if len(letters) > MaxWord {
				return
			}
		}
	}
	if 2*seen < len(letters) || len(letters) < 4 {
		return
	}
	for _, i := range s.byShape[shape{letters[0].r, len(letters)}] {
		if p := s.words.patterns[i]; same(p.marks, letters) {
			found(p, letters)
		}
	}
}

// same compares a pattern, without its blanks, with letters and stars.
func same(p, letters []mark) bool {
	i := 0
	for _, m := range p {
		if m.r == ' ' {
			continue
		}
		for range m.run {
			if i == len(letters) || letters[i].r != m.r && letters[i].r != '*' {
				return false
			}
			i++
		}
	}
	return i == len(letters)
}

// straddles reports whether a stretch of Chinese begins or ends within a word
// that reaches beyond it, as 法轮 does in 方法轮流 and 加微信 in 参加微信群.
func straddles(s string, start, end int) bool {
	return within(s, start) || within(s, end)
}

// within reports whether a place in a text is within a Chinese word, judged by
// the characters that stand there without anything between them.
func within(s string, at int) bool {
	from, to := at, at
	for n := 0; from > 0 && n < 8; n++ {
		r, size := utf8.DecodeLastRuneInString(s[:from])
		if !unicode.Is(unicode.Han, r) {
			break
		}
		from -= size
	}
	for n := 0; to < len(s) && n < 8; n++ {
		r, size := utf8.DecodeRuneInString(s[to:])
		if !unicode.Is(unicode.Han, r) {
			break
		}
		to += size
	}
	if from == at || to == at {
		return false
	}
	run := []rune(s[from:to])
	for i, r := range run {
		run[i] = text.Simplify(r)
	}
	border := utf8.RuneCountInString(s[from:at])
	i := 0
	for _, word := range text.Cut(string(run)) {
		next := i + utf8.RuneCountInString(word)
		if i < border && border < next {
			return true
		}
		i = next
	}
	return false
}
