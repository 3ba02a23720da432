package text

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of [Themes].
const (
	MaxComments = 20_000 // comments that are read; later ones are not
	maxComment  = 2 << 10
	maxThemes   = 100
	maxExamples = 5
	maxPhrases  = 200_000 // distinct candidates that are counted
)

const (
	openerShare = 0.2  // of comments that hold an opener, taken as given
	bound       = 0.3  // mutual information from which a row is a phrase: 0 is chance, 1 never apart
	ownShare    = 0.35 // of its comments that a part of a row must be met in without it
	longerGain  = 0.35 // that each word more adds to a phrase's score
)

// Theme is what several comments speak of.
type Theme struct {
	Phrase   string // as most of them wrote it
	Count    int    // comments that hold it
	Examples []int  // indexes of the first of them, at most 5
}

// Themes returns the n most telling key phrases of comments, each in at least
// two of them (in one, if there are fewer than four), the weightiest first.
//
// Candidates are words of the content (see [Words]) and rows of two or three of
// them with nothing between. A row must stand together more often than by
// chance (normalised pointwise mutual information), and a part of a row goes
// when it is seldom met outside of it.
func Themes(texts []string, n int) []Theme {
	n = min(max(n, 0), maxThemes)
	texts = texts[:min(len(texts), MaxComments)]
	c := newPhraseCount()
	for i, s := range texts {
		c.read(i, s)
	}
	least := 2
	if len(texts) < 4 {
		least = 1
	}
	return c.pick(n, least)
}

// phrase is a candidate.
type phrase struct {
	key      string
	words    []string
	comments int
	last     int // index of the last comment that held it
	examples []int
	surfaces map[string]int
	order    int
	score    float64
}

type phraseCount struct {
	phrases  map[string]*phrase
	comments int // that hold any word
}

func newPhraseCount() *phraseCount { return &phraseCount{phrases: map[string]*phrase{}} }

// piece is a word of a comment for phrases; joined to the one before it when
// nothing but a blank or hyphen stands between.
type piece struct {
	word    Word
	joined  bool
	limit   bool // may open a row but is no theme: too, not, no
	chinese bool
}

// openers are function words that make another word a complaint.
var openers = set(`too not no without more less`)

// commonplace words are in comments of every class: alone they are no theme.
var commonplace = set(`teacher class lesson lecture course good great nice bad feel feeling question 老师 同学 课程 课堂 上课 这节课 内容 讲课 谢谢老师 今天`)

func (c *phraseCount) read(i int, s string) {
	row := pieces(begin(s, maxComment))
	if len(row) > 0 {
		c.comments++
	}
	for from := range row {
		if !row[from].limit { // counted also when commonplace: rows are judged by it
			c.add(i, row[from:from+1])
		}
		for to := from + 1; to < len(row) && to < from+3 && row[to].joined && !row[to].limit; to++ {
			if row[to].chinese == row[from].chinese || row[to].chinese {
				c.add(i, row[from:to+1])
			}
		}
	}
}

// pieces are the words of a comment and how they hang together.
func pieces(s string) []piece {
	s = withoutAddresses(clean(s))
	var row []piece
	end := -1 // where the last piece ended
	put := func(w Word, at int, chinese, limit bool) {
		gap := ""
		if end >= 0 {
			gap = s[end:at]
		}
		row = append(row, piece{w, end >= 0 && (gap == "" || gap == " " || gap == "-"), limit, chinese})
		end = at + len(w.Surface)
	}
	scan(s, func(run string, at int, kind script) {
		switch kind {
		case han:
			hanTokens(run, at, func(t token) {
				if utf8.RuneCountInString(t.folded) > 1 && !stops[t.folded] {
					put(Word{t.folded, t.surface}, t.at, true, false)
				}
			})
		case kana:
			if utf8.RuneCountInString(run) > 2 {
				put(Word{foldRun(run), run}, at, true, false)
			}
		default:
			w := foldRun(run)
			if sayable(w) || openers[w] {
				put(Word{stem(w), run}, at, false, openers[w])
			}
		}
	})
	return row
}

func (c *phraseCount) add(i int, row []piece) {
	var key, surface strings.Builder
	words := make([]string, len(row))
	for k, p := range row {
		if k > 0 {
			key.WriteByte(' ')
			if !p.chinese || !row[k-1].chinese {
				surface.WriteByte(' ')
			}
		}
		key.WriteString(p.word.Folded)
		surface.WriteString(p.word.Surface)
		words[k] = p.word.Folded
	}
	p := c.phrases[key.String()]
	if p == nil {
		if len(c.phrases) >= maxPhrases {
			return
		}
		p = &phrase{key: key.String(), words: words, last: -1, surfaces: map[string]int{}, order: len(c.phrases)}
		c.phrases[p.key] = p
	}
	if len(p.surfaces) < 8 || p.surfaces[surface.String()] > 0 {
		p.surfaces[surface.String()]++
	}
	if p.last == i {
		return
	}
	p.last = i
	if p.comments++; len(p.examples) < maxExamples {
		p.examples = append(p.examples, i)
	}
}

func (c *phraseCount) pick(n, least int) []Theme {
	var list []*phrase
	for _, p := range c.phrases {
		if p.comments >= least && c.holds(p) && !(len(p.words) == 1 && commonplace[p.key]) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *phrase) int { return cmp.Compare(a.order, b.order) })
	c.subtract(list)
	list = slices.DeleteFunc(list, func(p *phrase) bool { return p.score <= 0 })
	slices.SortStableFunc(list, func(a, b *phrase) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.comments, a.comments), cmp.Compare(a.order, b.order))
	})
	themes := make([]Theme, 0, min(n, len(list)))
	for _, p := range list[:min(n, len(list))] {
		themes = append(themes, Theme{Phrase: p.surface(), Count: p.comments, Examples: p.examples})
	}
	return themes
}

// holds reports whether the words of a row stand together by more than chance.
func (c *phraseCount) holds(p *phrase) bool {
	if len(p.words) == 1 {
		return true
	}
	all := float64(max(c.comments, 1))
	together := float64(p.comments) / all
	apart := 1.0
	for _, w := range p.words {
		if one := c.phrases[w]; one != nil {
			apart *= float64(one.comments) / all
		} else { // an opener, which is not counted by itself
			apart *= openerShare
		}
	}
	if together >= 1 {
		return true
	}
	npmi := math.Log(together/apart) / (-math.Log(together) * float64(len(p.words)-1))
	return npmi > bound
}

// subtract scores every phrase by the comments that it alone explains. A part
// of a longer row counts only where it is met without that row.
func (c *phraseCount) subtract(list []*phrase) {
	covered := map[string]int{} // by phrase: most comments of a longer one
	for _, p := range list {
		for size := 1; size < len(p.words); size++ {
			for from := 0; from+size <= len(p.words); from++ {
				part := strings.Join(p.words[from:from+size], " ")
				covered[part] = max(covered[part], p.comments)
			}
		}
	}
	for _, p := range list {
		own := float64(p.comments - covered[p.key])
		if own < ownShare*float64(p.comments) || covered[p.key] > 0 && own < 2 {
			continue
		}
		p.score = own * (1 + longerGain*float64(len(p.words)-1))
	}
}

// surface is the commonest way in which the phrase was written.
func (p *phrase) surface() string {
	best, most := "", 0
	for s, n := range p.surfaces {
		if n > most || n == most && s < best {
			best, most = s, n
		}
	}
	return best
}
