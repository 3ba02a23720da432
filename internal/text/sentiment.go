package text

import (
	"math"
	"strings"
)

// Weights of the rules of [Sentiment].
const (
	flatten    = 15.0  // a sum of √15 is a score of 0.7
	denied     = -0.74 // of what a negation keeps: "not great" is not "awful"
	beforeBut  = 0.5
	afterBut   = 1.5
	shout      = 0.29    // an exclamation mark adds, up to four
	capitals   = 0.7     // a WORD among others that are not
	asked      = 0.4     // of a question's words: "is it useful?" says nothing of use
	maxFeeling = 4 << 10 // bytes of a comment that are read
)

// Neutral is the score up to which a comment takes neither side.
const Neutral = 0.12

// Sentiment says how a comment feels, from -1 (complaint) to 1 (praise), and by
// how many words and emoji it knows that; n is 0 when it knows nothing, and
// the score then too.
//
// Words have weights in feeling_en.txt and feeling_zh.txt. A negation within
// three words turns a weight round and takes some of it ("not bad", 不太好),
// two of them cancel out (不是不好). Adverbs of degree make it larger or
// smaller. What follows "but" or 但是 counts for more than what was before.
// "Too" before a neutral word complains (too fast, 太快). Exclamation marks and
// capitals add, a question takes away. The sum x gives x/√(x²+15).
//
// It does not see irony, says nothing about feelings without a word for them
// ("the hour flew by"), and takes a class's topic for its feeling where the
// topic has such words ("how is pain measured").
func Sentiment(s string) (score float64, n int) {
	s = clean(begin(s, maxFeeling))
	sum := mood{factor: 1}
	for _, part := range splitByLanguage(s) {
		if part.han {
			feelChinese(part.text, &sum)
		} else {
			feelEnglish(part.text, &sum)
		}
	}
	if sum.hits == 0 {
		return 0, 0
	}
	x := sum.early + sum.late
	if marks := min(strings.Count(s, "!"), 4); x != 0 {
		x += math.Copysign(shout*float64(marks), x)
	}
	if q := strings.TrimRight(s, " !~\"'”’」』"); strings.HasSuffix(q, "?") || strings.HasSuffix(q, "吗") {
		x *= asked
	}
	return x / math.Sqrt(x*x+flatten), sum.hits
}

// mood is what a comment has shown so far.
type mood struct {
	early, late float64 // weights before and since the last "but"
	hits        int
	factor      float64 // of weights to come
}

func (m *mood) add(weight float64) {
	m.late += weight * m.factor
	m.hits++
}

func (m *mood) but() {
	if m.hits == 0 {
		return // "But …" at the beginning takes nothing back
	}
	m.early, m.late = (m.early+m.late)*beforeBut, 0
	m.factor = afterBut
}

// stretch is a part of a text in one way of writing.
type stretch struct {
	text string
	han  bool
}

// splitByLanguage cuts a text where Chinese begins or ends. Signs and digits
// stay with what is before them.
func splitByLanguage(s string) []stretch {
	var list []stretch
	from, inHan := 0, false
	for i, r := range s {
		turn := inHan
		switch {
		case isHan(r):
			turn = true
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			turn = false
		}
		if turn != inHan && i > from {
			list = append(list, stretch{s[from:i], inHan})
			from = i
		}
		inHan = turn
	}
	return append(list, stretch{s[from:], inHan})
}
