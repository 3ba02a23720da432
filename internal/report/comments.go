package report

import (
	"cmp"
	"math"
	"slices"

	"github.com/lyceum-live/lyceum/internal/text"
	"github.com/lyceum-live/lyceum/wire"
)

// Bounds of what is kept of comments.
const (
	maxSample = 10_000 // comments whose words are kept
	maxRecent = 4096   // newest messages of which is known what they felt, should they be deleted
	mute      = math.MinInt
)

// feel is what a comment shows: thousandths of a score from -1000 to 1000, or
// mute where it has no word for a feeling.
func feel(s string) int {
	score, n := text.Sentiment(s)
	if n == 0 {
		return mute
	}
	return int(math.Round(score * 1000))
}

// feeling sums up what comments show. Whole numbers can be taken back exactly.
type feeling struct {
	n                          int
	praise, complaint, neutral int // of those that show any feeling
	sum                        int // of their scores
}

func (f *feeling) add(felt, sign int) {
	f.n += sign
	if felt == mute {
		return
	}
	f.sum += sign * felt
	switch limit := int(text.Neutral * 1000); {
	case felt > limit:
		f.praise += sign
	case felt < -limit:
		f.complaint += sign
	default:
		f.neutral += sign
	}
}

func (f *feeling) join(o feeling, sign int) {
	f.n += sign * o.n
	f.praise += sign * o.praise
	f.complaint += sign * o.complaint
	f.neutral += sign * o.neutral
	f.sum += sign * o.sum
}

// report says what they come to.
func (f feeling) report() Feeling {
	out := Feeling{N: f.n, Praise: f.praise, Complaint: f.complaint, Neutral: f.neutral}
	if felt := f.praise + f.complaint + f.neutral; felt > 0 {
		mean := math.Round(float64(f.sum)/float64(felt)) / 1000
		out.Mean = &mean
	}
	return out
}

// comment is one of the sample.
type comment struct {
	id     uint64
	at     wire.Millis
	source string
	text   string
	felt   int
	turn   int // how many came before it
}

// comments are what viewers wrote in the chat. Of the words every so-many-th
// is kept, and twice as many go each time there are too many: what is kept is
// spread over the class as evenly as what was said.
type comments struct {
	seen   int
	every  int
	sample []comment
	recent []recent // oldest first
}

// recent is a message that may yet be deleted.
type recent struct {
	id   uint64
	at   wire.Millis
	felt int
}

func newComments() comments { return comments{every: 1} }

// add takes a comment and says what it shows.
func (c *comments) add(id uint64, at wire.Millis, words string) (felt int) {
	felt = feel(words)
	if len(c.recent) >= 2*maxRecent {
		c.recent = slices.Delete(c.recent, 0, maxRecent)
	}
	c.recent = append(c.recent, recent{id, at, felt})
	if c.seen%c.every == 0 && words != "" {
		c.sample = append(c.sample, comment{id: id, at: at, source: "chat", text: words, felt: felt, turn: c.seen})
	}
	c.seen++
	if len(c.sample) > maxSample {
		c.every *= 2
		c.sample = slices.DeleteFunc(c.sample, func(o comment) bool { return o.turn%c.every != 0 })
	}
	return felt
}

// remove takes a comment back, if it is one of the newest. Its words go in any
// case.
func (c *comments) remove(id uint64) (at wire.Millis, felt int, ok bool) {
	if i, found := slices.BinarySearchFunc(c.sample, id, func(o comment, id uint64) int { return cmp.Compare(o.id, id) }); found {
		c.sample = slices.Delete(c.sample, i, i+1)
	}
	i, found := slices.BinarySearchFunc(c.recent, id, func(o recent, id uint64) int { return cmp.Compare(o.id, id) })
	if !found {
		return 0, 0, false
	}
	r := c.recent[i]
	c.recent = slices.Delete(c.recent, i, i+1)
	return r.at, r.felt, true
}

// Numbers of what the analysis of comments shows.
const (
	mostThemes   = 20 // of the whole class
	partThemes   = 5  // of a part of it
	mostExamples = 3  // of a theme
	mostParts    = 24 // of one sitting
	fewParts     = 8  // of a sitting that has no segments
	shortest     = 5 * minute
)

// themes finds what comments speak of.
func themes(list []comment, n int) []Theme {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = c.text
	}
	var out []Theme
	for _, t := range text.Themes(words, n) {
		theme := Theme{Phrase: t.Phrase, Count: t.Count}
		var felt feeling
		for _, i := range t.Examples {
			felt.add(list[i].felt, 1)
			if len(theme.Examples) < mostExamples {
				theme.Examples = append(theme.Examples, list[i].example())
			}
		}
		theme.Feeling = felt.report().Mean
		out = append(out, theme)
	}
	return out
}

func (c comment) example() Example {
	e := Example{At: c.at, Source: c.source, Text: c.text}
	if c.felt != mute {
		score := float64(c.felt) / 1000
		e.Score = &score
	}
	return e
}

// all returns the sample of comments with the board's questions, in order of
// time.
func (f *Fold) all() []comment {
	list := slices.Clone(f.comments.sample)
	for id, felt := range f.feels {
		q := f.board.Questions[id]
		if q == nil || !counted(q) || f.who(q.By).Role.Staff() || q.Text.Text == "" {
			continue
		}
		list = append(list, comment{id: id, at: q.At, source: "board", text: q.Text.Text, felt: felt})
	}
	slices.SortFunc(list, func(a, b comment) int { return cmp.Compare(a.id, b.id) })
	return list
}

// discuss makes the analysis of comments.
func (f *Fold) discuss(points []Point, now wire.Millis) Comments {
	list := f.all()
	out := Comments{Read: len(list), Themes: themes(list, mostThemes)}
	var whole feeling
	for _, p := range points {
		whole.join(p.feeling, 1)
	}
	out.Feeling = whole.report()
	for _, s := range f.sittings {
		for _, part := range f.parts(s, now) {
			out.Parts = append(out.Parts, describe(part, list, points))
		}
	}
	return out
}

// parts divides a sitting by its segments or topics, or into equal parts.
func (f *Fold) parts(s Sitting, now wire.Millis) []Part {
	end := s.To
	if end == 0 {
		end = max(now, s.From+1)
	}
	for _, kind := range []string{"segment", "topic"} {
		var parts []Part
		for _, m := range f.notes {
			if m.Kind != kind || m.At >= end || m.Until != 0 && m.Until <= s.From {
				continue
			}
			until := m.Until
			if until == 0 {
				until = end
			}
			parts = append(parts, Part{Title: m.Title, From: max(m.At, s.From), To: min(until, end)})
		}
		if len(parts) > 0 && len(parts) <= mostParts {
			return filled(parts, s.From, end)
		}
	}
	length := max(shortest, (end-s.From+fewParts-1)/fewParts)
	length += (minute - length%minute) % minute
	var parts []Part
	for from := s.From; from < end; from += length {
		parts = append(parts, Part{From: from, To: min(from+length, end)})
	}
	return parts
}

// filled adds the parts of a time that have no title.
func filled(parts []Part, from, to wire.Millis) []Part {
	var out []Part
	for _, p := range parts {
		if p.From > from {
			out = append(out, Part{From: from, To: p.From})
		}
		out = append(out, p)
		from = max(from, p.To)
	}
	if from < to {
		out = append(out, Part{From: from, To: to})
	}
	return out
}

// describe says what was said in a part, and how: by the sample, and by the
// steps of time that begin in it.
func describe(p Part, list []comment, points []Point) Part {
	from, _ := slices.BinarySearchFunc(list, p.From, func(c comment, at wire.Millis) int { return cmp.Compare(c.at, at) })
	to, _ := slices.BinarySearchFunc(list, p.To, func(c comment, at wire.Millis) int { return cmp.Compare(c.at, at) })
	said := list[from:to]
	var felt feeling
	for _, c := range said {
		felt.add(c.felt, 1)
	}
	p.Feeling, p.Themes = felt.report(), themes(said, partThemes)
	best, worst := int(text.Neutral*1000), -int(text.Neutral*1000)
	for _, c := range said {
		if c.felt == mute {
			continue
		}
		if c.felt > best {
			best = c.felt
			e := c.example()
			p.Best = &e
		}
		if c.felt < worst {
			worst = c.felt
			e := c.example()
			p.Worst = &e
		}
	}
	for _, at := range points {
		if p.From <= at.At && at.At < p.To {
			p.Messages += at.Messages
		}
	}
	return p
}
