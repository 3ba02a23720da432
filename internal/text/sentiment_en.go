package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	englishNot = set(`not no never nobody nothing none neither nor without hardly barely scarcely rarely seldom
		can't cannot couldn't don't doesn't didn't won't wouldn't isn't aren't wasn't weren't shouldn't haven't hasn't hadn't ain't
		dont doesnt didnt cant wont isnt wasnt arent couldnt wouldnt lacks`)
	// Words that strengthen (above 0) or weaken the next.
	englishDegree = readLexicon(`0.9 very really so extremely super incredibly absolutely totally completely truly highly exceptionally amazingly insanely seriously especially particularly remarkably utterly deeply such way much most far
0.5 quite pretty rather fairly more even always definitely certainly well too
-0.6 slightly somewhat kinda sorta partly almost mildly little bit marginally occasionally sometimes`).weight
	// With "too" before it, each of these is a complaint.
	englishMeasure = set(`fast slow slowly quickly quick long short small big large tiny loud quiet low high many much few little easy simple basic late early
		dark bright hard difficult complex complicated expensive heavy light advanced crowded hot cold thick thin strong theoretical abstract`)
	// Not to be able to do one of these is a complaint.
	englishNeed = set(`follow hear see read understand keep get find open join access download load play watch focus concentrate afford stand answer answered answers
		explain explained explains care cares help helped work works worked respond responded reply replied fix fixed load loads know sleep`)
	// Before "like" these make it a verb.
	englishLikers = set(`i we you they really also do don't didn't would wouldn't i'd to much people students always just all`)
	// After "never" these say that somebody will not come back.
	englishAgain = set(`buying buy coming going paying trusting watching using ordering returning`)
	englishBut   = set(`but however although though yet nevertheless except`)
)

// feelEnglish adds what a stretch in English shows.
func feelEnglish(s string, m *mood) {
	words, shouted := englishWords(s)
	l := englishLexicon()
	for i := 0; i < len(words); {
		w := words[i]
		if r, size := utf8.DecodeRuneInString(w); size > 1 && emoji[r] != 0 {
			m.add(emoji[r])
			i++
			continue
		}
		if englishBut[w] {
			m.but()
			i++
			continue
		}
		weight, n := englishWeight(l, words, i)
		if weight != 0 {
			if n == 1 && shouted[i] {
				weight += sign(weight) * capitals
			}
			m.add(modified(words, i, weight))
		}
		i += n
	}
}

// englishWeight is the weight of the longest entry at words[i] and how many
// words that takes.
func englishWeight(l *lexicon, words []string, i int) (float64, int) {
	for n := min(l.longest, len(words)-i); n > 1; n-- {
		if weight, known := l.weight[strings.Join(words[i:i+n], " ")]; known {
			return weight, n
		}
	}
	w, before, next := words[i], "", ""
	if i > 0 {
		before = words[i-1]
	}
	if i+1 < len(words) {
		next = words[i+1]
	}
	switch {
	case w == "too" && englishMeasure[next]:
		return -2, 2
	case w == "like" || w == "liked":
		if englishLikers[before] {
			return 2, 1
		}
		return 0, 1
	case w == "kind" && next == "of", w == "well" && next != "done", w == "pretty" && next != "" && next != ",":
		return 0, 1
	case w == "never" && englishAgain[next], englishNot[w] && englishNeed[next]:
		return -2, 2
	case w == "no" && next == "one" && i+2 < len(words) && englishNeed[words[i+2]]:
		return -2, 3
	}
	return l.find(w), 1
}

// find looks a word up, and without its plain endings.
func (l *lexicon) find(w string) float64 {
	if weight, known := l.weight[w]; known {
		return weight
	}
	for _, end := range []string{"s", "ly", "ed", "ing"} {
		root, has := strings.CutSuffix(w, end)
		if !has || len(root) < 4 {
			continue
		}
		if weight := l.weight[root]; weight != 0 {
			return weight
		}
		if weight := l.weight[root+"e"]; weight != 0 && end != "s" {
			return weight
		}
	}
	return 0
}

// modified applies to the weight of words[i] what stands in the three words
// before it, as far as the clause goes.
func modified(words []string, i int, weight float64) float64 {
	negations, fade := 0, 1.0
	for k := i - 1; k >= 0 && k >= i-3; k-- {
		w := words[k]
		if w == "," || w == "." || englishBut[w] {
			break
		}
		if d := englishDegree[w]; d != 0 {
			weight += sign(weight) * d * fade
		}
		only := w == "not" && k+1 < len(words) && words[k+1] == "only"
		if englishNot[w] && !only {
			negations++
		}
		fade -= 0.1
	}
	if negations%2 == 1 {
		return weight * denied
	}
	return weight
}

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// englishWords are the words of s in lower case, with the ends of clauses and
// emoji between them, and which of them were written in capitals among others
// that were not.
func englishWords(s string) (words []string, shouted []bool) {
	from, upper, lower := -1, false, false
	flush := func(i int) {
		if from < 0 {
			return
		}
		w := strings.Trim(strings.ReplaceAll(s[from:i], "’", "'"), "'")
		from = -1
		if w == "" {
			return
		}
		folded := strings.ToLower(w)
		words = append(words, folded)
		loud := len(w) > 2 && w != folded && w == strings.ToUpper(w)
		shouted = append(shouted, loud)
		upper, lower = upper || loud, lower || w == folded
	}
	for i, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' || r == '’' {
			if from < 0 {
				from = i
			}
			continue
		}
		flush(i)
		sign := ""
		switch {
		case strings.ContainsRune(",;:(", r), r == '，', r == '、':
			sign = ","
		case strings.ContainsRune(".!?\n。！？", r):
			sign = "."
		case emoji[r] != 0:
			sign = string(r)
		default:
			continue
		}
		words, shouted = append(words, sign), append(shouted, false)
	}
	flush(len(s))
	if !lower { // all of it is in capitals: that says nothing
		clear(shouted)
	}
	return words, shouted
}
