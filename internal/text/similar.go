package text

import (
	"cmp"
	_ "embed"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Duplicate is the likeness from which two questions are likely the same: on
// the labelled pairs of testdata/duplicates.tsv few that are not get past it.
const Duplicate = 0.5

// maxTopics is how many words of a question are set against another's.
const maxTopics = 40

// maxQuestion is how many bytes of a question are compared.
const maxQuestion = 2 << 10

// Weights of the words of a question. What it is about decides; "when" against
// "where" tells questions apart; "the" hardly matters.
const (
	topicWeight = 1
	askWeight   = 0.45
	vagueWeight = 0.3
	stopWeight  = 0.08
	numberApart = 0.55 // likeness is multiplied by this when the numbers differ
	denialApart = 0.75 // … when one of the two denies
	tongueApart = 0.5  // … when one has Chinese characters and the other none
	asksApart   = 0.55 // … when one asks for the time and the other for the place
	topicApart  = 0.6  // … is divided by one and this for each pair of topics that differ
	wordShare   = 0.55 // of likeness by words; the rest is by parts of words
)

// Similar is how alike two questions are, from 0 to 1, and 1 only if they fold
// to the same. It compares words, some synonyms of class rooms taken as one,
// and parts of words: groups of three letters, pairs of Chinese characters. So
// it stands typing errors, other endings and another order; it does not see
// that two sentences without a common word mean the same. Questions in two
// languages are never likely the same: who asks could not read the other.
func Similar(a, b string) float64 {
	fa, fb := Fold(begin(a, maxQuestion)), Fold(begin(b, maxQuestion))
	if fa == fb {
		return 1
	}
	return alike(sketch(fa), sketch(fb))
}

// question is what is compared of one: sorted features with their weights.
type question struct {
	words, parts     []feature
	wordSum, partSum float32
	topics           []string // what it is about, at most maxTopics
	asks             []string // when, where, who, why
	numbers          uint64   // hash of the numbers in it, 0: none
	denies, chinese  bool
	whole            uint64 // hash of the folded text
}

type feature struct {
	key    uint64
	weight float32
}

func sketch(folded string) *question {
	q := &question{whole: hash("=", folded)}
	var numbers strings.Builder
	add := func(w string, weight float32) { q.words = append(q.words, feature{hash("w", w), weight}) }
	part := func(p string, weight float32) { q.parts = append(q.parts, feature{hash("p", p), weight}) }
	word := func(w string, kind script) {
		w = canonical(w)
		switch {
		case denials[w]:
			q.denies = !q.denies
			add(w, askWeight)
		case asks[w]:
			add(w, askWeight)
			if keenAsks[w] {
				q.asks = append(q.asks, w)
			}
		case vague[w]:
			add(w, vagueWeight)
		case stops[w] || kind == han && fillers[w]:
			add(w, stopWeight)
		case strings.IndexFunc(w, unicode.IsDigit) >= 0:
			numbers.WriteString(w + " ")
			add(w, topicWeight)
			part(w, topicWeight)
		default:
			add(w, topicWeight)
			if len(q.topics) < maxTopics && !slices.Contains(q.topics, w) {
				q.topics = append(q.topics, w)
			}
			if kind == spaced {
				lettersInThrees(w, part)
			}
		}
	}
	scan(folded, func(run string, at int, kind script) {
		switch kind {
		case han:
			q.chinese = true
			var said []string // characters without fillers, and canonical words
			hanTokens(oneOfTwo(run), at, func(t token) {
				word(t.folded, han)
				switch w := canonical(t.folded); {
				case fillers[w] || asks[w] || vague[w]:
				case w != t.folded:
					said = append(said, w)
				default:
					said = append(said, strings.Split(w, "")...)
				}
			})
			for i := 0; i+1 < len(said); i++ {
				part(said[i]+said[i+1], 0.5)
			}
			if len(said) == 1 {
				part(said[0], 0.5)
			}
			if n := ordinal(run); n != "" {
				numbers.WriteString(n)
			}
		case kana:
			for _, p := range pairs(nil, run) {
				add(p, 0.5)
				part(p, 0.5)
			}
		default:
			word(stem(run), spaced)
		}
	})
	if numbers.Len() > 0 {
		q.numbers = hash("n", numbers.String())
	}
	q.words, q.wordSum = unite(q.words)
	q.parts, q.partSum = unite(q.parts)
	return q
}

// lettersInThrees gives a word's groups of three letters, ends marked. Together
// they weigh as much as a word.
func lettersInThrees(w string, part func(string, float32)) {
	runes := []rune("^" + w + "$")
	n := len(runes) - 2
	for i := range n {
		part(string(runes[i:i+3]), topicWeight/float32(n))
	}
}

// oneOfTwo takes what is asked by saying it twice, 难不难 or 有没有, for once.
func oneOfTwo(run string) string {
	if !strings.ContainsAny(run, "不没") {
		return run
	}
	runes := []rune(run)
	out := runes[:0:0]
	for i := 0; i < len(runes); i++ {
		out = append(out, runes[i])
		if i+2 < len(runes) && (runes[i+1] == '不' || runes[i+1] == '没') && runes[i] == runes[i+2] {
			i += 2
		}
	}
	return string(out)
}

// ordinal is the number in 第三题 and the like, which the dictionary hides in a
// word.
func ordinal(run string) string {
	_, rest, found := strings.Cut(run, "第")
	if !found {
		return ""
	}
	n := span(rest, func(r rune) bool { return strings.ContainsRune("一二三四五六七八九十百两", r) })
	return rest[:n]
}

// unite sorts features and adds up the weights of equal ones, up to twice one.
func unite(list []feature) ([]feature, float32) {
	slices.SortFunc(list, func(a, b feature) int { return cmp.Compare(a.key, b.key) })
	sum, out := float32(0), list[:0]
	for i := 0; i < len(list); {
		f, j := list[i], i+1
		for ; j < len(list) && list[j].key == f.key; j++ {
			f.weight = min(f.weight+list[j].weight, 2*list[i].weight)
		}
		sum += f.weight
		out = append(out, f)
		i = j
	}
	return out, sum
}

func alike(a, b *question) float64 {
	return a.judge(b, common(a.words, b.words), common(a.parts, b.parts))
}

// judge makes a likeness from the weights that two questions share.
func (q *question) judge(o *question, words, parts float32) float64 {
	if q.whole == o.whole {
		return 1
	}
	if q.wordSum+q.partSum == 0 || o.wordSum+o.partSum == 0 {
		return 0
	}
	score := dice(words, q.wordSum, o.wordSum)
	if q.partSum > 0 || o.partSum > 0 {
		score = wordShare*score + (1-wordShare)*dice(parts, q.partSum, o.partSum)
	}
	if q.numbers != o.numbers {
		score *= numberApart
	}
	if q.denies != o.denies {
		score *= denialApart
	}
	if q.chinese != o.chinese {
		score *= tongueApart
	}
	if score < Duplicate {
		return min(score, 0.999) // what follows only lowers it
	}
	if len(q.asks) > 0 && len(o.asks) > 0 && !slices.ContainsFunc(q.asks, func(w string) bool { return slices.Contains(o.asks, w) }) {
		score *= asksApart
	}
	return min(score/(1+topicApart*float64(differ(q.topics, o.topics))), 0.999)
}

// differ is how many pairs of topics stand against each other: what one
// question is about and the other is not, on both sides. "Bonds" against
// "stocks" makes two questions of one, where a word more does not.
func differ(a, b []string) int {
	left := slices.Clone(b)
	alone := 0
	for _, w := range a {
		if i := slices.IndexFunc(left, func(v string) bool { return sameWord(w, v) }); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			alone++
		}
	}
	return min(alone, len(left))
}

// sameWord reports whether two words are one in other endings (cloud, cloudy)
// or with a letter wrong.
func sameWord(a, b string) bool {
	if a == b {
		return true
	}
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if isHan(x[0]) {
		return strings.Contains(string(y), string(x)) // 痘 and 长痘
	}
	same := 0
	for same < len(x) && x[same] == y[same] {
		same++
	}
	if same == 0 {
		return false
	}
	if same >= 4 && 10*same >= 7*len(x) {
		return true
	}
	// One letter wrong, left out, doubled or swapped with its neighbour.
	tail := 0
	for tail < len(x)-same && x[len(x)-1-tail] == y[len(y)-1-tail] {
		tail++
	}
	return len(x) >= 5 && len(y)-len(x) <= 1 && len(y)-same-tail <= 2
}

// dice is the share of what two sets hold that both hold (Sørensen and Dice).
func dice(both, a, b float32) float64 {
	if a+b == 0 {
		return 0
	}
	return float64(2 * both / (a + b))
}

func common(a, b []feature) float32 {
	sum := float32(0)
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].key < b[j].key:
			i++
		case a[i].key > b[j].key:
			j++
		default:
			sum += min(a[i].weight, b[j].weight)
			i, j = i+1, j+1
		}
	}
	return sum
}

func hash(kind, s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(kind))
	h.Write([]byte(s))
	return h.Sum64()
}

//go:embed synonyms.txt
var synonymLines string

// synonyms maps each word of a line of synonyms.txt to the first.
var synonyms = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(synonymLines) {
		if line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		for _, w := range words {
			m[w] = words[0]
		}
	}
	return m
})

func canonical(w string) string {
	if c, ok := synonyms()[w]; ok {
		return c
	}
	return w
}

var (
	// asks tell what kind of thing is asked; by their canonical form.
	asks = set(`what why how when where who which whose much many long`)
	// keenAsks exclude each other.
	keenAsks = set(`when where who why`)
	// vague words are in all kinds of questions.
	vague = set(`need good bad work use make get help say tell give know question possible way thing often time day please show do
		teacher right allowed necessary want try go come take put look find see hear problem afterwards later explain again share order
		讲 看 做 办 说 讲的 一遍 吃 好 比较 怎么办 大声 没 有点 基础 课后 结课 申请`)
	// denials turn a question round.
	denials = set(`not no never without cannot 不 没 没有 不能 不会 不是 无法 别 未`)
	// fillers are Chinese characters that change no question.
	fillers = set(`的 了 吗 呢 吧 啊 呀 哦 嘛 么 是 在 有 就 都 也 还 把 被 给 和 与 跟 我 你 您 他 她 它 们 请 请问 想 问 一下
		老师 同学 大家 这 那 这个 那个 会 能 可以 要 可 得 地 着 过 到 个 用 去 来 应该 需要 是不是 有没有 能不能 可不可以 会不会
		我们 你们 咱们 一个 哪 想问 对 下 上 里 中 从 为 很 又 再 才 只 知道`)
)
